"""Every defect of a drawing, named with its node, field, severity and what to do."""

from collections import Counter
from collections.abc import Iterator

from apps.engine.drawing.graph import TRIGGER_OUTLET, Graph, built_or_none
from apps.engine.drawing.problem import Context, Problem, entry_of, error, warning
from apps.engine.drawing.reading import Start, misreads
from apps.engine.drawing.sample_faults import reads_trigger, sample_faults
from apps.engine.drawing.samples import sample_data
from apps.engine.drawing.setting_problems import setting_problems
from apps.engine.drawing.surprises import surprises
from apps.engine.drawing.topology import Topology
from apps.engine.values.data import RunData

MOST_NAMED = 5


def problems(graph: Graph, context: Context) -> list[Problem]:
    """All defects, errors first. A drawing without an error can be published."""
    ways = Topology(graph)
    found = [
        *_trigger_count(graph, context),
        *_ids(graph),
        *_edges(graph),
        *setting_problems(graph, context),
        *_unreachable(graph, ways),
        *_circles(graph, ways),
        *_reads(graph, ways, context),
        *_open_outlets(graph),
        *_surprises(graph, context),
    ]
    said = {(p.node, p.field) for p in found}
    found += [p for p in _sample_faults(graph, ways, context) if (p.node, p.field) not in said]
    return sorted(found, key=lambda p: p.severity)


def _trigger_count(graph: Graph, context: Context) -> Iterator[Problem]:
    found = [t for t in graph.triggers if t.kind in context.triggers]
    if not found:
        yield error("", "nodes", "There is no trigger. Add exactly one.")
    if len(found) > 1:
        yield error(found[1].id, "kind", "There are two triggers. Keep one.")


def _ids(graph: Graph) -> Iterator[Problem]:
    for node_id, count in Counter(n.id for n in graph.nodes).items():
        if count > 1:
            yield error(node_id, "id", f"The id {node_id!r} stands {count} times. Give each block its own id.")


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
            yield error(source, outlet, f"The outlet {outlet!r} leads to {count} blocks. Keep one edge.")
    for edge in graph.edges:
        if edge.source not in outlets:
            yield error(edge.source, "edges", f"An edge starts at {edge.source!r}, which does not exist. Remove it.")
        elif (known := outlets[edge.source]) is not None and edge.outlet not in known:
            use = f"use {', '.join(known)}" if known else "this block has none"
            yield error(edge.source, edge.outlet, f"There is no outlet {edge.outlet!r}; {use}.")
        if edge.target in triggers:
            yield error(edge.source, edge.outlet, f"The edge leads to the trigger {edge.target!r}. Redraw it.")
        elif edge.target not in outlets:
            yield error(edge.source, edge.outlet, f"The edge leads to {edge.target!r}, which is no node. Redraw it.")


def _unreachable(graph: Graph, ways: Topology) -> Iterator[Problem]:
    reached = ways.reached()
    for node in graph.nodes:
        if node.id not in reached:
            yield error(node.id, "", "Nothing leads here. Connect it or remove it.")


def _circles(graph: Graph, ways: Topology) -> Iterator[Problem]:
    waits = {n.id for n in graph.nodes if (block := built_or_none(n)) is not None and block.waits}
    circles = ways.circles(waits)
    for node in graph.nodes:
        if node.id in circles:
            yield error(node.id, "", "This block leads back to itself without a wait. Put a delay in the circle.")


def _reads(graph: Graph, ways: Topology, context: Context) -> Iterator[Problem]:
    for found in misreads(graph, ways, _start(graph, context)):
        say = error if found.surely else warning
        yield say(found.node, found.field, found.message)


def _start(graph: Graph, context: Context) -> Start:
    trigger = next((t for t in graph.triggers if t.kind in context.triggers), None)
    entry = entry_of(trigger, context) if trigger else None
    names = entry.gives() if entry else None
    return Start(None if names is None else frozenset(names), entry is not None and entry.knows_person())


def _open_outlets(graph: Graph) -> Iterator[Problem]:
    drawn = {(e.source, e.outlet) for e in graph.edges}
    for trigger in graph.triggers:
        if (trigger.id, TRIGGER_OUTLET) not in drawn:
            yield error(trigger.id, TRIGGER_OUTLET, "The trigger leads nowhere. Connect it to the first block.")
    for node in graph.nodes:
        block = built_or_none(node)
        for outlet in block.failure_outlets if block else ():
            if (node.id, outlet) not in drawn:
                said = f"“{outlet}” is not connected: if this block fails, the run fails."
                yield warning(node.id, outlet, said)


def _sample_faults(graph: Graph, ways: Topology, context: Context) -> Iterator[Problem]:
    """Without a sample nobody can tell which names of the request will be there: said once, at the trigger."""
    data = sample_data(
        graph, RunData(workspace={"time_zone": context.time_zone}, profile=context.profile), context.triggers
    )
    for fault in sample_faults(graph, ways, data, context.outside):
        yield Problem(**fault._asdict())
    trigger = next((t for t in graph.triggers if t.kind in context.triggers), None)
    names = reads_trigger(graph) if trigger and not data.trigger else ()
    if trigger and names:
        read = ", ".join(names[:MOST_NAMED]) + (" …" if len(names) > MOST_NAMED else "")
        yield warning(trigger.id, "sample", f"Paste an example request: blocks read {read}, and no sample has it.")


def _surprises(graph: Graph, context: Context) -> Iterator[Problem]:
    for node, field, said in surprises(graph, context.time_zone, context.triggers):
        yield warning(node, field, said)
