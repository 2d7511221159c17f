"""What must be true of the rows at any moment. Each rule finds the rows that break it; a sound database has none."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from django.db.models import Count, F, Max, Q

from apps.channels.models import Delivery
from apps.events.models import Event
from apps.runs.models import Run
from apps.runs.shared import DigestWindow, Listening

Found = Iterator[str]
MOST = 100  # of each rule
PATIENCE = timedelta(minutes=10)
STARTS = ("trigger.fired", "workflow.started")


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
    for window in DigestWindow.objects.filter(open=True, run__state=Run.State.COMPLETED)[:MOST]:
        yield f"run {window.run_id} has ended and its digest {window.key!r} is open"


RULES: tuple[Callable[[datetime], Found], ...] = (stranded, without_a_run, gaps, foreign, half_waits)


def violations(now: datetime) -> Found:
    for rule in RULES:
        yield from rule(now)
