"""Runs that waited for an event go on, in the transaction that marks it received."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from apps.events.models import Event
from apps.runs.claims.writing import all_moved, write
from apps.runs.coordination import event_waits
from apps.runs.interpreter.checkpoint import apply, write_of
from apps.runs.interpreter.interpreter import resume_with_event
from apps.runs.journal.claim_values import StartedRun
from apps.runs.journal.journal import CapacityFor, Journal, read_back
from apps.runs.models import EventWait, Run


@dataclass(frozen=True)
class Waiters:
    """Who waits, by its row: in our hands (`ours`), in others' hands now (`elsewhere`), no longer there (`gone`)."""

    ours: list[tuple[EventWait, Journal]]
    elsewhere: list[EventWait]
    gone: list[EventWait]


def resume_waiting(
    event: Event, waits: list[EventWait], now: datetime, can_send: CapacityFor
) -> tuple[list[StartedRun], bool]:
    """Carry on the runs that waited for this event; true: some are in others' hands now."""
    waiters = _waiters(waits, can_send)
    for wait, _ in waiters.ours:
        event_waits.mark_counted(wait, event.pk)
    for wait in waiters.gone:
        event_waits.mark_counted(wait, None)
    resumed = list(_resumed(event, [journal for _, journal in waiters.ours], now))
    all_moved(write([write_of(run.journal, Run.State.WAITING, None) for run in resumed]))
    return resumed, bool(waiters.elsewhere)


def _waiters(waits: list[EventWait], can_send: CapacityFor) -> Waiters:
    runs = Run.objects.filter(pk__in={wait.run_id for wait in waits}, state=Run.State.WAITING).order_by("pk")
    standing = set(runs.values_list("pk", "node", "visit"))
    unlocked = runs.select_related("version", "workspace", "event").select_for_update(of=("self",), skip_locked=True)
    journals = {(j.run.pk, j.run.node, j.run.visit): j for j in read_back(unlocked, can_send)}
    found = Waiters([], [], [])
    for wait in waits:
        where = (wait.run_id, wait.node, wait.visit)
        if where in journals:
            found.ours.append((wait, journals[where]))
        elif where in standing:
            found.elsewhere.append(wait)
        else:
            found.gone.append(wait)
    return found


def _resumed(event: Event, journals: list[Journal], now: datetime) -> Iterator[StartedRun]:
    facts = {"event": event_waits.facts_of(event)}
    for journal in journals:
        outcome = resume_with_event(journal.run.version.drawing(), journal.run.node, facts, journal, now)
        yield StartedRun(journal, apply(journal, outcome, 1, now))
