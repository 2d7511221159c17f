"""Deletes what is kept no longer, in short transactions: bodies first, then whole runs with their journals, then keys.

Rows are found by their ids, which begin with the time they were made: no index exists for this alone.
"""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, QuerySet

from apps.channels.models import CapturedMessage, Delivery
from apps.common.ids import first_id
from apps.events.models import Event, IdempotencyKey
from apps.events.store import NOT_BEGUN
from apps.notifications.models import Notification
from apps.runs.models import Beat, DigestWindow, Run, Step, ThrottleCount
from apps.runs.upkeep.needed import Needed, unsettled

BATCH = 200
BODIES = "bodies"  # a `Beat`: up to this moment bodies were deleted
LONGEST_THROTTLE = timedelta(days=31)


def purge(now: datetime) -> dict[str, int]:
    """Delete what is older than the settings say. How many rows of each kind went."""
    runs, keys = (now - timedelta(days=days) for days in (settings.RUNS_DAYS, settings.KEYS_DAYS))
    return {
        "bodies": _bodies(now - timedelta(days=settings.BODIES_DAYS)),
        "runs": _each(
            Run.objects.filter(~unsettled(OuterRef("pk")), pk__lt=first_id(runs), ended_at__lt=runs), _drop_runs
        ),
        "events": _each(_unused(runs), _drop_events),
        "keys": _each(IdempotencyKey.objects.filter(first_seen__lt=keys), lambda pks: _drop(IdempotencyKey, pks)),
        "throttles": _each(
            ThrottleCount.objects.filter(last_at__lt=now - LONGEST_THROTTLE), lambda pks: _drop(ThrottleCount, pks)
        ),
    }


def is_emptied(run: Run) -> bool:
    """Whether the bodies of the run were deleted because of their age. Its event must be at hand."""
    return not run.event.body and Beat.objects.filter(name=BODIES, at__gt=run.event.received_at).exists()


def _each(rows: QuerySet[Any], write: Callable[[list[Any]], object]) -> int:
    """Do it for all of the rows, a batch a transaction. How many there were."""
    count = 0
    for pks in _batches(rows):
        with transaction.atomic():
            write(pks)
        count += len(pks)
    return count


def _batches(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """Their keys in order; what is left standing is not looked at twice."""
    rows, last = rows.order_by("pk").values_list("pk", flat=True), None
    while pks := list((rows if last is None else rows.filter(pk__gt=last))[:BATCH]):
        yield pks
        last = pks[-1]


def _unused(before: datetime) -> QuerySet[Event]:
    """Those without a run that nobody needed when the bodies went."""
    old = Event.objects.filter(pk__lt=first_id(before), runs__isnull=True, kept=False)
    return old.exclude(state__in=NOT_BEGUN)


def _drop_runs(pks: list[UUID]) -> None:
    sent = Delivery.objects.filter(run_id__in=pks)
    said = list(sent.values_list("notification_id", flat=True).distinct())
    sent.delete()
    Notification.objects.filter(pk__in=said).delete()
    Run.objects.filter(pk__in=pks).delete()


def _drop_events(pks: list[UUID]) -> None:
    Event.objects.filter(pk__in=pks).delete()


def _drop(model: Any, pks: list[Any]) -> None:
    model.objects.filter(pk__in=pks).delete()


def _bodies(before: datetime) -> int:
    """What came in and went out since the last time, and what somebody still needed then and nobody does now."""
    done = Beat.objects.filter(name=BODIES).values_list("at", flat=True).first()
    events = Event.objects.filter(pk__lt=first_id(before))
    new, needed = events.filter(pk__gte=first_id(done)) if done else events, Needed()
    count = sum(_emptied(pks, needed) for rows in (events.filter(kept=True), new) for pks in _batches(rows))
    Beat.mark(BODIES, before)
    return count


def _emptied(pks: list[Any], needed: Needed) -> int:
    """Empty those that nobody needs; the others are looked at again the next time."""
    with transaction.atomic():
        still = needed.among(pks)
        free = [pk for pk in pks if pk not in still]
        Event.objects.filter(pk__in=still, kept=False).update(kept=True)
        _empty(free)
    return len(free)


def _empty(pks: list[UUID]) -> None:
    """The events' bodies, and of their runs what stands in the journal and in the messages."""
    Event.objects.filter(pk__in=pks).update(raw=b"", body={}, kept=False)
    runs = list(Run.objects.filter(event__in=pks).values_list("pk", flat=True))
    Step.objects.filter(run__in=runs).update(input={}, output={})
    DigestWindow.objects.filter(run__in=runs).update(head={}, tail={}, sums={})
    CapturedMessage.objects.filter(delivery__run_id__in=runs).delete()
    # A person may have had one sent again just now: its words stay until it is over.
    Delivery.objects.filter(run_id__in=runs, ended_at__isnull=False).update(content={})
