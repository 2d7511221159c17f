"""Sources of a workspace, workflows that they start, and requests as their senders make them."""

import json
from itertools import pairwise
from typing import Any

from django.test import Client
from django.utils import timezone

from apps.engine.drawing.graph import parse_graph
from apps.sources.registry import DOORS
from apps.triggers.models import Source, SourceUrl
from apps.workflows.models import Workflow
from apps.workflows.release import publishing
from apps.workspaces.models import Workspace

STOP = {"id": "stop", "kind": "stop", "settings": {}}


def source(workspace: Workspace, kind: str, name: str = "", **settings: Any) -> Source:
    """A source with a URL for Live and one for Test."""
    made = Source(workspace=workspace, kind=kind, name=name or kind)
    made.put(settings)
    made.about = [row.model_dump() for row in DOORS.all()[kind].first_about]
    made.save()
    for environment in ("live", "test"):
        SourceUrl.objects.create(source=made, environment=environment, made_at=timezone.now())
    return made


def path_for(made: Source, behind: str = "", environment: str = "live") -> str:
    return f"/in/source/{made.urls.get(environment=environment).token}{behind}"


def started_by(made: Source, *blocks: dict[str, Any], **rule: Any) -> Workflow:
    """A live workflow that this source starts, by this rule."""
    blocks = blocks or (STOP,)
    start = {"id": "start", "kind": made.kind, "settings": {"source": made.name, **rule}}
    row = ["start", *(block["id"] for block in blocks)]
    edges = [{"source": a, "outlet": "next", "target": b} for a, b in pairwise(row)]
    workflow = publishing.create(made.workspace, f"Of {made.kind} {Workflow.objects.count()}")
    graph = parse_graph({"nodes": [start, *blocks], "edges": edges})
    publishing.go_live(publishing.save(workflow, graph, by=None, now=timezone.now()), by=None, now=timezone.now())
    workflow.refresh_from_db()
    return workflow


def tell(path: str, said: Any = None, *, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
    """Post this as JSON; the status and what was answered, as JSON where it is that."""
    raw = body if body is not None else json.dumps(said).encode()
    kind = headers.pop("content_type", "application/json")
    answer = Client().post(path, raw, content_type=kind, headers=headers)
    is_json = "json" in answer.headers.get("Content-Type", "")
    return answer.status_code, answer.json() if is_json else answer.content.decode()
