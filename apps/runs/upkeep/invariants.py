"""What must be true of the rows at any moment. Each rule finds the rows that break it; a sound database has none."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, F, Max, Q

from apps.channels.models import Delivery
from apps.events.launched import ENDED
from apps.events.models import Event
from apps.events.store import STARTS
from apps.runs.models import OVER, DigestWindow, Listening, Run

Found = Iterator[str]
MOST, PAGE = 100, 500  # named of each rule; read at once
PATIENCE = timedelta(minutes=10)


def stranded(now: datetime) -> Found:
    """Events that nobody routed, and runs and messages whose time is long over."""
    late = now - PATIENCE
    for event in Event.objects.filter(state=Event.State.RECEIVED, received_at__lt=late)[:MOST]:
        yield f"event {event.pk} was received at {event.received_at:%Y-%m-%d %H:%M} UTC and is not routed"
    for run in Run.objects.filter(Q(due_at__lt=late) | Q(lease_until__lt=late))[:MOST]:
        yield f"run {run.pk} is {run.state} at {run.node!r} and overdue"
    due = Q(state="ready", due_at__lt=late) | Q(state="working", lease_until__lt=late)
    for row in Delivery.objects.filter(due)[:MOST]:
        yield f"message {row.pk} is {row.state} and overdue"


def without_a_run(now: datetime) -> Found:
    """A routed event that starts runs has one."""
    routed = Event.objects.filter(state=Event.State.ROUTED, kind__in=STARTS, runs__isnull=True)
    for event in routed[:MOST]:
        yield f"event {event.pk} counts as routed and has no run"


def gaps(now: datetime) -> Found:
    """A journal's numbers go from 1 to the run's `steps_done`."""
    counted = Run.objects.annotate(rows=Count("steps"), last=Max("steps__seq"))
    broken = counted.exclude(rows=F("steps_done")) | counted.filter(rows__gt=0).exclude(last=F("steps_done"))
    for run in broken[:MOST]:
        yield f"run {run.pk} has {run.rows} steps up to {run.last}, and says {run.steps_done}"


def foreign(now: datetime) -> Found:
    """No row points into another workspace."""
    for run in Run.objects.exclude(workspace=F("event__workspace"))[:MOST]:
        yield f"run {run.pk} and its event lie in two workspaces"
    for run in Run.objects.exclude(workspace=F("workflow__workspace"))[:MOST]:
        yield f"run {run.pk} and its workflow lie in two workspaces"
    for row in Delivery.objects.filter(connection__isnull=False).exclude(workspace=F("connection__workspace"))[:MOST]:
        yield f"message {row.pk} and its connection lie in two workspaces"


def half_waits(now: datetime) -> Found:
    """What is open belongs to a run that still goes on, and an open window to one that waits for it."""
    for row in Listening.objects.filter(open=True, run__state=Run.State.COMPLETED)[:MOST]:
        yield f"run {row.run_id} has ended and still listens for {row.name}"
    for window in DigestWindow.objects.filter(open=True, run__state__in=OVER)[:MOST]:
        yield f"run {window.run_id} has ended and its digest {window.key!r} is open"


def dropped(now: datetime) -> Found:
    """What was accepted begins, waits or was dropped by a person."""
    for event in Event.objects.filter(state=Event.State.IGNORED, kind__in=STARTS)[:MOST]:
        yield f"event {event.pk} was accepted and ignored: {event.reason}"


def orphans(now: datetime) -> Found:
    """Who waits for the end of another run has one to wait for, or the other may still begin."""
    waits = Listening.objects.filter(open=True, name=ENDED).order_by("pk")
    last, named = None, 0
    while (page := list((waits.filter(pk__gt=last) if last else waits)[:PAGE])) and named < MOST:
        for row in _without_a_child(page):
            named += 1
            yield f"run {row.run_id} waits for the end of {row.match['request_id']}, which never begins"
        last = page[-1].pk


def _without_a_child(waits: list[Listening]) -> list[Listening]:
    asked = {row.pk: UUID(row.match["request_id"]) for row in waits}
    coming = Q(state__in=[Event.State.RECEIVED, Event.State.HELD]) | Q(runs__ended_at__isnull=True, runs__isnull=False)
    found = set(Event.objects.filter(coming, pk__in=asked.values()).values_list("pk", flat=True))
    told = Event.objects.filter(kind=ENDED, state=Event.State.RECEIVED, workspace__in={w.workspace_id for w in waits})
    underway = {UUID(body["request_id"]) for body in told.values_list("body", flat=True)}
    alone = [row.pk for row in waits if asked[row.pk] not in found | underway]
    return list(Listening.objects.filter(pk__in=alone, open=True))  # one may have heard meanwhile


RULES: tuple[Callable[[datetime], Found], ...] = (stranded, without_a_run, gaps, foreign, half_waits, dropped, orphans)


def violations(now: datetime) -> Found:
    for rule in RULES:
        yield from rule(now)
