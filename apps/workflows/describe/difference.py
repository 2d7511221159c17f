"""What differs between two drawings, field by field, in words. Where blocks stand and notes mean nothing. Pure."""

from collections.abc import Iterator
from typing import Any, Literal

from apps.common.values import Value
from apps.engine.drawing.graph import Edge, Graph, Node, built_or_none
from apps.workflows.describe.wording import Fields, fields_of, said

Mark = Literal["added", "removed", "changed"]


class Change(Value):
    """A block that is new, gone or other; `lines` say what is other."""

    node: str
    name: str
    kind: str
    mark: Mark
    lines: tuple[str, ...] = ()


class Rerouted(Value):
    """An outlet that leads elsewhere; an empty target is nowhere."""

    source: str
    outlet: str
    was: str
    now: str
    line: str

    def mark(self) -> Mark:
        return "removed" if not self.now else "added"


class Difference(Value):
    blocks: tuple[Change, ...]
    ways: tuple[Rerouted, ...]

    def is_none(self) -> bool:
        return not self.blocks and not self.ways


def difference(before: Graph, after: Graph) -> Difference:
    """What was changed to come from `before` to `after`."""
    return Difference(blocks=tuple(_blocks(before, after)), ways=tuple(_ways(before, after)))


def in_short(found: Difference) -> str:
    """As one line: "2 blocks added, 1 changed, 3 ways changed"."""
    counts = {mark: sum(change.mark == mark for change in found.blocks) for mark in ("added", "changed", "removed")}
    words = [f"{count} block{'s' if count > 1 else ''} {mark}" for mark, count in counts.items() if count]
    if found.ways:
        words.append(f"{len(found.ways)} connection{'s' if len(found.ways) > 1 else ''} changed")
    return ", ".join(words) or "nothing changed"


def _blocks(before: Graph, after: Graph) -> Iterator[Change]:
    for node in after.nodes:
        old = before.node(node.id)
        if old is None:
            yield _change(node, "added")
        elif lines := tuple(_lines(old, node)):
            yield _change(node, "changed", lines)
    yield from (_change(node, "removed") for node in before.nodes if after.node(node.id) is None)


def _change(node: Node, mark: Mark, lines: tuple[str, ...] = ()) -> Change:
    return Change(node=node.id, name=node.name or node.id, kind=node.kind, mark=mark, lines=lines)


def _lines(old: Node, new: Node) -> Iterator[str]:
    if old.kind != new.kind:
        yield f"Kind: {old.kind} → {new.kind}"
        return
    if old.name != new.name:
        yield f"Name: {said(old.name)} → {said(new.name)}"
    before, after = _fields(old), _fields(new)
    for path in [*after, *(path for path in before if path not in after)]:
        was, now = before.get(path), after.get(path)
        if was == now:
            continue
        words = (now or was).words if now or was else ""
        yield f"{words}: {said(was.value) if was else 'not there'} → {said(now.value) if now else 'removed'}"


def _fields(node: Node) -> Fields:
    """The settings with their defaults, where they can be read."""
    block = built_or_none(node)
    settings: dict[str, Any] = block.model_dump(mode="json") if block else node.settings
    return fields_of(node.kind, settings)


def _ways(before: Graph, after: Graph) -> Iterator[Rerouted]:
    old, new = _targets(before.edges), _targets(after.edges)
    for way in [*new, *(way for way in old if way not in new)]:
        was, now = old.get(way, ""), new.get(way, "")
        source = after.node(way[0])
        if was == now or source is None:
            continue
        yield Rerouted(source=way[0], outlet=way[1], was=was, now=now, line=_route(before, after, way, was, now))


def _targets(edges: tuple[Edge, ...]) -> dict[tuple[str, str], str]:
    return {(edge.source, edge.outlet): edge.target for edge in edges}


def _route(before: Graph, after: Graph, way: tuple[str, str], was: str, now: str) -> str:
    start = f"{_name(after, way[0])} › {_label(after, way)}"
    if not now:
        return f"{start} no longer leads to {_name(before, was)}"
    instead = f" instead of {_name(before, was)}" if was else ""
    return f"{start} leads to {_name(after, now)}{instead}"


def _name(graph: Graph, key: str) -> str:
    node = graph.node(key)
    return f"“{node.name or node.id}”" if node else f"“{key}”"


def _label(graph: Graph, way: tuple[str, str]) -> str:
    node = graph.node(way[0])
    block = built_or_none(node) if node else None
    return block.label(way[1]) if block else way[1]
