"""What a drawing names of the world around it: notification events, secrets, other workflows. Pure."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from apps.common.values import Value
from apps.engine.contract.node import EntryNode, NodeType
from apps.engine.drawing.graph import Graph, Node, built_or_none

Triggers = Mapping[str, type[EntryNode]]


class Use(Value):
    """A name in a block's settings: `field` is its dotted path, `what` the sort of thing, as "secret"."""

    node: str
    field: str
    what: str
    name: str


def used_in(graph: Graph, triggers: Triggers) -> list[Use]:
    """All that the blocks and the trigger name; a block whose settings cannot be read names nothing."""
    return [use for node in graph.nodes for use in _of(node, triggers)]


def _of(node: Node, triggers: Triggers) -> Iterator[Use]:
    block = _entry(node, triggers) if node.is_trigger() else built_or_none(node)
    for field, what, name in block.uses() if block else ():
        yield Use(node=node.id, field=field, what=what, name=name)


def _entry(node: Node, triggers: Triggers) -> EntryNode | NodeType | None:
    try:
        return triggers[node.kind].model_validate(node.settings)
    except (KeyError, ValidationError):
        return None


def renamed(graph: Graph, what: str, names: Mapping[str, str], triggers: Triggers) -> Graph:
    """The drawing with other names for what is used of one sort; a name that `names` does not have stays."""
    changes: dict[str, list[Use]] = {}
    for use in used_in(graph, triggers):
        if use.what == what and use.name in names:
            changes.setdefault(use.node, []).append(use)
    nodes = [_with(node, changes[node.id], names) if node.id in changes else node for node in graph.nodes]
    return Graph(nodes=tuple(nodes), edges=graph.edges, notes=graph.notes)


def _with(node: Node, uses: list[Use], names: Mapping[str, str]) -> Node:
    settings = copy.deepcopy(node.settings)
    for use in uses:
        *way, last = use.field.split(".")
        here: Any = settings
        for part in way:
            here = here[int(part)] if isinstance(here, list) else here[part]
        here[last] = names[use.name]
    return Node(**{**node.model_dump(exclude={"settings"}), "settings": settings})
