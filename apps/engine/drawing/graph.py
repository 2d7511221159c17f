"""A drawing as a value: nodes with stable ids (one of them the trigger), edges from named outlets."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any

from pydantic import Field, ValidationError

from apps.common.values import Value
from apps.engine.contract.node import NodeType
from apps.engine.registry import NODES
from apps.engine.values.bounds import MAX_EDGES, MAX_NODES, MAX_NOTES

TRIGGER_OUTLET = "next"
_ID = r"^[A-Za-z][A-Za-z0-9_]{0,49}$"
_MEANING: Any = {"nodes": {"__all__": {"id", "kind", "name", "settings"}}, "edges": True}


class Position(Value):
    """Where a block is drawn, in pixels."""

    x: float = Field(ge=-1_000_000, le=1_000_000, allow_inf_nan=False)
    y: float = Field(ge=-1_000_000, le=1_000_000, allow_inf_nan=False)


class Node(Value):
    """A block: `id` is stable and is the key of its output in `steps`. A kind that is no node type is a trigger's."""

    id: str = Field(pattern=_ID)
    kind: str = Field(max_length=50)
    name: str = Field(default="", max_length=100)
    settings: dict[str, Any] = {}
    position: Position | None = None

    def is_trigger(self) -> bool:
        return NODES.get(self.kind) is None

    @cached_property
    def block(self) -> NodeType:
        """Its settings as a value. Raises KeyError for an unknown kind, ValidationError for bad settings."""
        cls = NODES.get(self.kind)
        if cls is None:
            raise KeyError(self.kind)
        return cls.model_validate_json(json.dumps(self.settings))


class Note(Value):
    """A note that people stick beside the blocks; it means nothing to a run."""

    id: str = Field(pattern=r"^note-[a-z0-9]{1,20}$")
    text: str = Field(max_length=2000)
    position: Position


class Edge(Value):
    """From an outlet to a node."""

    source: str
    outlet: str = TRIGGER_OUTLET
    target: str


class Graph(Value):
    """A whole drawing. It may be broken: `problems` says where."""

    nodes: tuple[Node, ...] = Field(default=(), max_length=MAX_NODES)
    edges: tuple[Edge, ...] = Field(default=(), max_length=MAX_EDGES)
    notes: tuple[Note, ...] = Field(default=(), max_length=MAX_NOTES)

    def canonical(self) -> str:
        """The meaning as one JSON text, alike for alike drawings whatever their places, notes and order."""
        meaning = self.model_dump(mode="json", include=_MEANING)
        meaning["nodes"].sort(key=lambda row: row["id"])
        meaning["edges"].sort(key=lambda row: (row["source"], row["outlet"], row["target"]))
        return json.dumps(meaning, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    def content_hash(self) -> str:
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def layout(self) -> dict[str, dict[str, float]]:
        """Where each block is drawn, by id; only those that have a place."""
        return {n.id: n.position.model_dump() for n in self.nodes if n.position}

    def placed(self, layout: Mapping[str, Any], notes: Iterable[Any] = ()) -> "Graph":
        """The same drawing with the places of `layout` and these notes."""
        places = {key: Position.model_validate(place) for key, place in layout.items()}
        nodes = tuple(n.model_copy(update={"position": places.get(n.id, n.position)}) for n in self.nodes)
        kept = tuple(Note.model_validate(note) for note in notes)
        return Graph.model_construct(nodes=nodes, edges=self.edges, notes=kept)  # a copy would keep what is cached

    @cached_property
    def triggers(self) -> tuple[Node, ...]:
        return tuple(n for n in self.nodes if n.is_trigger())

    @cached_property
    def _nodes(self) -> dict[str, Node]:
        return {n.id: n for n in reversed(self.nodes)}

    @cached_property
    def _targets(self) -> dict[tuple[str, str], str]:
        return {(e.source, e.outlet): e.target for e in reversed(self.edges)}

    def node(self, node_id: str) -> Node | None:
        return self._nodes.get(node_id)

    def target(self, source: str, outlet: str) -> str | None:
        return self._targets.get((source, outlet))

    def first(self) -> str | None:
        return self.target(self.triggers[0].id, TRIGGER_OUTLET) if self.triggers else None


def parse_graph(document: Any) -> Graph:
    """A graph from JSON. Raises pydantic's ValidationError, whose `loc` names the field."""
    return Graph.model_validate(document)


@lru_cache(maxsize=512)
def graph_of(text: str) -> Graph:
    """A graph from the canonical text of a version, parsed once per process."""
    return Graph.model_validate_json(text)


def built_or_none(node: Node) -> NodeType | None:
    try:
        return node.block
    except (KeyError, ValidationError):
        return None
