"""Every defect of a drawing, named with its node, field, severity and what to do."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

from pydantic import ValidationError

from apps.common.values import Value
from apps.engine.contract.node import EntryNode
from apps.engine.drawing.graph import TRIGGER_OUTLET, Graph, Node, built_or_none
from apps.engine.drawing.reading import misreads
from apps.engine.drawing.surprises import surprises
from apps.engine.drawing.topology import Topology
from apps.engine.registry import NODES


class Problem(Value):
    """`node` is the id of the block, or empty for the whole drawing; `field` is a dotted path in its settings."""

    node: str
    field: str
    severity: Literal["error", "warning"]
    message: str


class Context(Value):
    """What exists around the drawing: trigger types by kind, names by what they are, and the workspace's zone."""

    model_config = {"arbitrary_types_allowed": True, "frozen": True}
    triggers: Mapping[str, type[EntryNode]] = {}
    known: Mapping[str, frozenset[str]] = {}
    time_zone: str = "UTC"


def problems(graph: Graph, context: Context) -> list[Problem]:
    """All defects, errors first. A drawing without an error can be published."""
    ways = Topology(graph)
    found = [
        *_trigger_count(graph, context),
        *_ids(graph),
        *_edges(graph),
        *_settings(graph, context),
        *_unreachable(graph, ways),
        *_circles(graph, ways),
        *_reads(graph, ways, context),
        *_open_outlets(graph),
        *_surprises(graph, context),
    ]
    return sorted(found, key=lambda p: p.severity)


def _error(node: str, field: str, message: str) -> Problem:
    return Problem(node=node, field=field, severity="error", message=message)


def _warning(node: str, field: str, message: str) -> Problem:
    return Problem(node=node, field=field, severity="warning", message=message)


def _trigger_count(graph: Graph, context: Context) -> Iterator[Problem]:
    found = [t for t in graph.triggers if t.kind in context.triggers]
    if not found:
        yield _error("", "nodes", "There is no trigger. Add exactly one.")
    if len(found) > 1:
        yield _error(found[1].id, "kind", "There are two triggers. Keep one.")


def _ids(graph: Graph) -> Iterator[Problem]:
    for node_id, count in Counter(n.id for n in graph.nodes).items():
        if count > 1:
            yield _error(node_id, "id", f"The id {node_id!r} stands {count} times. Give each block its own id.")


def _outlets(graph: Graph) -> dict[str, tuple[str, ...] | None]:
    """Outlets by block id; None where the settings cannot be read."""
    found: dict[str, tuple[str, ...] | None] = {}
    for node in graph.nodes:
        block = built_or_none(node)
        found[node.id] = (TRIGGER_OUTLET,) if node.is_trigger() else block.outlets() if block else None
    return found


def _edges(graph: Graph) -> Iterator[Problem]:
    outlets, triggers = _outlets(graph), {t.id for t in graph.triggers}
    for (source, outlet), count in Counter((e.source, e.outlet) for e in graph.edges).items():
        if count > 1:
            yield _error(source, outlet, f"The outlet {outlet!r} leads to {count} blocks. Keep one edge.")
    for edge in graph.edges:
        if edge.source not in outlets:
            yield _error(edge.source, "edges", f"An edge starts at {edge.source!r}, which does not exist. Remove it.")
        elif (known := outlets[edge.source]) is not None and edge.outlet not in known:
            use = f"use {', '.join(known)}" if known else "this block has none"
            yield _error(edge.source, edge.outlet, f"There is no outlet {edge.outlet!r}; {use}.")
        if edge.target in triggers:
            yield _error(edge.source, edge.outlet, f"The edge leads to the trigger {edge.target!r}. Redraw it.")
        elif edge.target not in outlets:
            yield _error(edge.source, edge.outlet, f"The edge leads to {edge.target!r}, which is no node. Redraw it.")


