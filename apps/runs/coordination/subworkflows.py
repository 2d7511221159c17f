"""A run starts another workflow: its event is written in the run's own commit."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from apps.common.trouble import Refused
from apps.engine.contract.decisions import AwaitEvent, StartSubworkflow
from apps.events import launched
from apps.events import store as events
from apps.events.entries import EventRow
from apps.events.launched import ENDED, LAUNCHED
from apps.events.models import Event
from apps.events.search_terms import search_words_of
from apps.runs.coordination.event_waits import register
from apps.runs.journal.journal import Journal
from apps.runs.models import Run
from apps.triggers import ingest
from apps.workflows.models import Workflow

MAX_DEPTH, MAX_BREADTH = 5, 1000


NewSubworkflow = EventRow | Refused


def new_subworkflow(asked: StartSubworkflow, run: Run, now: datetime) -> NewSubworkflow:
    """The event that starts the other workflow, or why there is none: its data is read before the commit."""
    try:
        return _entry(asked, run, now)
    except Refused as trouble:
        return trouble


def start(asked: StartSubworkflow, node: str, made: NewSubworkflow, journal: Journal) -> dict[str, Any]:
    """Fire the other workflow's trigger with this data: `request_id`. Raises Refused."""
    run = journal.run
    if run.event.depth >= MAX_DEPTH:
        raise Refused(f"workflows start each other at most {MAX_DEPTH} deep: this run is a loop")
    _check_breadth(run)
    if isinstance(made, Refused):
        raise made
    events.insert_events([made])  # at once, so that those of the same commit are counted
    journal.launched = True
    request_id = str(made.event["id"])
    if asked.listens:
        place = {"run_id": run.pk, "node": node, "visit": journal.visits[node] + 1}
        register(AwaitEvent(name=ENDED, match={"request_id": request_id}), journal, place)
    return {"request_id": request_id}


def _check_breadth(run: Run) -> None:
    """What one event from outside sets going, however it branches, has an end."""
    if Event.objects.filter(root=_root(run))[:MAX_BREADTH].count() >= MAX_BREADTH:
        raise Refused(f"one request starts at most {MAX_BREADTH} workflows, those that they start included")


def _root(run: Run) -> UUID:
    root: UUID = run.event.root or run.event_id
    return root


def _entry(asked: StartSubworkflow, run: Run, now: datetime) -> EventRow:
    named = Q(slug=asked.workflow) | Q(name=asked.workflow)  # by its name where it came after what starts it
    found = Workflow.objects.of(run.workspace).filter(named).select_related("trigger").first()
    if found is None:
        raise Refused(f"there is no workflow {asked.workflow!r} in this workspace: pick another")
    _, fired = ingest.prepared(found.trigger, run.environment, asked.data)
    where = {"workspace_id": run.workspace_id, "environment": run.environment}
    source = {"kind": LAUNCHED, "source_kind": "run", "source_id": str(found.trigger_id)}
    lineage = {"depth": run.event.depth + 1, "root": _root(run), "person_id": run.person_id}
    return EventRow.new(now, search_words_of(fired.body), body=fired.body, **lineage, **where, **source)


def ended(run: Run, now: datetime) -> EventRow:
    """The news that a run which another started is over."""
    event = {"id": run.event_id, "workspace_id": run.workspace_id, "environment": run.environment}
    return launched.ended(event, now, status=str(run.state), code=run.code, error=run.error)
