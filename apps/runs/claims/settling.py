"""The only module that writes runs, many in one commit. A change asks for the state and token that it knew."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from apps.channels import deliveries
from apps.database import bulk
from apps.database.failpoints import killpoint
from apps.database.group_commit import Doubtful, Writer, committed, insisted
from apps.egress import reach
from apps.engine.contract.decisions import Conclusion, Next, Retry, Unknown
from apps.events import store as events
from apps.events.models import Event
from apps.notifications.models import Notification
from apps.runs.claims import digest_heirs
from apps.runs.coordination import event_waits
from apps.runs.interpreter.checkpoint import CURSOR, FREE, WHOLE, change_of, columns, going_on, place, put
from apps.runs.interpreter.interpreter import Stop, journal_next, left_open, walk
from apps.runs.interpreter.interpreter import hear as heard
from apps.runs.journal.claim_values import Change, Held, Placed
from apps.runs.journal.journal import Free, Journal, read_back
from apps.runs.models import ASKED, Listening, Run, Step

RECONCILE = timedelta(seconds=120)
LEAST_S = 5.0  # so long a settle is tried even when the lease is over
POISON = 3
APART_S = 30
NOBODY_KNOWS = "no answer came any more: it may have arrived, and was not sent again"
State = Run.State
MINE = "t.state = w.was AND t.token IS NOT DISTINCT FROM w.held"


def write(changes: list[Change]) -> list[bool]:
    """Move the cursors, and for those that moved write the journal and what was said."""
    moved = bulk.move(Run, [c.cursor for c in changes], MINE, was="text", held="uuid")
    killpoint("settle.within")
    _journal([c for c in changes if c.cursor["id"] in moved])
    _pass_on([c.cursor for c in changes if c.cursor["id"] in moved])
    return [c.cursor["id"] in moved for c in changes]


def _pass_on(cursors: list[dict[str, Any]]) -> None:
    """Runs that ended before their time may leave a digest to others."""
    broken = [cursor for cursor in cursors if cursor["state"] in (State.CANCELLED, State.FAILED)]
    changes = digest_heirs.heirs([cursor["id"] for cursor in broken], broken[0]["ended_at"]) if broken else []
    if changes:
        write(changes)


def begin(placed: list[Placed]) -> None:
    """Write new runs, in the transaction that marks their events routed."""
    bulk.insert(Run, [columns(p.journal.run, WHOLE) for p in placed])
    _journal([change_of(p.journal, "", None) for p in placed])


def hear(event: Event, rows_of: list[Listening], now: datetime, free: Free) -> tuple[list[Placed], bool]:
    """Carry on the runs that waited for this event, as it is marked routed; true: some are in others' hands now."""
    runs = Run.objects.filter(pk__in={row.run_id for row in rows_of}, state=State.WAITING).order_by("pk")
    places = {(row.run_id, row.node, row.visit) for row in rows_of}
    stand = {place[0] for place in runs.values_list("pk", "node", "visit") if place in places}
    ours = runs.select_related("version", "workspace", "event").select_for_update(of=("self",), skip_locked=True)
    there = [j for j in read_back(ours, free) if (j.run.pk, j.run.node, j.run.visit) in places]
    heard_by = {j.run.pk for j in there}
    for row in rows_of:
        if row.run_id in heard_by or row.run_id not in stand:
            event_waits.hear(row, event.pk if row.run_id in heard_by else None)
    facts = {"event": event_waits.news_of(event)}
    placed = [Placed(j, place(j, heard(j.run.version.drawing(), j.run.node, facts, j, now), 1, now)) for j in there]
    all_moved(write([change_of(p.journal, State.WAITING, None) for p in placed]))
    return placed, bool(stand - heard_by)


def all_moved(moved: list[bool]) -> None:
    """Their rows are locked; if one moved all the same, nothing of this transaction may stay."""
    if not all(moved):
        raise RuntimeError("a run moved while it was locked")


def sure(writer: Writer[Any, list[Placed]], asked: Any, commit: Callable[..., Any]) -> list[Placed]:
    """What the writer placed; when its COMMIT got no answer, those whose cursor is found in the database."""
    try:
        found: list[Placed] = commit(writer, asked)
        return found
    except Doubtful as doubt:
        return [p for p in doubt.result or [] if _is_there(columns(p.journal.run, ("id", *CURSOR)))]


def settle(held: Held, conclusion: Conclusion, now: datetime) -> Held | None:
    """Journal the answer and go on, in one commit. None: the lease was lost, or there is no further call now."""
    after = _settled(held, conclusion, now)
    if _written(held, State.WORKING, now):
        killpoint("settle.after")
        return after
    late = None if isinstance(conclusion, Unknown) else _awaited(held)
    if late is None:
        return None
    was = late.run.state
    after = _settled(late, conclusion, now)
    return after if _written(late, was, now) else None


def give_back(held: Held, why: str, now: datetime) -> None:
    """Its call could not be made here: another takes it, and no try is used up."""
    due = now + timedelta(seconds=reach.AFTER_S)
    put(held.journal, state=State.READY, due_at=due, attempt=held.attempt - 1, error=why[:500], **FREE)
    _written(held, State.WORKING, now)


