"""The only module that writes events, many in one commit."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from apps.database import bulk, fair_share
from apps.events.entries import EventRow, Source
from apps.events.launched import LAUNCHED, ended
from apps.events.models import Event, IdempotencyKey, SearchTerm
from apps.workspaces.models import Workspace

MAX_TRIES = 5
DEATH = 2  # tries that a death of the worker counts for
State = Event.State
STARTS = ("trigger.fired", LAUNCHED)
NOT_BEGUN = (State.RECEIVED, State.HELD, State.FAILED)
Fate = Literal["written", "repeat", "closed"]


def insert_events(entries: list[EventRow]) -> list[Fate]:
    """Write the events whose endpoint is open and whose keys are all new."""
    shut = _shut(entries)
    open_now = [e for e in entries if e.source() not in shut]
    old = _repeats(open_now)
    written = [e for e in open_now if e.event["id"] not in old]
    for find in {e.find for e in written if e.find}:
        find([e for e in written if e.find is find])
    bulk.insert(Event, [e.event for e in written])
    bulk.insert(SearchTerm, [mark for e in written for mark in e.search_terms()])
    return ["closed" if e.source() in shut else "repeat" if e.event["id"] in old else "written" for e in entries]


def _shut(entries: list[EventRow]) -> set[Source]:
    """The endpoints that were closed meanwhile, read in the commit that lets the others in."""
    asked = {e.closed for e in entries if e.closed}
    return {shut for closed in asked for shut in closed({e.source() for e in entries if e.closed is closed})}


def _repeats(entries: list[EventRow]) -> set[UUID]:
    """Keep the keys of what is new; the ids of what was there before, of which no key is kept."""
    old: set[UUID] = set()
    half: set[UUID] = set()
    for index in range(max((len(e.seen) for e in entries), default=0)):
        asked = [e.seen[index] for e in entries if len(e.seen) > index and e.event["id"] not in old]
        asked.sort(key=lambda row: (row["door"], row["key"]))  # two who write the same keys wait in one line
        refused = {row["event_id"] for row in asked} - bulk.insert_new(IdempotencyKey, asked, "event_id")
        old |= refused
        half |= refused if index else set()
    if half:
        IdempotencyKey.objects.filter(event_id__in=half).delete()
    return old


def workspaces_with_new_events() -> list[int]:
    """The workspaces whose events wait to be dispatched."""
    found = fair_share.groups_with_due_work("events_event", "workspace_id", open="state = 'received'", due="true")
    return [workspace for workspace in found if workspace]


def received_ids(limit: int, before: datetime | None = None) -> list[str]:
    """The oldest first."""
    found = Event.objects.filter(state=State.RECEIVED).order_by("received_at")
    found = found.filter(received_at__lte=before) if before else found
    return [str(pk) for pk in found.values_list("pk", flat=True)[:limit]]


def dispatch(ids: list[UUID]) -> None:
    """Their runs are made in the same transaction."""
    routed = [{"id": pk, "state": State.DISPATCHED} for pk in ids]
    if len(bulk.update_where(Event, routed, "t.state = 'received'")) != len(ids):
        raise RuntimeError("an event moved while it was locked")


def not_begun(workspace: Workspace, source_id: str) -> QuerySet[Event]:
    """What a trigger took in that no run has come of."""
    mine = Event.objects.of(workspace).filter(source_id=source_id, kind__in=STARTS)
    return mine.filter(Q(state=State.RECEIVED) | Q(state__in=[State.HELD, State.FAILED]))  # an index for each


def hold(ids: list[UUID]) -> None:
    """Their workflow is paused: they wait until it is resumed."""
    Event.objects.filter(pk__in=ids, state=State.RECEIVED).update(state=State.HELD)


def release(source_id: str) -> int:
    """Their workflow goes on: what was held is dispatched. How many were."""
    return Event.objects.filter(source_id=source_id, state=State.HELD).update(state=State.RECEIVED)


def fail(event_id: UUID | str, why: str, now: datetime) -> None:
    """It cannot be taken in, until a person mends what is wrong and has it tried again."""
    _over(Event.objects.filter(pk=event_id, state=State.RECEIVED), State.FAILED, why, now)


def drop(chosen: QuerySet[Event], by: str, now: datetime) -> int:
    """A person says that these are not to begin. How many had not."""
    return _over(chosen.filter(state__in=NOT_BEGUN), State.DROPPED, f"dropped by {by}", now)


def _over(chosen: QuerySet[Event], state: str, why: str, now: datetime) -> int:
    """No run comes of them; whoever started one and waits for its end is told so."""
    with transaction.atomic():
        ids = list(chosen.select_for_update().values_list("pk", flat=True))
        mine = Event.objects.filter(pk__in=ids)
        mine.update(state=state, reason=why[:300])
        begun = mine.filter(kind=LAUNCHED).values("id", "workspace_id", "environment")
        insert_events([ended(event, now, status=state, error=why[:300]) for event in begun])
    return len(ids)


def mark_unmatched(ids: list[UUID]) -> None:
    """Nobody waits for them now, no rule fits; a wait that begins later may hear them still."""
    bulk.update_where(Event, [{"id": pk, "state": State.UNMATCHED} for pk in ids], "t.state = 'received'")


def mark_received(event_id: UUID) -> None:
    """All that waited for it were handed it."""
    Event.objects.filter(pk=event_id, state=State.RECEIVED).update(state=State.DISPATCHED)


def mark_received_late(event_id: UUID) -> None:
    """A wait that began after it was dispatched has counted it. While it is received others may still be handed it."""
    Event.objects.filter(pk=event_id, state=State.UNMATCHED).update(state=State.DISPATCHED)


def replay(ids: list[UUID], by: str) -> int:
    """A person has mended what was wrong: what could not begin, or was dropped, is dispatched again. How many were."""
    dead = Event.objects.filter(pk__in=ids, state__in=[State.FAILED, State.DROPPED, State.IGNORED])
    return dead.update(state=State.RECEIVED, tries=0, reason=f"tried again by {by}"[:300])


def record_failure(event_id: str, now: datetime) -> None:
    """A bug of ours: tried again at the end of the queue, given up after MAX_TRIES."""
    why, received = "an error in Fynoflow itself", Event.objects.filter(pk=event_id, state=State.RECEIVED)
    with transaction.atomic():
        received.update(tries=F("tries") + 1, reason=why)
        _over(received.filter(tries__gte=MAX_TRIES), State.FAILED, why, now)


def record_risky_attempt(event_id: UUID, now: datetime) -> bool:
    """Count a try that may end the worker, before it is made. False: three did, it is given up; or it is in other
    hands now."""
    received = Event.objects.filter(pk=event_id, state=State.RECEIVED)
    with transaction.atomic():
        if not received.select_for_update(skip_locked=True).values_list("pk"):
            return False
        if received.filter(tries__lt=MAX_TRIES).update(tries=F("tries") + DEATH):
            return True
        _over(received, State.FAILED, "the worker stopped each time when it took the event in", now)
    return False
