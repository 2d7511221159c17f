"""What dead workers held is freed; what was never answered is closed."""

import random
from datetime import datetime, timedelta

from apps.database import leases
from apps.database.failpoints import failpoint
from apps.database.group_commit import commit
from apps.runs.claims import settling
from apps.runs.claims.writing import write
from apps.runs.interpreter.checkpoint import (
    LEASE_CLEARED,
    going_on,
    set_cursor,
    write_of,
)
from apps.runs.journal.journal import Journal, read_back
from apps.runs.models import Run

State = Run.State
POISON = 3
APART_S = 30
NOBODY_KNOWS = "no answer came any more: it may have arrived, and was not sent again"


def reclaim_expired_leases(now: datetime, limit: int = 500) -> None:
    """Free what dead workers held, close what was never answered."""
    working = Run.objects.filter(state=State.WORKING)
    expired = working.filter(pk__in=leases.expired(working, now, limit), lease_until__lt=now)
    for journal in read_back(expired.select_related("workspace", "event")):
        failpoint("reclaim.before")
        _lose(journal, now)
        failpoint("reclaim.after")
    unsettled = Run.objects.filter(state=State.RECONCILING, due_at__lte=now)
    for journal in read_back(unsettled.select_related("version", "workspace", "event")[:limit]):
        _give_up(journal, now)


def _give_up(journal: Journal, now: datetime) -> None:
    """No answer came any more: on by the outlet for that, else a person must say."""
    run, token = journal.run, journal.run.token
    target = run.version.drawing().target(run.node, "unknown")
    if target is None:
        set_cursor(journal, state=State.NEEDS_ATTENTION, due_at=None)
    else:
        journal.append(run.node, "unknown", now, attempt=run.attempt, outlet="unknown", why=NOBODY_KNOWS)
        set_cursor(journal, error="", **going_on(journal, target, now))
    commit(write, write_of(journal, State.RECONCILING, token))


def _apart(run: Run) -> timedelta:
    """The last try of a run is made apart from those that were lost with it: one of them may be what ends workers."""
    return timedelta(seconds=random.uniform(0, APART_S) if run.losses + 2 == POISON else 0)


def _lose(journal: Journal, now: datetime) -> None:
    run, why = journal.run, "the worker stopped during the call; it may have been received"
    token = run.token
    journal.append(run.node, "lost", now, attempt=run.attempt, why=why)
    if run.policy == Run.Policy.AT_MOST_ONCE:
        set_cursor(journal, state=State.RECONCILING, due_at=now + settling.RECONCILE, error=why, lease_until=None)
    elif run.losses + 1 >= POISON:
        error = f"{why}, {POISON} times"
        set_cursor(journal, state=State.FAILED, error=error, ended_at=now, due_at=None, **LEASE_CLEARED)
    else:
        set_cursor(journal, state=State.READY, due_at=now + _apart(run), losses=run.losses + 1, **LEASE_CLEARED)
    commit(write, write_of(journal, State.WORKING, token))