def fail(held: Held, error: str, now: datetime) -> None:
    """A bug of ours ends the run where the database has it; it is seen, not repeated for ever."""
    runs = Run.objects.select_related("version", "workspace", "event")
    for journal in read_back(runs.filter(pk=held.run.pk, token=held.token, state=State.WORKING)):
        journal.append(held.node, "failed", now, why=error, **_call_facts(held))
        put(journal, state=State.FAILED, error=error[:500], ended_at=now, due_at=None, **FREE)
        _written(replace(held, run=journal.run, journal=journal), State.WORKING, now)


def sweep(now: datetime, limit: int = 500) -> None:
    """Free what dead workers held, close what was never answered."""
    expired = Run.objects.filter(state=State.WORKING, lease_until__lt=now).select_related("workspace", "event")
    with transaction.atomic():  # a worker paused within a commit still locks its rows: they wait, the others do not
        free = list(expired.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True)[:limit])
    for journal in read_back(expired.filter(pk__in=free)):
        killpoint("sweep.before")
        _lose(journal, now)
        killpoint("sweep.after")
    unsettled = Run.objects.filter(state=State.RECONCILING, due_at__lte=now)
    for journal in read_back(unsettled.select_related("version", "workspace", "event")[:limit]):
        _give_up(journal, now)


def _give_up(journal: Journal, now: datetime) -> None:
    """No answer came any more: on by the outlet for that, else a person must say."""
    run, token = journal.run, journal.run.token
    target = run.version.drawing().target(run.node, "unknown")
    if target is None:
        put(journal, state=State.NEEDS_ATTENTION, due_at=None)
    else:
        journal.append(run.node, "unknown", now, attempt=run.attempt, outlet="unknown", why=NOBODY_KNOWS)
        put(journal, error="", **going_on(journal, target, now))
    committed(write, change_of(journal, State.RECONCILING, token))


def _settled(held: Held, conclusion: Conclusion, now: datetime) -> Held | None:
    journal, facts = held.journal, _call_facts(held)
    match conclusion:
        case Next() as step:
            journal_next(journal, held.node, step, now, **facts)
            put(journal, error="")
            return place(journal, _onward(held, step, now), 1, now)
        case Retry(after_s=after_s, why=why, http_status=status):
            journal.append(held.node, "retry", now, why=why, http_status=status, **facts)
            put(journal, state=State.READY, due_at=now + timedelta(seconds=after_s), error="", **FREE)
        case Unknown(why=why):
            journal.append(held.node, "lost", now, why=why, **facts)
            put(journal, state=State.RECONCILING, due_at=now + RECONCILE, error=why[:500], **FREE)
    return None


def _written(held: Held, was: str, now: datetime) -> bool:
    """Commit what its journal holds, tried again until the lease ends; if it stands, what it claimed is given out."""
    killpoint("settle.before")
    claimed = held.journal.posted()
    change = change_of(held.journal, was, held.token)
    left_s = held.lease_s - (now - held.started_at).total_seconds()
    stands = insisted(write, change, landed=lambda: _is_there(change.cursor), until_s=max(left_s, LEAST_S))
    held.journal.parcels = claimed if stands else []
    return stands


def _awaited(held: Held) -> Held | None:
    """The run anew, if somebody gave our call up as lost and nobody has decided yet: our late answer counts."""
    runs = Run.objects.select_related("version", "workspace", "event")
    for journal in read_back(runs.filter(pk=held.run.pk, token=held.token, state__in=ASKED)):
        return replace(held, run=journal.run, journal=journal)
    return None


def _is_there(cursor: dict[str, Any]) -> bool:
    known = {name: cursor[name] for name in ("id", "state", "token", "steps_done", "due_at", "ended_at")}
    return Run.objects.filter(**known).exists()


def _onward(held: Held, step: Next, now: datetime) -> Stop:
    graph = held.run.version.drawing()
    ended = left_open(graph, held.node, step)
    target = graph.target(held.node, step.outlet)
    return ended or walk(graph, target, held.journal, attempt=1, now=now, light=True)


def _journal(changes: list[Change]) -> None:
    bulk.insert(Step, [step for c in changes for step in c.steps])
    said = [said for c in changes for said in c.said]
    bulk.insert(Notification, [s.notification for s in said])
    deliveries.insert([row for s in said for row in s.deliveries])
    events.insert([entry for c in changes for entry in c.news])


def _call_facts(held: Held) -> dict[str, Any]:
    return {"attempt": held.attempt, "started_at": held.started_at, "input": held.call.call.described()}


def _apart(run: Run) -> timedelta:
    """The last try of a run is made apart from those that were lost with it: one of them may be what ends workers."""
    return timedelta(seconds=random.uniform(0, APART_S) if run.losses + 2 == POISON else 0)


def _lose(journal: Journal, now: datetime) -> None:
    run, why = journal.run, "the worker stopped during the call; it may have been received"
    token = run.token
    journal.append(run.node, "lost", now, attempt=run.attempt, why=why)
    if run.policy == "once":
        put(journal, state=State.RECONCILING, due_at=now + RECONCILE, error=why, lease_until=None)
    elif run.losses + 1 >= POISON:
        put(journal, state=State.FAILED, error=f"{why}, {POISON} times", ended_at=now, due_at=None, **FREE)
    else:
        put(journal, state=State.READY, due_at=now + _apart(run), losses=run.losses + 1, **FREE)
    committed(write, change_of(journal, State.WORKING, token))
