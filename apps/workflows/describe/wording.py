"""Settings as people read them: every value with the titles that lead to it. Pure."""

import json
from typing import Any

from apps.common.values import Value
from apps.workflows.describe.catalogue import catalogue

MAX_SAID = 120
Schema = dict[str, Any]


class Field(Value):
    """A value in the settings; `words` as "Branches “failed” › When › Value"."""

    words: str
    value: Any


Fields = dict[tuple[str, ...], Field]


def fields_of(kind: str, settings: dict[str, Any]) -> Fields:
    """The single values by path; rows that have an id or a name are known by it, whatever their order."""
    schema = catalogue().get(kind, {}).get("schema", {})
    found: Fields = {}
    _gather(settings, schema, schema.get("$defs", {}), (), [], found)
    return found


def _gather(value: Any, schema: Schema, shapes: Schema, path: tuple[str, ...], words: list[str], found: Fields) -> None:
    shape = _resolved(schema, shapes, value)
    if isinstance(value, dict) and value:
        if "type" in value and words:
            found[(*path, "type")] = Field(words=" › ".join(words), value=shape.get("title", value["type"]))
        for name, inner in value.items():
            field = shape.get("properties", {}).get(name, {})
            if name not in ("type", "id") or not words:
                _gather(inner, field, shapes, (*path, name), [*words, _title(field, name, shapes)], found)
    elif isinstance(value, list) and value:
        for index, row in enumerate(value):
            key, label = _row_key(row, index)
            named = [*words[:-1], f"{words[-1]} {label}"] if words else [label]
            _gather(row, shape.get("items", {}), shapes, (*path, key), named, found)
    else:
        found[path] = Field(words=" › ".join(words), value=value)


def _row_key(row: Any, index: int) -> tuple[str, str]:
    """What a row is known by, and what it is called."""
    if isinstance(row, dict):
        name = str(row.get("name") or row.get("channel") or "")
        key = str(row.get("id") or name)
        if key:
            return key, f"“{name or key}”"
    return str(index), str(index + 1)


def _resolved(schema: Schema, shapes: Schema, value: Any) -> Schema:
    """The schema behind references, and of the kind of union that the value is."""
    found = schema
    if "$ref" in found:
        found = {**shapes.get(found["$ref"].rsplit("/", 1)[-1], {}), **{k: v for k, v in found.items() if k != "$ref"}}
    if "anyOf" in found:
        real = next((one for one in found["anyOf"] if one.get("type") != "null"), {})
        found = {**_resolved(real, shapes, value), **{k: v for k, v in found.items() if k != "anyOf"}}
    if "discriminator" in found and isinstance(value, dict):
        ref = found["discriminator"]["mapping"].get(value.get("type"), "")
        return shapes.get(ref.rsplit("/", 1)[-1], found)
    return found


def _title(schema: Schema, name: str, shapes: Schema) -> str:
    return str(
        schema.get("title") or _resolved(schema, shapes, None).get("title") or name.replace("_", " ").capitalize()
    )


def said(value: Any) -> str:
    """A value in a sentence, short."""
    if value is None or value == "":
        return "empty"
    text = f"“{value}”" if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= MAX_SAID else text[: MAX_SAID - 1] + "…"
