"""What a person does about a run beside deciding: firing the event that it waits for, and running it again."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from apps.channels.models import Delivery
from apps.common import bounded_json
from apps.common.ids import ordered_id
from apps.common.trouble import Refused
from apps.console.activity.run import run_of
from apps.console.page.page import number_in, show, typed, zone_for
from apps.database import clocks
from apps.engine.drawing.graph import built_or_none
from apps.events.firing import Custom, fire
from apps.events.recording import Conflict
from apps.runs.claims import interventions
from apps.runs.models import Run
from apps.runs.upkeep.run_history import MAX_STEPS, deliveries_of
from apps.triggers.replay import replay
from apps.workflows.models import Version
from apps.workspaces.models import Membership
from apps.workspaces.tenancy import editor

MOST_DATA, MOST_SHOWN = 20_000, 300


@require_POST
@editor
def fire_for(request: HttpRequest, membership: Membership, run_id: str) -> HttpResponse:
    """Fire the event that the run waits for, with the data that the form gives; who did it stands in the journal."""
    found, now = run_of(membership, run_id), clocks.now()
    node = found.version.drawing().node(found.node)
    block = built_or_none(node) if node else None
    try:
        name = block.awaited_event() if block and found.state == Run.State.WAITING else ""
        if not name:
            raise Refused("this run waits for no event any more")
        text = request.POST.get("data", "")
        fired = Custom(name=name, environment=found.environment, data=_data(text))
        interventions.note(found.pk, f"{membership.user} fires {name}", now)
        fire(membership.workspace, fired, now, text.encode(), _once(request))
        messages.success(request, f"{name} is fired. If its data fit, this run goes on in a moment.")
    except Conflict:
        messages.error(request, "Not fired: it was fired already from this page. Load it again first.")
    except Refused as trouble:
        messages.error(request, f"Not fired: {trouble}.")
    return redirect("run", membership.workspace.wsid, run_id)


def _once(request: HttpRequest) -> str:
    """The key that came with the form: a button that is pressed twice does it once."""
    return typed(request.POST.get("once", ""), 64)


def _data(text: str) -> dict[str, Any]:
    """Raises Refused."""
    try:
        found = bounded_json.loads(text[: MOST_DATA + 1].encode("utf-8", "replace"))
    except bounded_json.Malformed as trouble:
        raise Refused(f"the data is no JSON: {trouble}") from None
    if not isinstance(found, dict) or len(text) > MOST_DATA:
        raise Refused('the data must be a JSON object of at most 20,000 signs, as {"order_id": "A-1"}')
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@editor
def run_again(request: HttpRequest, membership: Membership, run_id: str) -> HttpResponse:
    """Shows what it would do again; a POST starts a new run with the same data, on the version that is chosen."""
    found = run_of(membership, run_id)
    choices = _choices(found)
    if request.method == "POST" and choices:
        chosen = number_in(request.POST.get("version", ""))
        version = next((one for one in choices if one.number == chosen), choices[0])
        return _started(request, membership, found, version)
    repeated = {"sent": _sent(found), "calls": _calls(found)}
    facts = {"here": "runs", "once": ordered_id(), "run": found, "choices": choices, **repeated}
    return show(request, "pages/run_again.html", membership, facts)


def _started(request: HttpRequest, membership: Membership, found: Run, version: Version) -> HttpResponse:
    at = found.created_at.astimezone(zone_for(membership))
    why = f"{membership.user} ran the run of {at:%Y-%m-%d %H:%M:%S} again, on {version}"
    try:
        request_id = replay(found.event, version.pk, why, _once(request), clocks.now())
    except Refused as trouble:
        messages.error(request, f"Not started: {trouble}.")
        return redirect("run", membership.workspace.wsid, found.pk)
    messages.success(request, "A new run begins with the same data. This one stays as it is.")
    return redirect("begun", membership.workspace.wsid, request_id)


def _choices(found: Run) -> list[Version]:
    """What is published in its environment, and the version that it ran; each once, the first is offered."""
    flow = found.workflow
    published = flow.live if found.environment == "live" else flow.test
    rows = [published, found.version] if published else [found.version]
    return list({row.pk: row for row in rows}.values())


def _sent(found: Run) -> list[Delivery]:
    return [row for row in deliveries_of(found) if row.state != Delivery.State.SKIPPED][:MOST_SHOWN]


def _calls(found: Run) -> list[tuple[str, str]]:
    """Calls that change something elsewhere: the block's name, and what was asked."""
    graph, rows = found.version.drawing(), found.steps.order_by("seq")[:MAX_STEPS]
    made: dict[tuple[str, str], None] = {}
    for step in rows:
        method, url = str(step.input.get("method", "")), str(step.input.get("url", ""))
        if method and method not in ("GET", "HEAD"):
            node = graph.node(step.node)
            made[(node.name if node else "") or step.node, f"{method} {url}"] = None
    return list(made)[:MOST_SHOWN]
