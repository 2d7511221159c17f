"""Texts that a block needs and that are still empty. Pure."""

from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from apps.engine.fields import MAY_BE_EMPTY, Text


def unset_texts(value: BaseModel, path: str = "") -> Iterator[str]:
    """The dotted path of each text that has no default and nothing in it."""
    for name, field in type(value).model_fields.items():
        inner, here = getattr(value, name), f"{path}{name}"
        if isinstance(inner, Text):
            if _is_needed(field) and not inner.text.strip():
                yield here
        elif isinstance(inner, BaseModel):
            yield from unset_texts(inner, f"{here}.")
        elif isinstance(inner, list):
            for number, row in enumerate(inner):
                if isinstance(row, BaseModel):
                    yield from unset_texts(row, f"{here}.{number}.")


def _is_needed(field: FieldInfo) -> bool:
    return field.is_required() and MAY_BE_EMPTY not in field.metadata
