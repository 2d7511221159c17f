"""A workflow as one JSON document, which means the same in every workspace: names in place of ids, and no secret.

`/static/schemas/workflow-1.json` publishes its JSON Schema.
"""

import json
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import ConfigDict, Field, ValidationError

from apps.common import bounded_json
from apps.common.trouble import Refused
from apps.common.values import Value
from apps.engine.drawing.graph import Graph
from apps.engine.registry import NODES
from apps.sources.registry import TRIGGERS
from apps.workflows.dependencies import BEHIND, Dependency, by_names, named_in, needs_of
from apps.workflows.models import Version

MAX_BYTES = 2 * 1024 * 1024
MAX_KEYS = 100_000
MAX_NEEDS = 2000
POISON = frozenset({"__proto__", "constructor", "prototype"})


class CameFrom(Value):
    """Where it came from, to be read by people."""

    workspace: str = Field(default="", max_length=100)
    workflow: str = Field(default="", max_length=100)
    version: str = Field(default="", max_length=30)

    def words(self) -> str:
        where = [part for part in (self.workspace, self.workflow) if part]
        return " / ".join(where) + (f" {self.version}" if self.version else "") if where else "a document"


class Document(Value):
    """One version of a workflow. `origin` is the same for a workflow and all its copies, wherever they are."""

    model_config = ConfigDict(title="A workflow of Fynoflow")
    format: Literal["fynoflow.workflow"] = "fynoflow.workflow"
    format_version: Literal[1] = 1
    origin: str = Field(pattern=r"^[a-z0-9]{1,20}$")
    name: str = Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")
    version_name: str = Field(default="", max_length=60)
    version_note: str = Field(default="", max_length=500)
    trigger_secret: str = Field(default="", max_length=100, description="The secret that the trigger's guard wants.")
    drawing: Graph = Field(description="Its Start workflow blocks name workflows by their names.")
    needs: tuple[Dependency, ...] = Field(default=(), max_length=MAX_NEEDS, description="What it needed where it was.")
    source: CameFrom = CameFrom()

    def text(self) -> str:
        """The document as a file: alike for alike workflows, one setting a line, for version control."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False, sort_keys=True) + "\n"

    def all_needs(self) -> list[Dependency]:
        """What the drawing names, and what stood behind its notification events."""
        named = named_in(self.drawing, self.trigger_secret)
        return named + [need for need in self.needs if need.what in BEHIND]


def document_of(version: Version, state: str = "") -> Document:
    """The version as a document. `state`: Live or Test, for people."""
    workflow = version.workflow
    secret = workflow.trigger.secret
    shown = f"{version} ({state})" if state else str(version)
    return Document(
        origin=workflow.origin,
        name=workflow.name,
        version_name=version.name,
        version_note=version.note,
        trigger_secret=secret.name if secret else "",
        drawing=by_names(workflow.workspace, version.drawn()),
        needs=tuple(needs_of(workflow, version.drawing())),
        source=CameFrom(workspace=workflow.workspace.name, workflow=workflow.name, version=shown),
    )


def read(raw: bytes) -> Document:
    """The document of a file. Raises Refused, and says what is wrong where."""
    if len(raw) > MAX_BYTES:
        raise Refused(f"the document is larger than {MAX_BYTES // 1024 // 1024} MiB: a workflow never is")
    try:
        found = bounded_json.loads(raw, most_keys=MAX_KEYS)
    except bounded_json.Malformed as error:
        raise Refused(f"it is {error}") from None
    _refuse_poison(found)
    _refuse_other_formats(found)
    try:
        document = Document.model_validate_json(json.dumps(found))
    except ValidationError as error:
        raise Refused(_first_fault(error)) from None
    _refuse_unknown_kinds(document.drawing)
    return document


def _refuse_poison(found: Any) -> None:
    bad = next((key for key in _keys(found) if key in POISON), "")
    if bad:
        raise Refused(f"it has a key {bad!r}, which no workflow has: take it out")


def _keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _keys(inner)


def _refuse_other_formats(found: Any) -> None:
    if not isinstance(found, dict) or found.get("format") != "fynoflow.workflow":
        raise Refused("it is no workflow document: “format” is not “fynoflow.workflow”")
    if found.get("format_version") != 1:
        raise Refused("its “format_version” is not 1: it was made by another release, use that one")


def _first_fault(error: ValidationError) -> str:
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    first = faults[0]
    where = ".".join(map(str, first["loc"]))[:200]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return f"{where}: {first['msg'].removeprefix('Value error, ')[:200]}{more}"


def _refuse_unknown_kinds(graph: Graph) -> None:
    known = {*NODES.all(), *TRIGGERS.all()}
    unknown = sorted({node.kind for node in graph.nodes} - known)
    if unknown:
        raise Refused(f"this installation has no block of the kind {unknown[0]!r}: add its plugin, or draw it anew")
