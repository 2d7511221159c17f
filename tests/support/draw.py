"""Drawings, made of few words."""

import json
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

from django.utils import timezone

from apps.engine.drawing.graph import parse_graph
from apps.engine.fields import Text
from apps.engine.registry import NODES
from apps.sources.registry import TRIGGERS
from apps.workflows import example
from apps.workflows.models import Workflow
from apps.workflows.release import publishing
from apps.workspaces.models import Secret, Workspace


class Block(dict[str, Any]):
    """A block of a drawing; `a >> b` is a row of them."""

    def __rshift__(self, other: "Block") -> "Row":
        return Row([self, other])


class Row(list[Block]):
    def __rshift__(self, other: Block) -> "Row":
        return Row([*self, other])


def block(kind: str, id: str, *, named: str = "", at: dict[str, float] | None = None, **settings: Any) -> Block:
    """A block of any kind; what a setting calls a text may be written as a plain string."""
    found = Block(id=id, kind=kind)
    if named:
        found["name"] = named
    if at is not None:
        found["position"] = at
    if settings:
        found["settings"] = {name: _setting(kind, name, value) for name, value in settings.items()}
    return found


def _setting(kind: str, name: str, value: Any) -> Any:
    cls = NODES.get(kind) or TRIGGERS.get(kind)
    field = cls.model_fields.get(name) if cls else None
    is_text = field is not None and isinstance(field.annotation, type) and issubclass(field.annotation, Text)
    return {"text": value} if is_text and isinstance(value, str) else value


def __getattr__(kind: str) -> Callable[..., Block]:
    """`draw.throttle("few", key="{{ id }}")`: each kind by its name."""
    if kind in NODES.all() or kind in TRIGGERS.all():
        return partial(block, kind)
    raise AttributeError(kind)


def rows(**texts: str) -> list[dict[str, Any]]:
    """Rows of a node's settings: a name and a text with placeholders."""
    return [{"name": name, "value": {"text": text}} for name, text in texts.items()]


def payment(**changes):
    drawing = json.loads(example.DRAWING.read_text().replace("SHOP_URL", "https://shop.example"))
    for node in drawing["nodes"]:
        node |= changes.get(node["id"], {})
    return drawing


TRIGGER = {"id": "start", "kind": "webhook"}


def starting(slug: str) -> dict:
    block = {"id": "go", "kind": "start_workflow", "name": "Remind later", "settings": {"workflow": slug}}
    return {"nodes": [TRIGGER, block], "edges": [{"source": "start", "target": "go"}]}


def calling(secret: str) -> dict:
    auth = {"type": "bearer", "secret": {"secret": secret}}
    block = {"id": "api", "kind": "http_request", "settings": {"url": {"text": "https://api.test/"}, "auth": auth}}
    return {"nodes": [TRIGGER, block], "edges": [{"source": "start", "target": "api"}]}


def drawn(workspace, name: str, graph: dict):
    workflow = publishing.create(workspace, name)
    publishing.save(workflow, parse_graph(graph), by=None, now=timezone.now())
    workflow.refresh_from_db()
    return workflow


def publish(
    workspace: Workspace,
    *nodes: dict[str, Any],
    edges: list[dict] | None = None,
    trigger: dict | None = None,
    secrets: Sequence[Secret] = (),
) -> str:
    """Publish a graph of nodes in a row, or by these edges, and give its live URL. `secrets`: of the trigger's row."""
    names = ["start", *(n["id"] for n in nodes)]
    outlets = {"http_request": "success"}
    kinds = {"start": "", **{n["id"]: n["kind"] for n in nodes}}
    row = [{"source": a, "outlet": outlets.get(kinds[a], "next"), "target": b} for a, b in pairwise(names)]
    start = {"id": "start", "kind": "webhook", "settings": trigger or {}}
    graph = parse_graph({"nodes": [start, *nodes], "edges": row if edges is None else edges})
    workflow = publishing.create(workspace, f"Workflow {Workflow.objects.count()}")
    workflow.trigger.secret, workflow.trigger.second_secret = (*secrets, None, None)[:2]
    workflow.trigger.save()
    version = publishing.save(workflow, graph, by=None, now=timezone.now())
    publishing.go_live(version, by=None, now=timezone.now())
    workflow.refresh_from_db()
    return example.url_of(workflow, "live")
