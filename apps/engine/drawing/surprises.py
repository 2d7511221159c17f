"""What a drawing may do and may surprise who drew it, by its samples. Pure."""

from collections.abc import Iterator, Mapping

from apps.engine.contract.node import EntryNode
from apps.engine.drawing.graph import Graph, built_or_none
from apps.engine.drawing.samples import sample_data
from apps.engine.values.data import RunData


def surprises(graph: Graph, zone: str, triggers: Mapping[str, type[EntryNode]]) -> Iterator[tuple[str, str, str]]:
    """By block and field, a sentence for each."""
    data = sample_data(graph, RunData(workspace={"time_zone": zone}), triggers)
    for node in graph.nodes:
        block = built_or_none(node)
        for field, said in block.warns(data) if block else ():
            yield node.id, field, said
