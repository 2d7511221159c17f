"""What must be true of the rows at any moment. Each rule finds the rows that break it; a sound database has none."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from django.db.models import Count, F, Max, Q

from apps.channels.models import Delivery
from apps.common.ids import first_id
from apps.events.launched import ENDED
from apps.events.models import Event
from apps.events.store import STARTS
from apps.runs.models import OVER, DigestWindow, EventWait, Run

Found = Iterator[str]
MAX_NAMED, PAGE = 100, 500  # named of each rule; read at once
PATIENCE = timedelta(minutes=10)
LATELY, AT_ONCE = timedelta(days=2), timedelta(seconds=60)


def stranded(now: datetime) -> Found:
    """Events that nobody dispatched, and runs and messages whose time is long over."""
    late = now - PATIENCE
    for event in Event.objects.filter(state=Event.State.RECEIVED, received_at__lt=late)[:MAX_NAMED]:
        yield f"event {event.pk} was received at {event.received_at:%Y-%m-%d %H:%M} UTC and is not routed"
    for run in Run.objects.filter(Q(due_at__lt=late) | Q(lease_until__lt=late))[:MAX_NAMED]:
        yield f"run {run.pk} is {run.state} at {run.node!r} and overdue"
    due = Q(state="ready", due_at__lt=late) | Q(state="working", lease_until__lt=late)
    for row in Delivery.objects.filter(due)[:MAX_NAMED]:
        yield f"message {row.pk} is {row.state} and overdue"


def without_a_run(now: datetime) -> Found:
    """A dispatched event that starts runs has one."""
    routed = Event.objects.filter(state=Event.State.DISPATCHED, kind__in=STARTS, runs__isnull=True)
    for event in routed[:MAX_NAMED]:
        yield f"event {event.pk} counts as routed and has no run"


def gaps(now: datetime) -> Found:
    """A journal's numbers go from 1 to the run's `steps_done`."""
    counted = Run.objects.annotate(rows=Count("steps"), last=Max("steps__seq"))
    broken = counted.exclude(rows=F("steps_done")) | counted.filter(rows__gt=0).exclude(last=F("steps_done"))
    for run in broken[:MAX_NAMED]:
        yield f"run {run.pk} has {run.rows} steps up to {run.last}, and says {run.steps_done}"


def foreign(now: datetime) -> Found:
    """No row points into another workspace."""
    for run in Run.objects.exclude(workspace=F("event__workspace"))[:MAX_NAMED]:
        yield f"run {run.pk} and its event lie in two workspaces"
    for run in Run.objects.exclude(workspace=F("workflow__workspace"))[:MAX_NAMED]:
        yield f"run {run.pk} and its workflow lie in two workspaces"
    for row in Delivery.objects.filter(connection__isnull=False).exclude(workspace=F("connection__workspace"))[
        :MAX_NAMED
    ]:
        yield f"message {row.pk} and its connection lie in two workspaces"


def half_waits(now: datetime) -> Found:
    """What is open belongs to a run that still goes on, and an open window to one that waits for it."""
    for row in EventWait.objects.filter(open=True, run__state=Run.State.COMPLETED)[:MAX_NAMED]:
        yield f"run {row.run_id} has ended and still listens for {row.name}"
    for window in DigestWindow.objects.filter(open=True, run__state__in=OVER)[:MAX_NAMED]:
        yield f"run {window.run_id} has ended and its digest {window.key!r} is open"


def dropped(now: datetime) -> Found:
    """What was accepted begins, waits or was dropped by a person."""
    for event in Event.objects.filter(state=Event.State.IGNORED, kind__in=STARTS)[:MAX_NAMED]:
        yield f"event {event.pk} was accepted and ignored: {event.reason}"


def orphans(now: datetime) -> Found:
    """Who waits for the end of another run has one to wait for, or the other may still begin."""
    waits = EventWait.objects.filter(open=True, name=ENDED).order_by("pk")
    last, named = None, 0
    while (page := list((waits.filter(pk__gt=last) if last else waits)[:PAGE])) and named < MAX_NAMED:
        for row in _without_a_child(page):
            named += 1
            yield f"run {row.run_id} waits for the end of {row.match['request_id']}, which never begins"
        last = page[-1].pk


def _without_a_child(waits: list[EventWait]) -> list[EventWait]:
    asked = {row.pk: UUID(row.match["request_id"]) for row in waits}
    coming = Q(state__in=[Event.State.RECEIVED, Event.State.HELD]) | Q(runs__ended_at__isnull=True, runs__isnull=False)
    found = set(Event.objects.filter(coming, pk__in=asked.values()).values_list("pk", flat=True))
    told = Event.objects.filter(kind=ENDED, state=Event.State.RECEIVED, workspace__in={w.workspace_id for w in waits})
    underway = {UUID(body["request_id"]) for body in told.values_list("body", flat=True)}
    alone = [row.pk for row in waits if asked[row.pk] not in found | underway]
    return list(EventWait.objects.filter(pk__in=alone, open=True))  # one may have heard meanwhile


def doubled(now: datetime) -> Found:
    """A run says the same to the same person once, with a pause between, or because a person had it sent again: of
    the last two days."""
    lately = Delivery.objects.filter(pk__gte=first_id(now - LATELY), run_id__isnull=False, again_of__isnull=True)
    lately = lately.exclude(state="skipped")
    groups = lately.order_by().values("run_id", "channel", "address").annotate(count=Count("pk")).filter(count__gt=1)
    for group in groups.values("run_id", "channel", "address")[:PAGE]:
        rows = lately.filter(**group).order_by("pk")
        for one, next_one in pairwise(rows[:PAGE]):
            if one.content == next_one.content and next_one.created_at - one.created_at < AT_ONCE:
                keys = f"{one.effect_key} and {next_one.effect_key}"
                yield f"run {one.run_id} said the same to {one.address} twice at once: messages {keys}"


RULES: tuple[Callable[[datetime], Found], ...] = (
    stranded,
    without_a_run,
    gaps,
    foreign,
    half_waits,
    dropped,
    orphans,
    doubled,
)


def violations(now: datetime) -> Found:
    for rule in RULES:
        yield from rule(now)
