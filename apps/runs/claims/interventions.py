"""What a person decides about a run that cannot go on by itself, and stopping one. Each leaves a row in the journal."""

from datetime import datetime
from typing import Any, Literal, get_args
from uuid import UUID

from django.db import transaction

from apps.engine.contract.node import hurried
from apps.runs.claims.writing import write
from apps.runs.coordination import event_waits
from apps.runs.interpreter.checkpoint import LEASE_CLEARED, going_on, set_cursor, write_of
from apps.runs.journal.journal import Journal, read_back
from apps.runs.models import AWAITING_VERDICT, Run

Verdict = Literal["arrived", "again", "give-up"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
OPEN = ["ready", "working", "waiting", *AWAITING_VERDICT]


def resolve(run_id: UUID, verdict: Verdict, by: str, now: datetime) -> bool:
    """Its call arrived, is to be made again, or is given up. False: there is nothing to decide (any more)."""
    with transaction.atomic():
        for journal in _locked(run_id, AWAITING_VERDICT):
            was, token, node = journal.run.state, journal.run.token, journal.run.node
            after = _after(journal, node, verdict, by, now)
            set_cursor(journal, **{"error": "", **after, **LEASE_CLEARED})
            return _wrote(journal, was, token)
    return False


def cancel(run_id: UUID, by: str, now: datetime) -> bool:
    """Stop a run where it stands; what it said before still goes out. False: it had ended."""
    with transaction.atomic():
        for journal in _locked(run_id, OPEN):
            was, token, why = journal.run.state, journal.run.token, f"cancelled by {by}"
            journal.append(journal.run.node, "cancelled", now, why=why)
            event_waits.close(journal.run)
            set_cursor(journal, state=Run.State.CANCELLED, error=why[:500], ended_at=now, due_at=None, **LEASE_CLEARED)
            return _wrote(journal, was, token)
    return False


def end_early(run_id: UUID, code: str, why: str, now: datetime) -> bool:
    """End a run where it stands, as completed with this code: what it was for has come. False: it had ended."""
    with transaction.atomic():
        for journal in _locked(run_id, OPEN):
            was, token = journal.run.state, journal.run.token
            journal.append(journal.run.node, "done", now, why=f"it ends here: {why}")
            event_waits.close(journal.run)
            set_cursor(journal, state=Run.State.COMPLETED, code=code, ended_at=now, due_at=None, **LEASE_CLEARED)
            return _wrote(journal, was, token)
    return False


def go_on(run_id: UUID, by: str, now: datetime) -> bool:
    """End its wait before the time: an event wait leaves by *timeout*, unless its event came, and a call is tried again
    at once. False: it does not wait (any more)."""
    with transaction.atomic():
        for journal in _locked(run_id, [Run.State.WAITING, Run.State.READY]):
            run, was = journal.run, journal.run.state
            waited = journal.waits.get(run.node)
            if run.due_at is None or run.due_at <= now or (was == Run.State.WAITING and waited is None):
                return False
            if was == Run.State.WAITING:
                left = waited.model_copy(update={"hurried_by": by})
                journal.append(run.node, "waiting", now, outlet=left.outlet, why=hurried(by), output=left.output())
            else:
                journal.append(run.node, "decided", now, why=hurried(by))
            set_cursor(journal, due_at=now)
            return _wrote(journal, was, run.token)
    return False


def note(run_id: UUID, words: str, now: datetime) -> bool:
    """Write into the journal of a waiting run what a person did about it. False: it does not wait any more."""
    with transaction.atomic():
        for journal in _locked(run_id, [Run.State.WAITING]):
            journal.append(journal.run.node, "decided", now, why=words)
            set_cursor(journal)
            return _wrote(journal, Run.State.WAITING, journal.run.token)
    return False


def _locked(run_id: UUID, states: list[str]) -> list[Journal]:
    runs = Run.objects.select_related("version", "workspace", "event").select_for_update(of=("self",))
    return read_back(runs.filter(pk=run_id, state__in=states))


def _wrote(journal: Journal, was: str, token: UUID | None) -> bool:
    return write([write_of(journal, was, token)])[0]


def _after(journal: Journal, node: str, verdict: Verdict, by: str, now: datetime) -> dict[str, Any]:
    why = f"{by} decided: {verdict}"
    match verdict:
        case "arrived":
            return _arrived(journal, node, why, now)
        case "again":
            journal.append(node, "decided", now, why=why)
            return {"state": Run.State.READY, "due_at": now, "losses": 0}
        case "give-up":
            journal.append(node, "decided", now, why=why)
            ended = {"ended_at": now, "due_at": None, "code": "given_up"}
            return {"state": Run.State.FAILED, "error": f"{node}: given up by {by}"[:500], **ended}


def _arrived(journal: Journal, node: str, why: str, now: datetime) -> dict[str, Any]:
    """Go on as after a success whose answer nobody read."""
    graph = journal.run.version.drawing()
    journal.append(node, "done", now, outlet="success", why=why)
    target = graph.target(node, "success")
    if target is None:
        return {"state": Run.State.COMPLETED, "code": "done", "ended_at": now, "due_at": None}
    return going_on(journal, target, now)
