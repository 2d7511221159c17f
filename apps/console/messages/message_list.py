"""The list of messages with its filters: each leads through an index, whatever the table's size."""

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.channels.models import Connection, Delivery
from apps.console.activity.search_results import address_forms
from apps.console.page.attention import NOT_DELIVERED, messages_to_look_at
from apps.console.page.filters import made_between
from apps.console.page.page import asked, number_in, paged, show, zone_for
from apps.database import clocks
from apps.notifications.models import Notification, NotificationEvent
from apps.providers.contract import CHANNEL_TITLES
from apps.runs.models import Run
from apps.workflows.models import Workflow
from apps.workspaces.models import Membership, Workspace
from apps.workspaces.tenancy import member

LOOK, LOST = "look", "lost"  # filters over several states: what needs a look, and what did not arrive
FILTERS = ("q", "status", "channel", "workflow", "event", "connection", "since", "until")
MOST_CHOICES = 200
FEW = 2000


@require_safe
@member
def message_list(request: HttpRequest, membership: Membership) -> HttpResponse:
    workspace = membership.workspace
    chosen = {name: asked(request, name) for name in FILTERS}
    rows = _rows(membership, chosen).select_related("connection").order_by("-id")
    page = paged(request, rows)
    facts = {
        "here": "messages",
        "page": page,
        "tickable": membership.may_edit() and any(row.state == Delivery.State.FAILED for row in page),
        "states": [(LOOK, "needs a look"), (LOST, "not delivered or may have arrived"), *Delivery.State.choices],
        "channels": CHANNEL_TITLES,
        "workflows": _choices(Workflow, workspace),
        "events": _choices(NotificationEvent, workspace),
        "connections": _choices(Connection, workspace),
        "chosen": chosen,
        "more_chosen": any(chosen[name] for name in FILTERS[2:]),
        "filtered": any(chosen.values()),
    }
    return show(request, "pages/messages.html", membership, facts)


def _choices(model: Any, workspace: Workspace) -> list[Any]:
    return list(model.objects.of(workspace).order_by("name")[:MOST_CHOICES])


def _rows(membership: Membership, chosen: dict[str, str]) -> QuerySet[Delivery]:
    workspace = membership.workspace
    looks = chosen["status"] == LOOK
    rows = messages_to_look_at(workspace, clocks.now()) if looks else Delivery.objects.of(workspace)
    return rows.filter(
        _of_itself(workspace, chosen), _of_others(workspace, chosen), made_between(zone_for(membership), chosen)
    )


def _of_itself(workspace: Workspace, chosen: dict[str, str]) -> Q:
    wanted = Q()
    if chosen["q"]:
        wanted &= Q(address__in=address_forms(chosen["q"], workspace.country))
    if chosen["status"] in Delivery.State.values:
        wanted &= Q(state=chosen["status"])
    if chosen["status"] == LOST:
        wanted &= Q(state__in=NOT_DELIVERED)
    if chosen["channel"] in CHANNEL_TITLES:
        wanted &= Q(channel=chosen["channel"])
    if chosen["connection"]:
        wanted &= Q(connection=number_in(chosen["connection"]))
    return wanted


def _of_others(workspace: Workspace, chosen: dict[str, str]) -> Q:
    wanted = Q()
    if chosen["workflow"]:
        flow = Workflow.objects.of(workspace).filter(slug=chosen["workflow"]).first()
        wanted &= Q(run_id__in=_keys(Run.objects.filter(workflow=flow)) if flow else [])
    if chosen["event"]:
        event = NotificationEvent.objects.of(workspace).filter(name=chosen["event"]).first()
        wanted &= Q(notification_id__in=_keys(Notification.objects.filter(event=event)) if event else [])
    return wanted


def _keys(rows: QuerySet[Any]) -> Any:
    """Few are named one by one: a database that guesses would walk through all messages for them."""
    few = list(rows.order_by("-pk").values_list("pk", flat=True)[: FEW + 1])
    return few if len(few) <= FEW else rows.values("pk")
