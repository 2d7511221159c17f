"""How the installation does: for superusers, as it tells of all workspaces together."""

from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from apps.runs import health
from apps.runs.vitals import Vitals, vitals

PATIENCE_S = 30  # due for longer: somebody should look
REMEDIES = {
    "database": "Nothing is taken or sent until it answers.",
    "broker": "Work goes on, up to a second later.",
    "sweep": "No worker looks for what is due: start one.",
    "beat": "Schedules and the nightly deletion stand still: start the scheduler.",
}


@require_GET
@login_required
def system(request: HttpRequest) -> HttpResponse:
    if not request.user.is_superuser:
        raise Http404
    now = timezone.now()
    found = vitals(now)
    parts = health.parts()
    facts = {"vitals": found, "parts": parts, "now": now, "troubles": troubles(found, parts, now)}
    facts["lost"] = {worker.pk for worker in found.workers if worker.is_lost(now)}
    return render(request, "pages/system.html", {"here": "system", **facts})


def troubles(found: Vitals, parts: dict[str, str], now: datetime) -> list[dict[str, Any]]:
    """What somebody should look at now, the worst first, and what to do about it."""
    rows = [(f"{name.capitalize()}: {state}.", REMEDIES[name]) for name, state in parts.items() if state != "ok"]
    if not [worker for worker in found.workers if not worker.is_lost(now)]:
        rows.append(("No worker lives: nothing is sent.", "Start a worker process: see the Procfile."))
    for lane in found.lanes:
        late = (now - lane.oldest).total_seconds() if lane.oldest else 0
        if late > PATIENCE_S:
            todo = "Look at the workers below: when all their hands are busy, start another worker."
            rows.append((f"The oldest of the {lane.name} that are due has waited for {_span(late)}.", todo))
    for worker in found.workers:
        if abs(worker.clock_off_s) > 2:
            what = f"The clock of {worker} is {worker.clock_off_s:+.1f} s off."
            rows.append((what, "Fynoflow corrects it; set the machine's time right."))
    if found.dead_letters:
        todo = "Read the workers' logs, then choose “Try again” in the admin's list of failed events."
        rows.append((f"{found.dead_letters} events could not be taken in.", todo))
    if found.unknown_share > 0.1:
        share = f"{found.unknown_share:.1f} % of the newest messages have an outcome that nobody knows."
        rows.append((share, "Workers died while sending, or a provider breaks off: see its connection."))
    return [{"what": what, "todo": todo} for what, todo in rows]


def _span(seconds: float) -> str:
    whole = int(seconds)
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h"
