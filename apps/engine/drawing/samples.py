"""What can be known while drawing: outputs as a run would have them, from samples. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from apps.common.trouble import Refused
from apps.common.values import Value
from apps.engine.contract.node import EntryNode, NodeType
from apps.engine.drawing.graph import Graph, built_or_none
from apps.engine.drawing.topology import Topology
from apps.engine.texts.templates import as_text, render
from apps.engine.values.data import RunData
from apps.engine.values.paths import Segment, written
from apps.engine.values.to_text import to_text

MAX_KNOWN, MAX_DEPTH, MAX_ITEMS, MAX_SHOWN = 200, 6, 3, 80


class Preview(Value):
    """A text filled in with samples, or why it cannot be."""

    text: str = ""
    trouble: str = ""


def sample_data(graph: Graph, facts: RunData, triggers: Mapping[str, type[EntryNode]]) -> RunData:
    """The data at the end of a run that passed every block. `facts`: what is known of workspace, run and person."""
    of_whom = facts.profile if knows_person(graph, triggers) else {}
    data = facts.model_copy(update={"trigger": trigger_example(graph, triggers), "profile": of_whom})
    for key in Topology(graph).in_order():
        node = graph.node(key)
        block = built_or_none(node) if node else None
        data = data.with_step(key, _example(block, data)) if block else data
    return data


def trigger_example(graph: Graph, triggers: Mapping[str, type[EntryNode]]) -> dict[str, Any]:
    """The trigger's sample as a run would have it; empty where there is none or it cannot be read."""
    entry = _entry(graph, triggers)
    try:
        return entry.example() if entry else {}
    except ValueError:
        return {}


def knows_person(graph: Graph, triggers: Mapping[str, type[EntryNode]]) -> bool:
    """Whether the trigger can tell whom a run is about."""
    entry = _entry(graph, triggers)
    return entry is not None and entry.knows_person()


def _entry(graph: Graph, triggers: Mapping[str, type[EntryNode]]) -> EntryNode | None:
    trigger = next((t for t in graph.triggers if t.kind in triggers), None)
    try:
        return triggers[trigger.kind].model_validate(trigger.settings) if trigger else None
    except ValueError:
        return None


def _example(block: NodeType, data: RunData) -> dict[str, Any]:
    try:
        return block.example(data)
    except Refused:
        return {}


def known(value: Any) -> list[tuple[str, str]]:
    """The paths inside a document as a person would write them, each with its value as a short text."""
    found = []
    for path, inner in _paths(value, (), 0):
        found.append((written(path), _short(inner)))
        if len(found) == MAX_KNOWN:
            break
    return found


def _paths(value: Any, path: tuple[Segment, ...], depth: int) -> Iterator[tuple[tuple[Segment, ...], Any]]:
    if path:
        yield path, value
    if depth == MAX_DEPTH:
        return
    rows = value.items() if isinstance(value, dict) else enumerate(value[:MAX_ITEMS]) if isinstance(value, list) else ()
    for key, inner in rows:
        yield from _paths(inner, (*path, key), depth + 1)


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return f"{len(value)} names"
    if isinstance(value, list):
        return f"{len(value)} rows"
    text = to_text(value)
    return text if len(text) <= MAX_SHOWN else text[: MAX_SHOWN - 1] + "…"


def previews(graph: Graph, key: str, data: RunData) -> dict[str, Preview]:
    """The texts of a block filled in with what is known before it, by field."""
    node = graph.node(key)
    block = built_or_none(node) if node else None
    if block is None:
        return {}
    ways = Topology(graph)
    before = {step: output for step, output in data.steps.items() if ways.comes_before(step, key)}
    seen = data.model_copy(update={"steps": before})
    texts = [read for read in block.reads() if read.text and not read.path]
    fields = [read.field for read in texts]
    return {read.field: _preview(read.text, seen) for read in texts if fields.count(read.field) == 1}


def _preview(text: Any, data: RunData) -> Preview:
    try:
        return Preview(text=render(as_text(text), data)[:2000])
    except Refused as trouble:
        return Preview(trouble=f"{trouble}"[:300])
