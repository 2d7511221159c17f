"""What the blocks of a drawing read, against what can be known before them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from apps.common.trouble import Refused
from apps.engine.contract.node import NodeType, Read
from apps.engine.drawing.graph import Graph, built_or_none
from apps.engine.drawing.topology import Topology
from apps.engine.texts.templates import as_text, placeholders
from apps.engine.values.data import ROOTS
from apps.engine.values.paths import segments


@dataclass(frozen=True)
class Misread:
    """A field that reads what is not there. `surely`: it cannot be there in any run."""

    node: str
    field: str
    message: str
    surely: bool


def misreads(graph: Graph, ways: Topology, start: Iterable[str] | None) -> Iterator[Misread]:
    """Every read that goes wrong. `start`: names that the trigger's data has, None when they are not known."""
    known = None if start is None else {*start}
    blocks = {n.id: block for n in graph.nodes if (block := built_or_none(n)) is not None}
    for node, block in blocks.items():
        for read in block.reads():
            try:
                names = [read.path] if read.path else placeholders(as_text(read.text).text)
            except Refused as trouble:
                yield Misread(node, read.field, f"{str(trouble).capitalize()}. Mend the text.", True)
                continue
            for name in names:
                said = _fault(name, node, blocks, ways, known)
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


def _fault(name: str, node: str, blocks: dict[str, NodeType], ways: Topology, known: set[str] | None) -> str:
    parts = [str(part) for part in segments(name)]
    if parts[0] == "steps":
        return _step_fault(name, parts, node, blocks, ways)
    if parts[0] in ROOTS and parts[0] != "trigger":
        return ""
    wanted = parts[1] if parts[0] == "trigger" and len(parts) > 1 else parts[0]
    if known is None or wanted in known or wanted == "trigger":
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
