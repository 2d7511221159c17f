"""Takes runs that are due and carries them to where they must stop."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from apps.database import bulk
from apps.database.failpoints import failpoint
from apps.database.fair_share import Group, take_fairly
from apps.egress import reach
from apps.engine.values.budget import COUNTED, Account, budget
from apps.runs.claims.due import due, workspaces_with_due_runs
from apps.runs.claims.read_ahead import ReadAhead, checkpointed, claimed, read_ahead
from apps.runs.claims.turns import AT_ONCE, lightest_first, turn
from apps.runs.claims.writing import all_moved, write
from apps.runs.coordination import event_waits
from apps.runs.interpreter.checkpoint import write_of
from apps.runs.interpreter.interpreter import Outcome, resume_on_timer, walk
from apps.runs.journal.claim_values import ClaimedCall, RunRequest, StartedRun
from apps.runs.journal.journal import CapacityFor, Journal, read_back
from apps.runs.models import Run

AS_READ = ("state", "token", "steps_done", "due_at")
State = Run.State


@dataclass(frozen=True)
class Taken:
    """A run that is due, carried on; and its cursor as it was read. `listens`: it waited for an event, too."""

    walked: ReadAhead
    was: dict[str, object]
    listens: bool
    now: datetime


def claim(run_id: str, now: datetime) -> ClaimedCall | None:
    """Take a due run and walk to its next call. None: somebody else has it, or it needs no call now."""
    found = claimed(_walked, _written, RunRequest(limit=1, capacities={}, now=now, only=run_id))
    return found[0].held if found else None


def claim_due(limit: int, now: datetime, capacity_for: CapacityFor, can_send: CapacityFor) -> list[StartedRun]:
    """Take runs that are due, of each workspace its part, oldest first."""
    capacities = {workspace: capacity_for(workspace) for workspace in workspaces_with_due_runs(now) if workspace}
    if not any(capacities.values()):
        return []
    found = claimed(_walked, _written, RunRequest(limit=limit, capacities=capacities, now=now, can_send=can_send))
    if found:
        failpoint("claim.after")
    return found


def claim_suspect(run_id: UUID, now: datetime, can_send: CapacityFor) -> list[StartedRun]:
    """Take one run whose try `record_risky_attempt` has counted; what it lived through counts no more."""
    return claimed(
        _walked, _written, RunRequest(limit=1, capacities={}, now=now, can_send=can_send, only=str(run_id), suspected=1)
    )


def _walked(asked: RunRequest) -> list[Taken]:
    found, taken_before = due(asked.now), reach.left()

    def take(group: Group, most: int) -> list[Taken]:
        with turn(group):
            some = _some(found.filter(workspace=group).exclude(pk__in=taken_before), most, asked, work)
        taken_before.extend(one.walked.journal.run.pk for one in some)
        return some

    with budget(COUNTED) as work:
        if asked.only:
            return _some(found.filter(pk=asked.only), 1, asked, work)
        return take_fairly(asked.limit, asked.capacities, take, lightest_first)


def _some(runs: QuerySet[Run], most: int, asked: RunRequest, work: Account) -> list[Taken]:
    """What is left when much was done is taken in the next round."""
    found = runs.select_related("version", "workspace", "event").select_for_update(of=("self",), skip_locked=True)
    carried: list[Taken] = []
    for journal in read_back(found[:most], asked.can_send) if work.spent < AT_ONCE else []:
        if work.spent < AT_ONCE:
            carried.append(_carried(journal, asked))
    return carried


def _carried(journal: Journal, asked: RunRequest) -> Taken:
    run = journal.run
    was = {name: getattr(run, name) for name in AS_READ}
    listens = run.node in journal.waits and journal.waits[run.node].listens
    run.losses -= asked.suspected
    attempt = 1 if run.state == State.WAITING else run.attempt + 1
    stop = _stop(journal, attempt, asked.now)
    return Taken(read_ahead(journal, stop, attempt, asked.now), was, listens, asked.now)


def _stop(journal: Journal, attempt: int, now: datetime) -> Outcome:
    run, graph = journal.run, journal.run.version.drawing()
    if run.state == State.WAITING:
        return resume_on_timer(graph, run.node, journal, now)
    return walk(graph, run.node or None, journal, attempt=attempt, now=now)


def _written(found: list[Taken]) -> list[StartedRun]:
    there = _as_read(found) if bulk.is_sqlite() else found
    done = [_placed(one) for one in there]
    all_moved(write([write_of(p.journal, str(one.was["state"]), None) for p, one in zip(done, there, strict=True)]))
    return done


def _as_read(found: list[Taken]) -> list[Taken]:
    """Those that nobody has moved since."""
    asked = Run.objects.filter(pk__in=[one.walked.journal.run.pk for one in found])
    stand = {row.pop("pk"): row for row in asked.values("pk", *AS_READ)}
    return [one for one in found if stand.get(one.walked.journal.run.pk) == one.was]


def _placed(one: Taken) -> StartedRun:
    done = checkpointed(one.walked, one.now)
    before, run = one.walked.journal.run, done.journal.run
    if one.listens and (run.state, run.node, run.visit) != (State.WAITING, before.node, before.visit):
        event_waits.close(run, node=before.node, visit=before.visit)
    return done
