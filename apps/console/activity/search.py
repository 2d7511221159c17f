"""One box finds what came in and what it led to."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.channels.models import Delivery
from apps.console.activity.search_results import MAX_FOUND, address_forms, find
from apps.console.page.page import asked, newest, show
from apps.events.models import Event
from apps.runs.models import Run
from apps.sources.registry import TRIGGERS
from apps.workspaces.models import Membership, Workspace
from apps.workspaces.tenancy import member


def _sent(workspace: Workspace, wanted: str) -> QuerySet[Delivery]:
    """Messages to this address, newest first."""
    return Delivery.objects.of(workspace).filter(address__in=address_forms(wanted, workspace.country)).order_by("-id")


def _named(event: Event) -> Event:
    """With what made it, in words."""
    kind = TRIGGERS.get(event.source_kind)
    event.came_from = kind.title if kind else event.source_kind
    return event


@require_safe
@member
def search(request: HttpRequest, membership: Membership) -> HttpResponse:
    workspace, wanted = membership.workspace, asked(request)
    found = find(workspace, wanted)
    known = Run.objects.of(workspace)
    led_to = known.filter(event_id__in=found.event_ids) | known.filter(event__root__in=found.event_ids)
    runs = list(newest(known.filter(pk__in=found.run_ids) | led_to).select_related("event")[:MAX_FOUND])
    led = {run.event_id for run in runs} | {run.event.root for run in runs if run.event.root}
    arrivals = Event.objects.of(workspace).filter(pk__in=found.event_ids).exclude(pk__in=led).order_by("-id")
    facts = {
        "wanted": wanted,
        "runs": runs,
        "sent": list(_sent(workspace, wanted)[:MAX_FOUND]) if wanted else [],
        "arrivals": [_named(row) for row in arrivals[:MAX_FOUND]],
        "most": MAX_FOUND,
        "here": "search",
    }
    return show(request, "pages/search.html", membership, facts)
