"""The reference of nodes, triggers, providers, operators and filters, written from their schemas and docstrings."""

import json
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from apps.engine.registry import NODES
from apps.engine.texts import filters
from apps.engine.values import bounds
from apps.engine.values.operators import OPERATORS
from apps.providers.registry import PROVIDERS
from apps.sources.registry import TRIGGERS
from apps.workflows.transfer.document import Document

Schema = dict[str, Any]


def reference() -> str:
    """The page as Markdown."""
    parts = ["# Reference", "Written by `manage.py write_reference`; do not edit.", "## Nodes"]
    parts += [part for cls in NODES.all().values() for part in _plugin(cls)]
    parts += ["## Triggers", *(part for cls in TRIGGERS.all().values() for part in _plugin(cls))]
    parts += ["## Providers", *(part for cls in PROVIDERS.all().values() for part in _plugin(cls))]
    parts += ["## Operators of conditions", ", ".join(f"`{name}`" for name in OPERATORS)]
    parts += ["## Filters of texts", ", ".join(f"`{name}`" for name in filters.NAMES)]
    parts += ["## Bounds", "\n".join(f"- `{name}`: {value:,}" for name, value in _bounds())]
    return "\n\n".join(parts) + "\n"


def document_schema() -> str:
    """The JSON Schema of workflow documents, as a file."""
    return json.dumps(Document.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def _bounds() -> Iterator[tuple[str, int]]:
    return ((name, value) for name, value in sorted(vars(bounds).items()) if name.startswith("MAX_"))


def _plugin(cls: type[BaseModel]) -> Iterator[str]:
    schema = cls.model_json_schema()
    yield f"### {getattr(cls, 'title', cls.__name__)} (`{getattr(cls, 'kind', '')}`)"
    yield " ".join((cls.__doc__ or "").split())
    if "properties" in schema:
        yield _table(schema, schema)
    for name, shape in schema.get("$defs", {}).items():
        if "properties" in shape:
            yield f"**{shape.get('title', name)}**: {' '.join(shape.get('description', '').split())}"
            yield _table(shape, schema)


def _table(shape: Schema, whole: Schema) -> str:
    needed = set(shape.get("required", []))
    rows = ["| setting | type | default | what it is |", "|---|---|---|---|"]
    for name, field in shape["properties"].items():
        default = "needed" if name in needed else _cell(json.dumps(field.get("default", "")))
        rows.append(f"| `{name}` | {_type(field, whole)} | {default} | {_cell(field.get('description', ''))} |")
    return "\n".join(rows)


def _type(field: Schema, whole: Schema) -> str:
    """As people say it: `list of Row`, `Bearer token or None`, `"GET" or "POST"`."""
    if "$ref" in field:
        name = field["$ref"].split("/")[-1]
        return str(whole["$defs"][name].get("title", name))
    if "enum" in field:
        return _cell(" or ".join(f'"{value}"' for value in field["enum"]))
    if "const" in field:
        return f'"{field["const"]}"'
    if "oneOf" in field or "anyOf" in field:
        return " or ".join(_type(one, whole) for one in field.get("oneOf", field.get("anyOf", [])))
    if field.get("type") == "array":
        return f"list of {_type(field.get('items', {}), whole)}"
    return "secret" if field.get("format") == "password" else str(field.get("type", "anything"))


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