def path_in(settings: Any, loc: Sequence[str | int]) -> str:
    """The dotted path of a fault in the settings: `loc` without the tags that discriminated unions put into it."""
    here, parts = settings, []
    for part in loc:
        if isinstance(here, dict) and here.get("type") == part:
            # A tag stands once behind the union's own name; a field of that name may follow.
            here = {name: value for name, value in here.items() if name != "type"}
            continue
        parts.append(str(part))
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            here = None
    return ".".join(parts)


def _settings(graph: Graph, context: Context) -> Iterator[Problem]:
    kinds = ", ".join([*NODES.all(), *context.triggers])
    for node in graph.nodes:
        try:
            yield from _unknown_names(node, context)
        except KeyError:
            yield _error(node.id, "kind", f"Unknown kind {node.kind!r}; one of {kinds}.")
        except ValidationError as error:
            yield from _faults(node, error)


def _unknown_names(node: Node, context: Context) -> Iterator[Problem]:
    """Names in the settings that the workspace does not have. Raises KeyError or ValidationError for bad settings."""
    block = context.triggers[node.kind].model_validate(node.settings) if node.is_trigger() else node.block
    for field, what, name in block.uses():
        if what in context.known and name not in context.known[what]:
            said = f"There is no {what} {name!r} in this workspace. Create it or pick another."
            yield _error(node.id, field, said)


def _faults(node: Node, error: ValidationError) -> Iterator[Problem]:
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        yield _error(node.id, path_in(node.settings, fault["loc"]), _plain(fault["type"], fault["msg"]))


def _plain(kind: str, message: str) -> str:
    """What pydantic says, as people say it."""
    if kind == "missing" or (kind == "string_too_short" and " 1 character" in message):
        return "Fill this in."
    if kind == "too_short":
        return "Add at least one."
    said = message.removeprefix("Value error, ").replace("Input should be", "It should be", 1)
    return f"{said[:1].upper()}{said[1:]}."


def _unreachable(graph: Graph, ways: Topology) -> Iterator[Problem]:
    reached = ways.reached()
    for node in graph.nodes:
        if node.id not in reached:
            yield _error(node.id, "", "Nothing leads here. Connect it or remove it.")


def _circles(graph: Graph, ways: Topology) -> Iterator[Problem]:
    waits = {n.id for n in graph.nodes if (block := built_or_none(n)) is not None and block.waits}
    circles = ways.circles(waits)
    for node in graph.nodes:
        if node.id in circles:
            yield _error(node.id, "", "This block leads back to itself without a wait. Put a delay in the circle.")


def _reads(graph: Graph, ways: Topology, context: Context) -> Iterator[Problem]:
    for found in misreads(graph, ways, _start(graph, context)):
        say = _error if found.surely else _warning
        yield say(found.node, found.field, found.message)


def _start(graph: Graph, context: Context) -> list[str] | None:
    """The names that the trigger's data has; None when they are not known."""
    trigger = next((t for t in graph.triggers if t.kind in context.triggers), None)
    try:
        return context.triggers[trigger.kind].model_validate(trigger.settings).gives() if trigger else None
    except ValidationError:
        return None


def _open_outlets(graph: Graph) -> Iterator[Problem]:
    drawn = {(e.source, e.outlet) for e in graph.edges}
    for trigger in graph.triggers:
        if (trigger.id, TRIGGER_OUTLET) not in drawn:
            yield _error(trigger.id, TRIGGER_OUTLET, "The trigger leads nowhere. Connect it to the first block.")
    for node in graph.nodes:
        block = built_or_none(node)
        for outlet in block.failure_outlets if block else ():
            if (node.id, outlet) not in drawn:
                said = f"The outlet {outlet!r} is open: a failure here ends the run as failed."
                yield _warning(node.id, outlet, said)


def _surprises(graph: Graph, context: Context) -> Iterator[Problem]:
    for node, field, said in surprises(graph, context.time_zone, context.triggers):
        yield _warning(node, field, said)
