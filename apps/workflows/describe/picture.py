"""Places a drawing's blocks, so that a page can show it as a picture. Pure."""

from collections.abc import Mapping
from itertools import count
from typing import Any

from apps.common.values import Value
from apps.engine.contract.node import NodeType
from apps.engine.drawing.graph import Edge, Graph, Node, built_or_none
from apps.engine.registry import NODES

WIDTH, HEIGHT, GAP_X, GAP_Y, MARGIN = 206, 54, 22, 58, 16
SHORT = 18
TRIGGER_ICON = "zap"
Spot = tuple[int, int]


class Box(Value):
    """A block; `x`, `y` are its upper left corner in pixels. `passed`: the run left it; `now`: it stands there."""

    id: str
    name: str
    title: str
    kind: str
    icon: str
    x: int
    y: int
    width: int = WIDTH
    height: int = HEIGHT
    passed: bool = False
    now: bool = False

    def words(self) -> str:
        return self.kind.replace("_", " ")


class Line(Value):
    """An edge as an SVG path, with its outlet's name and where to write it. `aside`: taken when things go wrong."""

    path: str
    outlet: str
    label_x: int
    label_y: int
    aside: bool = False
    passed: bool = False


class Picture(Value):
    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]


def picture_of(
    graph: Graph,
    passed: frozenset[tuple[str, str]] = frozenset(),
    layout: Mapping[str, Any] | None = None,
    now: str = "",
) -> Picture:
    """The picture: as people laid it out, or from top to bottom where they did not.

    `passed` are the (block, outlet) pairs that a run took, `now` is the block at which it stands.
    """
    laid = _laid(graph, layout or {})
    places = laid or _flowed(graph)
    boxes = _boxes(graph, places, {block for block, _ in passed}, now)
    lines = tuple(
        _line(graph, e, places, sideways=bool(laid), passed=(e.source, e.outlet) in passed)
        for e in graph.edges
        if e.source in places and e.target in places
    )
    width = max((b.x for b in boxes), default=0) + WIDTH + MARGIN
    height = max((b.y for b in boxes), default=0) + HEIGHT + MARGIN
    return Picture(width=width, height=height, boxes=boxes, lines=lines)


def _boxes(graph: Graph, places: dict[str, Spot], been: set[str], now: str) -> tuple[Box, ...]:
    return tuple(
        Box(
            id=node.id,
            name=_short(node.name or node.id),
            title=node.name or node.id,
            kind="trigger" if node.is_trigger() else node.kind,
            icon=icon_of(node),
            x=places[node.id][0],
            y=places[node.id][1],
            passed=node.id in been,
            now=node.id == now,
        )
        for node in graph.nodes
        if node.id in places
    )


def icon_of(node: Node) -> str:
    """The name of its icon in the sprite."""
    cls = NODES.get(node.kind)
    return cls.icon if cls else TRIGGER_ICON


def _short(name: str) -> str:
    return name if len(name) <= SHORT else name[: SHORT - 1] + "…"


def _laid(graph: Graph, layout: Mapping[str, Any]) -> dict[str, Spot]:
    """The places that people gave; empty unless every block has one."""
    if not graph.nodes or not all(n.id in layout for n in graph.nodes):
        return {}
    left = min(layout[n.id]["x"] for n in graph.nodes)
    top = min(layout[n.id]["y"] for n in graph.nodes)
    spots = {key: (round(layout[key]["x"] - left), round(layout[key]["y"] - top)) for key in _blocks(graph)}
    return {key: (MARGIN + x, MARGIN + y) for key, (x, y) in spots.items()}


def _flowed(graph: Graph) -> dict[str, Spot]:
    lanes = _lanes(graph)
    return {
        block: (MARGIN + lanes[block] * (WIDTH + GAP_X), MARGIN + depth * (HEIGHT + GAP_Y))
        for block, depth in _depths(graph).items()
    }


def _blocks(graph: Graph) -> list[str]:
    """The ids of all blocks, triggers first."""
    return [n.id for n in sorted(graph.nodes, key=lambda n: not n.is_trigger())]


def _lanes(graph: Graph) -> dict[str, int]:
    """A column for each branch: the first way out stays in its column, each other way opens one of its own."""
    lanes: dict[str, int] = {}
    free = count(1)

    def visit(block: str, lane: int) -> None:
        lanes[block] = lane
        for target in _ways(graph, block):
            if target not in lanes:
                visit(target, next(free) if lane in (lanes[t] for t in _ways(graph, block) if t in lanes) else lane)

    for number, block in enumerate(_blocks(graph)):
        if block not in lanes:
            visit(block, next(free) if number else 0)
    return lanes


def _block(graph: Graph, key: str) -> NodeType | None:
    node = graph.node(key)
    return built_or_none(node) if node else None


def _ways(graph: Graph, key: str) -> list[str]:
    """Where the outlets of a block lead, in their order."""
    block = _block(graph, key)
    targets = [graph.target(key, outlet) for outlet in (block.outlets() if block else ("next",))]
    return [target for target in targets if target and graph.node(target)]


def _depths(graph: Graph) -> dict[str, int]:
    """The longest way from the trigger, following outlets in order; circles are cut."""
    order = _walk_order(graph)
    depths = {block: 0 for block in order}
    for edge in sorted(graph.edges, key=lambda e: order.get(e.source, 0)):
        if order.get(edge.source, 0) < order.get(edge.target, 0):
            depths[edge.target] = max(depths[edge.target], depths[edge.source] + 1)
    return depths


def _walk_order(graph: Graph) -> dict[str, int]:
    seen: set[str] = set()
    done: list[str] = []

    def visit(block: str) -> None:
        seen.add(block)
        for target in reversed(_ways(graph, block)):
            if target not in seen:
                visit(target)
        done.append(block)

    for block in _blocks(graph):
        if block not in seen:
            visit(block)
    return {block: number for number, block in enumerate(reversed(done))}


def _line(graph: Graph, edge: Edge, places: dict[str, Spot], *, sideways: bool, passed: bool) -> Line:
    block = _block(graph, edge.source)
    outlets = block.outlets() if block else ("next",)
    share = (outlets.index(edge.outlet) + 1) / (len(outlets) + 1) if edge.outlet in outlets else 0.5
    draw = _sideways if sideways else _downward
    path, (x, y) = draw(places[edge.source], places[edge.target], share)
    label = block.label(edge.outlet) if block else ""
    aside = edge.outlet in ((*block.failure_outlets, *block.minor_outlets, "else") if block else ())
    return Line(path=path, outlet=label, label_x=x, label_y=y, aside=aside, passed=passed)


def _downward(start: Spot, end: Spot, share: float) -> tuple[str, Spot]:
    x1, y1 = start[0] + round(WIDTH * share), start[1] + HEIGHT
    x2, y2 = end[0] + WIDTH // 2, end[1]
    bend = max((y2 - y1) // 2, 28)
    return f"M{x1} {y1} C{x1} {y1 + bend} {x2} {y2 - bend} {x2} {y2}", (x1, y1 + 16)


def _sideways(start: Spot, end: Spot, share: float) -> tuple[str, Spot]:
    x1, y1 = start[0] + WIDTH, start[1] + round(HEIGHT * share)
    x2, y2 = end[0], end[1] + HEIGHT // 2
    bend = max((x2 - x1) // 2, 28)
    return f"M{x1} {y1} C{x1 + bend} {y1} {x2 - bend} {y2} {x2} {y2}", (x1 + 24, y1 - 5)
