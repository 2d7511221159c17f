"""Where a run stands after a walk: its cursor and what is to be written of it. Writes nothing: see `claims`."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from apps.channels import deliveries
from apps.events.launched import LAUNCHED
from apps.runs.coordination import subworkflows
from apps.runs.interpreter.interpreter import AtAsk, AtCall, AtWait, Ended, Outcome, Yielded
from apps.runs.journal.claim_values import ClaimedCall, RunWrite
from apps.runs.journal.journal import Journal
from apps.runs.models import Run

MIN_LEASE_S, MARGIN_S = 60, 45  # a lease ends so long after the call must have
State = Run.State
LEASE_CLEARED: dict[str, Any] = {"token": None, "lease_until": None}
CURSOR = (
    *("state", "node", "visit", "attempt", "losses", "policy", "token", "lease_until"),
    *("due_at", "steps_done", "code", "error", "ended_at"),
)
WHOLE = tuple(f.column for f in Run._meta.concrete_fields)


def apply(journal: Journal, stop: Outcome, attempt: int, now: datetime) -> ClaimedCall | None:
    """Put the cursor where the walk stopped."""
    journal.claim_deliveries(now)
    if isinstance(stop, AtCall):
        return _working(journal, stop, attempt if journal.run.node == stop.node else 1, now)
    visit = journal.visits[getattr(stop, "node", "")] + 1
    fresh = {"visit": visit, "attempt": 0, "losses": 0, **LEASE_CLEARED}
    match stop:
        case AtWait(node=node, until=until):
            set_cursor(journal, state=State.WAITING, node=node, due_at=until, **fresh)
        case AtAsk(node=node):
            set_cursor(journal, **going_on(journal, node, now))
        case Yielded(node=node, after_s=after_s):
            due_at = now + timedelta(seconds=after_s)
            set_cursor(journal, state=State.READY, node=node, due_at=due_at, **fresh)
        case Ended(failed=failed, code=code, error=error):
            state = State.FAILED if failed else State.COMPLETED
            set_cursor(journal, state=state, code=code, error=error, ended_at=now, due_at=None, **LEASE_CLEARED)
    return None


def _working(journal: Journal, stop: AtCall, attempt: int, now: datetime) -> ClaimedCall:
    token, lease_s = uuid.uuid4(), max(stop.call.call.timeout_s + MARGIN_S, MIN_LEASE_S)
    lease = {"token": token, "lease_until": now + timedelta(seconds=lease_s), "due_at": None}
    where = {"node": stop.node, "visit": journal.visits[stop.node] + 1, "attempt": attempt}
    if (journal.run.node, journal.run.visit) != (where["node"], where["visit"]):
        where["losses"] = 0  # the blocks before it were passed
    set_cursor(journal, state=State.WORKING, policy=Run.Policy[stop.call.policy.upper()], **where, **lease)
    return ClaimedCall(journal.run, token, journal, stop.node, stop.block, stop.call, attempt, now, lease_s)


def going_on(journal: Journal, target: str, now: datetime) -> dict[str, Any]:
    """The cursor of a run that is due at another node."""
    visit = journal.visits[target] + 1
    return {
        "state": State.READY,
        "node": target,
        "visit": visit,
        "attempt": 0,
        "losses": 0,
        "due_at": now,
        **LEASE_CLEARED,
    }


def set_cursor(journal: Journal, **cursor: Any) -> None:
    """Set columns of its cursor; written with its journal."""
    for name, value in cursor.items():
        setattr(journal.run, name, value)
    journal.run.steps_done = journal.seq


def write_of(journal: Journal, was: str, held: uuid.UUID | None) -> RunWrite:
    """Take what is to be written out of the journal. A run that another started tells that it is over."""
    cursor = {**columns(journal.run, ("id", *CURSOR)), "was": was, "held": held}
    if journal.run.ended_at is not None and journal.run.event.kind == LAUNCHED:
        journal.new_events.append(subworkflows.ended(journal.run, journal.run.ended_at))
    change = RunWrite(cursor, journal.steps, journal.said, journal.new_events)
    unsent = any(deliveries.is_due(row) for said in journal.said for row in said.deliveries)
    journal.has_more_work = unsent or journal.launched or bool(journal.new_events) or cursor["due_at"] is not None
    journal.steps, journal.said, journal.new_events, journal.launched = [], [], [], False
    return change


def columns(run: Run, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(run, name) for name in names}
