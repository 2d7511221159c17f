"""How the installation does: for superusers, as it tells of all workspaces together."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.database import clocks
from apps.runs.models import Worker
from apps.runs.upkeep import health
from apps.runs.upkeep.queue_status import QueueStatus, queue_status

Told = tuple[str, str]  # what is wrong, and what to do
LATELY = timedelta(minutes=15)
PATIENCE_S = 30  # due for longer: somebody should look
STANDBY = "Start it again, or take it out of synchronous_standby_names: until then nothing is acknowledged or sent."
REMEDIES = {
    "database": "Nothing is taken or sent until it does.",
    "broker": "Work goes on, up to a second later.",
    "sweep": "No worker looks for what is due: start one.",
    "beat": "Schedules and the nightly deletion stand still: start the scheduler.",
}


@require_safe
@login_required
def system(request: HttpRequest) -> HttpResponse:
    if not request.user.is_superuser:
        raise Http404
    now = clocks.now()
    found = queue_status(now)
    parts = health.health_parts()
    facts = {"vitals": found, "parts": parts, "now": now, "troubles": troubles(found, parts, now)}
    facts["lost"] = {worker.pk for worker in found.workers if worker.is_lost(now)}
    return render(request, "pages/system.html", {"here": "system", **facts})


def troubles(found: QueueStatus, parts: dict[str, str], now: datetime) -> list[dict[str, Any]]:
    """What somebody should look at now, the worst first, and what to do about it."""
    rows = [(f"{name.capitalize()}: {state}.", REMEDIES[name]) for name, state in parts.items() if state != "ok"]
    if found.unconfirmed:
        rows.append((f"The standby does not confirm what is written (waiting: {found.unconfirmed}).", STANDBY))
    if parts["database"] == "ok":  # else all the rest follows from it
        rows += [*_of_work(found, now), *_of_outcomes(found)]
    return [{"what": what, "todo": todo} for what, todo in rows]


def _of_work(found: QueueStatus, now: datetime) -> list[Told]:
    """Who works, and what waits."""
    told = []
    if not [worker for worker in found.workers if not worker.is_lost(now)]:
        told.append(("No worker lives: nothing is sent.", "Start a worker process: see the Procfile."))
    for queue in found.queues:
        late = (now - queue.oldest).total_seconds() if queue.oldest else 0
        if late > PATIENCE_S:
            todo = "Look at the workers below: when all their hands are busy, start another worker."
            told.append((f"The oldest of the {queue.name} that are due has waited for {_span(late)}.", todo))
    return told + [one for worker in found.workers for one in _of_worker(worker, found.workers, now)]


def _of_outcomes(found: QueueStatus) -> list[Told]:
    told = []
    if found.dead_letters:
        todo = "Read the workers' logs, then choose “Try again” in the admin's list of failed events."
        told.append((f"{found.dead_letters} events could not be taken in.", todo))
    if found.unknown_share > 0.1:
        share = f"{found.unknown_share:.1f} % of the newest messages have an outcome that nobody knows."
        told.append((share, "Workers died while sending, or a provider breaks off: see its connection."))
    return told


def _of_worker(worker: Worker, workers: list[Worker], now: datetime) -> list[Told]:
    """What is wrong with it alone."""
    if worker.is_lost(now):
        if now - worker.seen_at > LATELY or _is_replaced(worker, workers):
            return []
        todo = "Its host is off, paused or cut from the database. What it held goes on elsewhere when its leases end."
        return [(f"The worker {worker} is silent since {worker.seen_at:%H:%M:%S} UTC.", todo)]
    told = []
    if alone := _unreached_alone(worker, [one for one in workers if one != worker and not one.is_lost(now)]):
        todo = "The other workers do its part. Look at that host's network, firewall and name server."
        told.append((f"The worker {worker} cannot connect to {', '.join(alone[:5])}, and others can.", todo))
    if worker.unread:
        todo = "What needs it goes back and waits. Give that host the ENCRYPTION_KEYS of the others, or enter it anew."
        told.append((f"The worker {worker} cannot decrypt a secret (key {', '.join(worker.unread.split())}).", todo))
    if abs(worker.clock_off_s) > 2:
        todo = "Fynoflow corrects it; set the machine's time right."
        told.append((f"The clock of {worker} is {worker.clock_off_s:+.1f} s off.", todo))
    return told


def _unreached_alone(worker: Worker, others: list[Worker]) -> list[str]:
    places = worker.unreached.split()
    return [place for place in places if any(place not in other.unreached.split() for other in others)]


def _is_replaced(worker: Worker, workers: list[Worker]) -> bool:
    return any(one.host == worker.host and one.started_at > worker.seen_at for one in workers)


def _span(seconds: float) -> str:
    whole = int(seconds)
    if whole < 120:
        return f"{whole} s"
    return f"{whole // 60} min" if whole < 7200 else f"{whole // 3600} h"
