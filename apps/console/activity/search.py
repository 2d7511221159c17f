"""One box finds what came in and what it led to."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from apps.console.activity.search_results import MOST, find
from apps.console.page.page import asked, newest, show
from apps.events.models import Event
from apps.runs.models import Run
from apps.workspaces.models import Membership
from apps.workspaces.tenancy import member


@require_GET
@member
def search(request: HttpRequest, membership: Membership) -> HttpResponse:
    place, wanted = membership.workspace, asked(request)
    found = find(place, wanted)
    known = Run.objects.of(place)
    runs = list(newest(known.filter(pk__in=found.run_ids) | known.filter(event_id__in=found.event_ids))[:MOST])
    led = {run.event_id for run in runs}
    arrivals = Event.objects.of(place).filter(pk__in=found.event_ids).exclude(pk__in=led).order_by("-id")
    facts = {"wanted": wanted, "runs": runs, "arrivals": list(arrivals[:MOST]), "most": MOST, "here": "search"}
    return show(request, "pages/search.html", membership, facts)
