"""Copying workflows to another workspace: what would come of it, then the copy."""

from collections import Counter
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from apps.common.trouble import Refused
from apps.console.page.page import show
from apps.console.transfer.import_plan import shown_plans
from apps.database import clocks
from apps.workflows.models import Workflow
from apps.workflows.transfer import copying, importing
from apps.workflows.transfer.copying import Pick
from apps.workspaces.models import Membership, Workspace
from apps.workspaces.tenancy import owner


@require_http_methods(["GET", "HEAD", "POST"])
@owner
def copy(request: HttpRequest, membership: Membership) -> HttpResponse:
    """`flow`: public ids of workflows; `state`: live or test, for one; `to`: the workspace that takes them."""
    asked = request.POST if request.method == "POST" else request.GET
    workspace = membership.workspace
    rows = [_row(flow, asked.get("state", "")) for flow in _flows(workspace, asked.getlist("flow"))]
    targets = copying.targets(workspace, membership.user)
    to = targets.filter(wsid=asked.get("to", "")).first()
    picks = [Pick(slug=row["workflow"].slug, state=row["state"]) for row in rows if row["state"]]
    facts: dict[str, Any] = {"here": "workflows", "rows": rows, "targets": _told_apart(targets), "to": to}
    try:
        if request.method == "POST":
            return _copied(request, membership, to, picks)
        facts["plans"] = _plans(workspace, to, picks) if to and picks else []
    except Refused as trouble:
        facts["trouble"] = trouble
    return show(request, "pages/copy.html", membership, {**facts, "state": asked.get("state", "")})


def _told_apart(targets: QuerySet[Workspace]) -> list[tuple[Workspace, str]]:
    """The workspaces with what people read; two of one name have their public ids beside it."""
    names = Counter(workspace.name for workspace in targets)
    return [
        (workspace, f"{workspace.name} ({workspace.wsid})" if names[workspace.name] > 1 else workspace.name)
        for workspace in targets
    ]


def _flows(workspace: Workspace, slugs: list[str]) -> QuerySet[Any]:
    rows = Workflow.objects.of(workspace).filter(slug__in=slugs[: copying.MAX_AT_ONCE])
    return rows.select_related("live", "test").order_by("name")


def _row(flow: Workflow, wanted: str) -> dict[str, Any]:
    """A workflow to copy, what can be chosen, and what is chosen: `state` is empty where it has no version."""
    versions = {"live": flow.live, "test": flow.test}
    choices = [(state, f"{version}, {state}") for state, version in versions.items() if version]
    state = wanted if wanted in dict(choices) else copying.likely(flow) or ""
    return {"workflow": flow, "choices": choices, "state": state, "words": dict(choices).get(state, "")}


def _plans(workspace: Workspace, to: Workspace, picks: list[Pick]) -> list[Any]:
    documents = copying.documents(copying.picked(workspace, picks), picks)
    return shown_plans(to, importing.plans(to, documents))


def _copied(request: HttpRequest, membership: Membership, to: Workspace | None, picks: list[Pick]) -> HttpResponse:
    if to is None:
        raise Refused("pick a workspace that you own, too")
    if len(picks) < len(set(request.POST.getlist("flow"))):
        raise Refused("a workflow that you picked has no version or was deleted meanwhile: look at the list again")
    done = copying.copy(membership.workspace, picks, to, by=membership.user, now=clocks.now())
    for one in done:
        messages.success(request, f"“{one.source}” is in “{to}” as {one.version}. Its checklist is on its page.")
    if len(done) > 1:
        return redirect("workflows", to.wsid)
    return redirect("workflow", to.wsid, done[0].version.workflow.slug)
