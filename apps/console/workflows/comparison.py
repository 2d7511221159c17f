"""Two versions in one drawing to look at: what is there with what was removed, and marks for the canvas."""

from typing import Any

from apps.engine.drawing.graph import Edge, Graph
from apps.workflows.describe.difference import Change, Difference, difference
from apps.workflows.models import Version


def comparison(before: Version, after: Version) -> dict[str, Any]:
    """What the canvas's page has in place of a version: nothing of it can be changed."""
    old, new = before.drawn(), after.drawn()
    found = difference(old, new)
    gone = tuple(node for node in old.nodes if new.node(node.id) is None)
    edges = tuple(_removed(found, old, {node.id for node in gone}))
    nodes = (*new.nodes, *gone)
    shown = {node.id for node in nodes}
    both = Graph.model_construct(
        nodes=nodes, edges=(*new.edges, *(e for e in edges if e.target in shown)), notes=new.notes
    )
    ways = [(edge.source, edge.outlet, "removed") for edge in edges]
    ways += [(way.source, way.outlet, "added") for way in found.ways if way.now]
    compared = {
        "number": before.number,
        "marks": [(change.node, change.mark) for change in found.blocks],
        "ways": ways,
        "lines": _lines(found),
    }
    return {"graph": both.model_dump(mode="json"), "compare": compared, "may_edit": False}


def _removed(found: Difference, old: Graph, gone: set[str]) -> list[Edge]:
    """The edges that lead nowhere now, and those of blocks that are gone."""
    cut = [Edge(source=way.source, outlet=way.outlet, target=way.was) for way in found.ways if not way.now]
    return [*cut, *(edge for edge in old.edges if edge.source in gone)]


def _lines(found: Difference) -> list[tuple[str, str]]:
    """Each with the block that it is about, whose name stands before it."""
    blocks = [(change.node, line) for change in found.blocks for line in _words(change)]
    return [*blocks, *((way.source, way.line.partition(" › ")[2]) for way in found.ways)]


def _words(change: Change) -> list[str]:
    return [f"{change.mark}: {line}" for line in change.lines] or [change.mark]
