"""The drawing as JSON, with its problems by field."""

import json

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods
from pydantic import ValidationError

from apps.common.bounded_json import Malformed, loads
from apps.console.page.page import number_in, show
from apps.console.workflows.workflow import workflow_of
from apps.database import clocks
from apps.engine.drawing.graph import Graph, parse_graph
from apps.engine.drawing.problem import Problem
from apps.engine.fault_words import plain_fault
from apps.workflows.first_drawing import first_drawing
from apps.workflows.models import Version, Workflow
from apps.workflows.release import publishing
from apps.workspaces.models import Membership
from apps.workspaces.tenancy import member


@require_http_methods(["GET", "HEAD", "POST"])
@member
def drawing(request: HttpRequest, membership: Membership, slug: str) -> HttpResponse:
    found = workflow_of(membership, slug)
    newest = found.versions.order_by("-number").first()
    text = request.POST.get("graph", "") if request.method == "POST" else _pretty(newest)
    graph, problems = _read(found, text)
    base = _base(request, newest)
    stale = None
    if request.method == "POST" and graph is not None and membership.may_edit():
        try:
            version = publishing.save(found, graph, by=membership.user, now=clocks.now(), onto=base)
            messages.success(request, f"Saved as {version} (Test).")
            return redirect("drawing", membership.workspace.wsid, slug)
        except publishing.Stale as error:
            stale = error.version
    facts = {
        "base": base,
        "stale": stale,
        "here": "workflows",
        "workflow": found,
        "version": newest,
        "text": text,
        "problems": problems,
        "unsaved": request.method == "POST" and graph is None,
    }
    return show(request, "pages/drawing.html", membership, facts)


def _base(request: HttpRequest, newest: Version | None) -> publishing.Base:
    """What the text on the screen was made from."""
    if request.method == "POST" and "number" in request.POST:
        number = number_in(request.POST["number"])
        return publishing.Base(number=number, edition=request.POST.get("edition", "")[:16], newest=number)
    return publishing.base_of(newest)


def _pretty(version: Version | None) -> str:
    if version is None:
        return json.dumps(first_drawing(), indent=2)
    return json.dumps(version.drawn().model_dump(mode="json"), indent=2, ensure_ascii=False)


def _read(found: Workflow, text: str) -> tuple[Graph | None, list[Problem]]:
    """The graph, and what is wrong with it; None when it cannot be read at all."""
    try:
        graph = parse_graph(loads(text.encode(errors="replace")))
    except Malformed as error:
        return None, [Problem(node="", field="", severity="error", message=f"{error}.")]
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False, include_input=False)
        rows = [(".".join(map(str, f["loc"])), plain_fault(f["type"], f["msg"])) for f in faults]
        return None, [Problem(node="", field=field, severity="error", message=said) for field, said in rows]
    return graph, publishing.defects(found, graph)
