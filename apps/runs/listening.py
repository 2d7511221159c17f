"""Runs that wait for an event, and events that find them; each run counts an event once."""

from typing import Any
from uuid import UUID

from apps.common.ids import ordered_id
from apps.engine.data import MISSING, RunData
from apps.engine.decisions import Listen
from apps.engine.shown import shown
from apps.events import transitions as events
from apps.events.finding import key_of, keys_of
from apps.events.firing import FIRED
from apps.events.models import Event, Mark
from apps.runs.journal import Journal
from apps.runs.models import Run
from apps.runs.shared import Listening

PAGE = 500
ENDED = "run.ended"
HEARD = (FIRED, ENDED)


def listen(asked: Listen, journal: Journal, node: str) -> dict[str, Any]:
    """An event that came since the run's own, or a row by which the next one finds the run: `event`."""
    run = journal.run
    place = {"run_id": run.pk, "node": node, "visit": journal.visits[node] + 1}
    row = Listening.objects.filter(**place, open=True).first() or opened(asked, journal, place)
    early = _early(row, run)
    if early is None:
        return {"event": None}
    hear(row, early.pk)
    events.hear(early.pk)
    return {"event": told(early)}


def opened(asked: Listen, journal: Journal, place: dict[str, Any]) -> Listening:
    run = journal.run
    stop(run)  # it stands in one place: whatever it waited for before, it has left
    key = key_of(asked.name, *next(iter(asked.match.items())))
    facts = {"environment": run.environment, "name": asked.name, "match": asked.match, "key_hash": key}
    row = Listening(id=ordered_id(), workspace_id=run.workspace_id, **place, **facts)
    row.save(force_insert=True)
    return row


def waiting_for(event: Event, limit: int) -> list[Listening]:
    """The open waits that this event ends, at most `limit`."""
    where = {"environment": event.environment, "name": event.source_id, "open": True}
    keys = keys_of(event.source_id, event.body)
    found = Listening.objects.of(event.workspace).filter(**where, key_hash__in=keys).order_by("pk")
    fitting: list[Listening] = []
    page = list(found[:PAGE])
    while page and len(fitting) < limit:
        fitting += [row for row in page if _fits(row, event.body)]
        page = list(found.filter(pk__gt=page[-1].pk)[:PAGE])
    return fitting[:limit]


def hear(row: Listening, event_id: UUID | None) -> None:
    Listening.objects.filter(pk=row.pk, open=True).update(open=False, event_id=event_id)


def stop(run: Run, **at: Any) -> None:
    """It waits no more, or no more `at` that visit of a node."""
    Listening.objects.filter(run=run, open=True, **at).update(open=False)


def was_heard(event_id: UUID) -> bool:
    return Listening.objects.filter(event_id=event_id).exists()


def told(event: Event) -> dict[str, Any]:
    """What the block learns of an event."""
    return {"event_id": str(event.pk), "name": event.source_id, "data": event.body}


def _early(row: Listening, run: Run) -> Event | None:
    marked = Mark.objects.of(run.workspace).filter(word=row.key_hash).order_by("event_id")
    counted = Listening.objects.filter(run=run, event_id__isnull=False).values_list("event_id", flat=True)
    where = {"environment": run.environment, "source_id": row.name, "received_at__gte": run.event.received_at}
    found = Event.objects.of(run.workspace).filter(pk__in=marked.values("event_id"), **where)
    fitting = (event for event in found.order_by("received_at").exclude(pk__in=[*counted]) if _fits(row, event.body))
    return next(fitting, None)


def _fits(row: Listening, body: dict[str, Any]) -> bool:
    data = RunData(trigger=body)
    return all(_same(data.lookup(f"trigger.{path}"), text) for path, text in row.match.items())


def _same(value: Any, text: str) -> bool:
    return value is not MISSING and shown(value) == text
