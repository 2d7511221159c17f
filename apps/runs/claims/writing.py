"""The only module that writes runs, many in one commit. A write asks for the state and token that it knew."""

from typing import Any

from apps.channels import deliveries
from apps.database import bulk, leases
from apps.database.failpoints import failpoint
from apps.events import store as events
from apps.notifications.models import Notification
from apps.runs.claims import digest_heirs
from apps.runs.interpreter.checkpoint import (
    CURSOR,
    WHOLE,
    columns,
    write_of,
)
from apps.runs.journal.claim_values import RunWrite, StartedRun
from apps.runs.models import Run, Step

State = Run.State


def write(changes: list[RunWrite]) -> list[bool]:
    """Move the cursors, and for those that moved write the journal and what was said."""
    moved = leases.move(Run, [c.cursor for c in changes])
    failpoint("settle.within")
    _journal([c for c in changes if c.cursor["id"] in moved])
    _pass_on([c.cursor for c in changes if c.cursor["id"] in moved])
    return [c.cursor["id"] in moved for c in changes]


def _pass_on(cursors: list[dict[str, Any]]) -> None:
    """Runs that ended before their time may leave a digest to others."""
    broken = [cursor for cursor in cursors if cursor["state"] in (State.CANCELLED, State.FAILED)]
    changes = digest_heirs.heirs([cursor["id"] for cursor in broken], broken[0]["ended_at"]) if broken else []
    if changes:
        write(changes)


def begin(placed: list[StartedRun]) -> None:
    """Write new runs, in the transaction that marks their events dispatched."""
    bulk.insert(Run, [columns(p.journal.run, WHOLE) for p in placed])
    _journal([write_of(p.journal, "", None) for p in placed])


def all_moved(moved: list[bool]) -> None:
    """Their rows are locked; if one moved all the same, nothing of this transaction may stay."""
    if not all(moved):
        raise RuntimeError("a run moved while it was locked")


def those_there(placed: list[StartedRun]) -> list[StartedRun]:
    """Those whose cursor is found in the database."""
    return [p for p in placed if is_there(columns(p.journal.run, ("id", *CURSOR)))]


def is_there(cursor: dict[str, Any]) -> bool:
    known = {name: cursor[name] for name in ("id", "state", "token", "steps_done", "due_at", "ended_at")}
    return Run.objects.filter(**known).exists()


def _journal(changes: list[RunWrite]) -> None:
    bulk.insert(Step, [step for c in changes for step in c.steps])
    said = [said for c in changes for said in c.said]
    bulk.insert(Notification, [s.notification for s in said])
    deliveries.insert_deliveries([row for s in said for row in s.deliveries])
    events.insert_events([entry for s in said for entry in s.events])
    events.insert_events([entry for c in changes for entry in c.new_events])
