"""The list of workflows: cards or a table, filters, groups, and a new one."""

from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from apps.common.trouble import Refused
from apps.console.activity.recent_activity import with_lately
from apps.console.page.page import asked, number_in, paged, show, typed
from apps.database import clocks
from apps.sources.registry import TRIGGERS
from apps.workflows import example
from apps.workflows.models import MAX_GROUPS, Group, Workflow
from apps.workflows.release import lifecycle
from apps.workspaces.models import Membership, Role
from apps.workspaces.tenancy import editor, member

STATES = {
    "live": ("live", Q(live__isnull=False, paused=False, archived_at=None)),
    "test": ("not live yet", Q(live=None, archived_at=None)),
    "paused": ("paused", Q(paused=True, archived_at=None)),
    "archived": ("archived", Q(archived_at__isnull=False)),
}
NO_GROUP = "none"


@require_safe
@member
def workflows(request: HttpRequest, membership: Membership) -> HttpResponse:
    workspace = membership.workspace
    chosen = {name: asked(request, name) for name in ("q", "group", "state", "trigger", "view")}
    groups = list(lifecycle.groups_of(workspace))
    rows = _chosen(Workflow.objects.of(workspace), chosen)
    page = paged(request, rows.select_related("live", "test", "group").order_by("name"))
    page.object_list = with_lately(list(page), clocks.now())
    facts = {
        "here": "workflows",
        "workflows": page,
        "chosen": chosen,
        "filtered": any(chosen[name] for name in ("q", "group", "state", "trigger")),
        "groups": groups,
        "may_add_group": len(groups) < MAX_GROUPS,
        "states": [(name, words) for name, (words, _) in STATES.items()],
        "triggers": [(cls.kind, cls.title) for cls in TRIGGERS.all().values()],
        "pickable": membership.role == Role.OWNER,
        "as_table": chosen["view"] == "table",
    }
    return show(request, "pages/workflows.html", membership, facts)


def _chosen(rows: QuerySet[Any], chosen: dict[str, str]) -> QuerySet[Any]:
    """The archive stays out of sight unless it is asked for."""
    rows = rows.filter(STATES[chosen["state"]][1] if chosen["state"] in STATES else Q(archived_at=None))
    if chosen["q"]:
        rows = rows.filter(name__icontains=chosen["q"])
    if chosen["group"] == NO_GROUP:
        rows = rows.filter(group=None)
    elif chosen["group"]:
        rows = rows.filter(group_id=number_in(chosen["group"]))
    if chosen["trigger"] in TRIGGERS.all():
        kind = f'"kind":"{chosen["trigger"]}"'
        rows = rows.filter(Q(test__graph__contains=kind) | Q(live__graph__contains=kind))
    return rows


@require_POST
@editor
def new_workflow(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Empty, with a trigger of some kind, or from the example, and on to its canvas."""
    name = typed(request.POST.get("name", ""), lifecycle.MAX_NAME)
    try:
        workflow = lifecycle.begin(membership.workspace, name)
    except Refused as trouble:
        messages.error(request, f"Not made: {trouble}.")
        return redirect("workflows", membership.workspace.wsid)
    if request.POST.get("begin") == "example":
        example.draw(workflow, by=membership.user, now=clocks.now())
    canvas, kind = reverse("canvas", args=[membership.workspace.wsid, workflow.slug]), request.POST.get("begin", "")
    return redirect(f"{canvas}?trigger={kind}" if kind in TRIGGERS.all() else canvas)


@require_POST
@editor
def groups(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Add, rename or delete a group; the workflows of a deleted one stay."""
    workspace, name = membership.workspace, typed(request.POST.get("name", ""), 50)
    try:
        if request.POST.get("verb") == "add":
            lifecycle.add_group(workspace, name)
            messages.success(request, f"The group “{name}” is there.")
        else:
            group = get_object_or_404(Group.objects.of(workspace), pk=number_in(request.POST.get("group", "")))
            _change_group(request, group, name)
    except Refused as trouble:
        messages.error(request, f"Not done: {trouble}.")
    return redirect("workflows", workspace.wsid)


def _change_group(request: HttpRequest, group: Group, name: str) -> None:
    if request.POST.get("verb") == "delete":
        group.delete()
        messages.success(request, f"The group “{group.name}” is gone; its workflows are still there.")
    else:
        lifecycle.rename_group(group, name)
        messages.success(request, f"The group is called “{name}” now.")
