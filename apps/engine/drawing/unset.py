"""Texts that a block needs and that are still empty. Pure."""

from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from apps.engine.fields import MAY_BE_EMPTY, NeededUnless, Text


def unset_texts(value: BaseModel, path: str = "") -> Iterator[str]:
    """The dotted path of each text in which nothing stands and something must."""
    for name, field in type(value).model_fields.items():
        inner, here = getattr(value, name), f"{path}{name}"
        if isinstance(inner, Text):
            if _is_needed(field, value) and not inner.text.strip():
                yield here
        elif isinstance(inner, BaseModel):
            yield from unset_texts(inner, f"{here}.")
        elif isinstance(inner, list):
            for number, row in enumerate(inner):
                if isinstance(row, BaseModel):
                    yield from unset_texts(row, f"{here}.{number}.")


def _is_needed(field: FieldInfo, value: BaseModel) -> bool:
    unless = [mark for mark in field.metadata if isinstance(mark, NeededUnless)]
    if unless:
        return all(getattr(value, mark.setting) != mark.value for mark in unless)
    return field.is_required() and MAY_BE_EMPTY not in field.metadata
