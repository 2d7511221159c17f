"""What comes of a call: its answer is written, and the run goes on, waits or ends."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from apps.database import leases
from apps.database.failpoints import failpoint
from apps.egress import reach
from apps.engine.contract.decisions import Conclusion, Next, Retry, Unknown
from apps.runs.claims.writing import is_there, write
from apps.runs.interpreter.checkpoint import (
    LEASE_CLEARED,
    apply,
    set_cursor,
    write_of,
)
from apps.runs.interpreter.interpreter import Outcome, journal_next, left_open, walk
from apps.runs.journal.claim_values import ClaimedCall
from apps.runs.journal.journal import read_back
from apps.runs.models import AWAITING_VERDICT, Run

RECONCILE = timedelta(seconds=120)
State = Run.State


def settle(held: ClaimedCall, conclusion: Conclusion, now: datetime) -> ClaimedCall | None:
    """Journal the answer and go on, in one commit. None: the lease was lost, or there is no further call now."""
    after = _settled(held, conclusion, now)
    if _written(held, State.WORKING, now):
        failpoint("settle.after")
        return after
    late = None if isinstance(conclusion, Unknown) else _awaited(held)
    if late is None:
        return None
    was = late.run.state
    after = _settled(late, conclusion, now)
    return after if _written(late, was, now) else None


def give_back(held: ClaimedCall, why: str, now: datetime) -> None:
    """Its call could not be made here: another takes it, and no try is used up."""
    due = now + timedelta(seconds=reach.AFTER_S)
    set_cursor(held.journal, state=State.READY, due_at=due, attempt=held.attempt - 1, error=why[:500], **LEASE_CLEARED)
    _written(held, State.WORKING, now)


def fail(held: ClaimedCall, error: str, now: datetime) -> None:
    """A bug of ours ends the run where the database has it; it is seen, not repeated for ever."""
    runs = Run.objects.select_related("version", "workspace", "event")
    for journal in read_back(runs.filter(pk=held.run.pk, token=held.token, state=State.WORKING)):
        journal.append(held.node, "failed", now, why=error, **_call_facts(held))
        set_cursor(journal, state=State.FAILED, error=error[:500], ended_at=now, due_at=None, **LEASE_CLEARED)
        _written(replace(held, run=journal.run, journal=journal), State.WORKING, now)


def _settled(held: ClaimedCall, conclusion: Conclusion, now: datetime) -> ClaimedCall | None:
    journal, facts = held.journal, _call_facts(held)
    match conclusion:
        case Next() as step:
            journal_next(journal, held.node, step, now, **facts)
            set_cursor(journal, error="")
            return apply(journal, _onward(held, step, now), 1, now)
        case Retry(after_s=after_s, why=why, http_status=status):
            journal.append(held.node, "retry", now, why=why, http_status=status, **facts)
            set_cursor(journal, state=State.READY, due_at=now + timedelta(seconds=after_s), error="", **LEASE_CLEARED)
        case Unknown(why=why):
            journal.append(held.node, "lost", now, why=why, **facts)
            set_cursor(journal, state=State.RECONCILING, due_at=now + RECONCILE, error=why[:500], **LEASE_CLEARED)
    return None


def _written(held: ClaimedCall, was: str, now: datetime) -> bool:
    """Commit what its journal holds, tried again until the lease ends; if it stands, what it claimed is given out."""
    failpoint("settle.before")
    claimed = held.journal.pop_deliveries()
    change = write_of(held.journal, was, held.token)
    left_s = held.lease_s - (now - held.started_at).total_seconds()
    stands = leases.settle(write, change, is_settled=lambda: is_there(change.cursor), left_s=left_s)
    held.journal.claimed_deliveries = claimed if stands else []
    return stands


def _awaited(held: ClaimedCall) -> ClaimedCall | None:
    """The run anew, if somebody gave our call up as lost and nobody has decided yet: our late answer counts."""
    runs = Run.objects.select_related("version", "workspace", "event")
    for journal in read_back(runs.filter(pk=held.run.pk, token=held.token, state__in=AWAITING_VERDICT)):
        return replace(held, run=journal.run, journal=journal)
    return None


def _onward(held: ClaimedCall, step: Next, now: datetime) -> Outcome:
    graph = held.run.version.drawing()
    ended = left_open(graph, held.node, step)
    target = graph.target(held.node, step.outlet)
    return ended or walk(graph, target, held.journal, attempt=1, now=now, light=True)


def _call_facts(held: ClaimedCall) -> dict[str, Any]:
    return {"attempt": held.attempt, "started_at": held.started_at, "input": held.call.call.described()}
