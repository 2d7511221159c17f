"""What the blocks of a drawing read, against what can be known before them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from apps.common.trouble import Refused
from apps.engine.contract.node import NodeType, Read
from apps.engine.drawing.graph import Graph, built_or_none
from apps.engine.drawing.topology import Topology
from apps.engine.texts.templates import as_text, placeholders
from apps.engine.values.data import ROOTS
from apps.engine.values.paths import segments
from apps.engine.values.profiles import NOBODY_KNOWN


@dataclass(frozen=True)
class Misread:
    """A field that reads what is not there. `surely`: it cannot be there in any run."""

    node: str
    field: str
    message: str
    surely: bool


class Start(NamedTuple):
    """What a run has when it begins: the names of the trigger's data, None when they are not known, and whether it may
    be about a person."""

    names: frozenset[str] | None
    knows_person: bool = False


def misreads(graph: Graph, ways: Topology, start: Start) -> Iterator[Misread]:
    """Every read that goes wrong."""
    blocks = {n.id: block for n in graph.nodes if (block := built_or_none(n)) is not None}
    for node, block in blocks.items():
        for read in block.reads():
            try:
                names = [read.path] if read.path else placeholders(as_text(read.text).text)
            except Refused as trouble:
                yield Misread(node, read.field, f"{str(trouble).capitalize()}. Mend the text.", True)
                continue
            for name in names:
                said = _fault(name, node, blocks, ways, start)
                if said:
                    surely = segments(name)[0] == "steps" and _must_be_there(read)
                    yield Misread(node, read.field, said, surely)
                elif not read.path and _must_be_there(read) and (past := _way_past(name, node, ways)):
                    yield Misread(node, read.field, past, False)


def _way_past(name: str, node: str, ways: Topology) -> str:
    """Why a step's value may be missing: a run can come here without passing the step."""
    root, *rest = [str(part) for part in segments(name)]
    if root != "steps" or not rest or ways.is_always_before(rest[0], node):
        return ""
    return f"{name} is read, but a run can come here without passing {rest[0]}: then the value is missing."


def _must_be_there(read: Read) -> bool:
    return bool(read.path) or as_text(read.text).missing == "error"


def _fault(name: str, node: str, blocks: dict[str, NodeType], ways: Topology, start: Start) -> str:
    parts = [str(part) for part in segments(name)]
    if parts[0] == "steps":
        return _step_fault(name, parts, node, blocks, ways)
    if parts[0] in ROOTS and parts[0] not in ("trigger", "profile"):
        return ""
    if parts[0] == "profile":
        own = start.names is not None and "profile" in start.names
        return "" if start.knows_person or own else f"{name} is read, and {NOBODY_KNOWN}."
    wanted = parts[1] if parts[0] == "trigger" and len(parts) > 1 else parts[0]
    if start.names is None or wanted in start.names or wanted == "trigger":
        return ""
    return f"{name} is read, but the trigger's sample has no {wanted!r}."


def _step_fault(name: str, parts: list[str], node: str, blocks: dict[str, NodeType], ways: Topology) -> str:
    step = parts[1] if len(parts) > 1 else ""
    if not ways.comes_before(step, node):
        return f"{name} is read, but no step {step!r} comes before this block. Reorder or rename."
    gives = blocks[step].gives() if step in blocks else None
    if gives is not None and len(parts) > 2 and parts[2] not in gives:
        return f"{name} is read, but {step!r} gives only {', '.join(gives) or 'nothing'}."
    return ""
