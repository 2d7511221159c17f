"""Notification events: a name, a template, and a connection for each channel."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.channels.models import Connection
from apps.common.trouble import Refused
from apps.console.page.page import asked, number_in, paged, show, typed
from apps.notifications import editing
from apps.notifications.models import NotificationEvent, Template
from apps.providers.contract import CHANNEL_TITLES
from apps.providers.registry import PROVIDERS
from apps.workflows.dependencies import who_uses
from apps.workspaces.models import Membership, Workspace
from apps.workspaces.tenancy import editor, member

MAX_OFFERED = 1000


@require_safe
@member
def events(request: HttpRequest, membership: Membership) -> HttpResponse:
    rows = NotificationEvent.objects.of(membership.workspace).select_related("template").order_by("name")
    rows = rows.prefetch_related("connections__connection")
    wanted = asked(request)
    rows = rows.filter(name__icontains=wanted) if wanted else rows
    facts = {"here": "events", "events": paged(request, rows), "q": wanted}
    return show(request, "pages/events.html", membership, facts)


@require_http_methods(["GET", "HEAD", "POST"])
@member
def event(request: HttpRequest, membership: Membership, pk: int = 0) -> HttpResponse:
    """One notification event; without a number a new one."""
    workspace = membership.workspace
    found = (
        get_object_or_404(NotificationEvent.objects.of(workspace), pk=pk)
        if pk
        else NotificationEvent(workspace=workspace)
    )
    chosen = {row.channel: row.connection for row in found.connections.all()} if pk else {}
    users = who_uses(workspace, "notification event", found.name) if pk else []
    faults: editing.Faults = {}
    if request.method == "POST" and membership.may_edit():
        chosen = _chosen(request, workspace)
        faults = _saved(request, membership, found, chosen, bool(users))
        if not faults:
            messages.success(request, f"“{found.name}” is saved.")
            return redirect("event", workspace.wsid, found.pk)
    facts = {
        "here": "events",
        "event": found,
        "edition": editing.edition(found),
        "templates": Template.objects.of(workspace).order_by("name")[:MAX_OFFERED],
        "channels": [_channel(name, workspace, chosen.get(name)) for name in CHANNEL_TITLES],
        "faults": faults,
        "users": users,
    }
    return show(request, "pages/event.html", membership, facts)


def _saved(
    request: HttpRequest,
    membership: Membership,
    found: NotificationEvent,
    chosen: dict[str, Connection],
    is_used: bool,
) -> editing.Faults:
    """Save what the form says; the faults where that cannot be."""
    name = typed(request.POST.get("name", ""), 100)
    if is_used and name != found.name:
        return {"name": ["Workflows use this name: it cannot be changed while they do."]}
    template = Template.objects.of(membership.workspace).filter(pk=number_in(request.POST.get("template", ""))).first()
    if template is None:
        return {"template": ["Pick a template: make one first if there is none."]}
    found.name, found.template = name, template
    try:
        editing.save_event(found, chosen, by=membership.user, seen=request.POST.get("edition", ""))
    except editing.Faulty as faulty:
        return faulty.faults
    return {}


def _chosen(request: HttpRequest, workspace: Workspace) -> dict[str, Connection]:
    wanted = {name: number_in(request.POST.get(f"{name}.connection", "")) for name in CHANNEL_TITLES}
    rows = {row.pk: row for row in Connection.objects.of(workspace).filter(pk__in=wanted.values())}
    return {name: rows[pk] for name, pk in wanted.items() if pk in rows}


def _channel(name: str, workspace: Workspace, chosen: Connection | None) -> dict[str, Any]:
    """The connections that can carry the channel."""
    kinds = [kind for kind, cls in PROVIDERS.all().items() if name in cls.channels]
    rows = Connection.objects.of(workspace).filter(kind__in=kinds).order_by("name")[:MAX_OFFERED]
    return {"name": name, "title": CHANNEL_TITLES[name], "connections": rows, "chosen": chosen}


@require_POST
@editor
def event_delete(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    workspace = membership.workspace
    found = get_object_or_404(NotificationEvent.objects.of(workspace), pk=pk)
    users = who_uses(workspace, "notification event", found.name)
    try:
        if users:
            raise Refused(f"the workflow “{users[0]}” says it: take it out of the drawing first")
        editing.delete(found)
        messages.success(request, f"“{found.name}” is deleted.")
        return redirect("events", workspace.wsid)
    except Refused as trouble:
        messages.error(request, f"Not deleted: {trouble}.")
        return redirect("event", workspace.wsid, pk)
