"""A run's page: the path it took and why; while the run is open it asks for its live part again and again."""

import hashlib
from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_POST, require_safe

from apps.channels import deliveries
from apps.common.ids import ordered_id
from apps.console.activity.run_page import told
from apps.console.page.page import show, zone_for
from apps.database import clocks
from apps.runs.claims import interventions
from apps.runs.models import Run
from apps.runs.upkeep.run_history import deliveries_of
from apps.workspaces.models import Membership
from apps.workspaces.tenancy import editor, member

OPEN = (Run.State.READY, Run.State.WORKING, Run.State.WAITING, Run.State.RECONCILING)
MOST_SHOWN = 20_000
UNKNOWN_ICON = "circle-help"


# Verdicts about where the run stands, and what is said when they were done.
STANDING = {"cancel": interventions.cancel, "go-on": interventions.go_on}
SAID = {"cancel": "Run cancelled.", "go-on": "It goes on."}


@require_safe
@member
def run(request: HttpRequest, membership: Membership, run_id: str) -> HttpResponse:
    shown = told(run_of(membership, run_id), zone_for(membership))
    return show(request, "pages/run.html", membership, {"here": "runs", "once": ordered_id(), **shown})


@require_POST
@editor
def decide(request: HttpRequest, membership: Membership, run_id: str) -> HttpResponse:
    """What a person says, as `arrived`, or of one of the run's messages as `arrived <its id>`."""
    found, now = run_of(membership, run_id), clocks.now()
    verdict, _, delivery_id = request.POST.get("verdict", "").partition(" ")
    if _decided(found, verdict, delivery_id, str(membership.user), now):
        messages.success(request, SAID.get(verdict, "Decided."))
    else:
        messages.error(request, "There was nothing to decide any more.")
    return redirect("run", membership.workspace.wsid, run_id)


def _decided(found: Run, verdict: str, delivery_id: str, by: str, now: datetime) -> bool:
    if verdict in STANDING:
        return STANDING[verdict](found.pk, by, now)
    if verdict not in interventions.VERDICTS:
        raise Http404
    if not delivery_id:
        return interventions.resolve(found.pk, verdict, by, now)
    row = next((row for row in deliveries_of(found) if str(row.pk) == delivery_id), None)
    return row is not None and deliveries.resolve(row.pk, verdict, by, now)


@require_safe
@member
def run_live(request: HttpRequest, membership: Membership, run_id: str) -> HttpResponse:
    """The part of the page that changes. 304 while it says the same."""
    answer = show(request, "partials/run.html", membership, told(run_of(membership, run_id), zone_for(membership)))
    etag = f'"{hashlib.sha256(answer.content).hexdigest()[:32]}"'
    answer["ETag"], answer["Cache-Control"] = etag, "private, no-cache"
    return get_conditional_response(request, etag=etag, response=answer) or answer


def run_of(membership: Membership, run_id: str) -> Run:
    rows = Run.objects.of(membership.workspace).select_related("version", "workflow", "event", "workspace")
    return get_object_or_404(rows, pk=run_id)


@require_safe
@member
def begun(request: HttpRequest, membership: Membership, event_id: str) -> HttpResponse:
    """The run that this request began, as soon as it has; until then the search that will find it."""
    rows = Run.objects.of(membership.workspace)
    found = list((rows.filter(event_id=event_id) | rows.filter(event__root=event_id))[:2])
    if len(found) == 1:
        return redirect("run", membership.workspace.wsid, found[0].pk)
    return redirect(f"{reverse('search', args=[membership.workspace.wsid])}?q={event_id}")
