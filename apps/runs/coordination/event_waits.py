"""Runs that wait for an event, and events that find them; each run counts an event once.

A wait is found by one key made of all that the event must have, so the order of the conditions is nothing and a
million waits are one look into an index. What an event can be asked for is what open waits of its name ask for.
"""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from apps.common.ids import first_id, ordered_id
from apps.database import bulk
from apps.engine.contract.decisions import AwaitEvent
from apps.engine.values.data import RunData
from apps.engine.values.paths import MISSING, segments
from apps.engine.values.to_text import to_text
from apps.events import store as events
from apps.events.correlation_keys import correlation_key, correlation_keys_of
from apps.events.firing import FIRED
from apps.events.launched import ENDED
from apps.events.models import Event, SearchTerm
from apps.runs.journal.journal import Journal
from apps.runs.models import EventWait, Run, hashed

AWAITABLE = (FIRED, ENDED)
BETWEEN = "\x1f"
MOST_EARLY = 20  # their marks say that they fit: the first one does
SKEW = timedelta(days=1)  # of ids, which the makers' own clocks give
FEW = 200  # events that have a value: a rarer one is not looked for
# Jumps from one set of paths to the next in the index of open waits.
_PATHS_ASKED_FOR = """
WITH RECURSIVE p(paths) AS (
  SELECT MIN(paths) FROM runs_listening WHERE open AND workspace_id = %s AND environment = %s AND name = %s
  UNION ALL SELECT (
    SELECT MIN(paths) FROM runs_listening
    WHERE open AND workspace_id = %s AND environment = %s AND name = %s AND paths > p.paths
  ) FROM p WHERE p.paths IS NOT NULL
) SELECT paths FROM p WHERE paths IS NOT NULL
"""


def await_event(asked: AwaitEvent, node: str, journal: Journal) -> dict[str, Any]:
    """An event that came since the run's own, or a row by which the next one finds the run: `event`."""
    run = journal.run
    place = {"run_id": run.pk, "node": node, "visit": journal.visits[node] + 1}
    row = EventWait.objects.filter(**place, open=True).first() or register(asked, journal, place)
    if not row.paths:
        _key(row)
    early = _early(row, run)
    if early is None:
        return {"event": None}
    mark_counted(row, early.pk)
    events.mark_received_late(early.pk)
    return {"event": facts_of(early)}


def register(asked: AwaitEvent, journal: Journal, place: dict[str, Any]) -> EventWait:
    run = journal.run
    close(run)  # it stands in one place: whatever it waited for before, it has left
    facts = {"environment": run.environment, "name": asked.name, "match": asked.match}
    row = EventWait(id=ordered_id(), workspace_id=run.workspace_id, **place, **facts)
    row.paths, row.key_hash = _paths(asked.match), _whole(asked.match)
    row.save(force_insert=True)
    return row


class EventReader:
    """What an event says, as text by path: each is read once."""

    def __init__(self, event: Event) -> None:
        self.event, self._data, self._texts = event, RunData(trigger=event.body), dict[str, str | None]()

    def text(self, path: str) -> str | None:
        """None where the event has nothing."""
        if path not in self._texts:
            value = self._data.lookup(f"trigger.{path}")
            self._texts[path] = None if value is MISSING else to_text(value)
        return self._texts[path]

    def fits(self, row: EventWait) -> bool:
        return all(text and self.text(path) == text for path, text in row.match.items())


def keys_for(told: EventReader) -> list[str]:
    """The keys of all waits that it could end, by what waits of its name ask for now: read before the commit.

    A wait that begins meanwhile finds the event by itself, as an early one.
    """
    event, keys = told.event, list[str]()
    for (paths,) in bulk.read(_PATHS_ASKED_FOR, [event.workspace_id, event.environment, event.source_id] * 2):
        texts = {path: told.text(path) for path in paths.split(BETWEEN)} if paths else {}
        if paths and None not in texts.values():
            keys.append(_whole({path: text or "" for path, text in texts.items()}))
        if not paths:  # of a worker from before this key was there
            keys += correlation_keys_of(event.source_id, event.body)
    return keys


def waiting_for(told: EventReader, keys: list[str], limit: int) -> list[EventWait]:
    """Open waits that this event ends, at most `limit`; a run that has counted it waits for another."""
    event = told.event
    where = {"environment": event.environment, "name": event.source_id, "open": True}
    found = EventWait.objects.of(event.workspace).filter(**where, key_hash__in=keys)
    fits = found.filter(~Exists(EventWait.objects.filter(run=OuterRef("run"), event_id=event.pk)))
    return [row for row in fits.order_by("pk")[:limit] if told.fits(row)]


def _paths(match: dict[str, str]) -> str:
    return BETWEEN.join(sorted(match))


def _whole(match: dict[str, str]) -> str:
    return hashed(*(part for path in sorted(match) for part in (path, match[path])))


def _key(row: EventWait) -> None:
    """Of a worker from before it had one."""
    row.paths, row.key_hash = _paths(row.match), _whole(row.match)
    row.save(update_fields=["paths", "key_hash"])


def mark_counted(row: EventWait, event_id: UUID | None) -> None:
    EventWait.objects.filter(pk=row.pk, open=True).update(open=False, event_id=event_id)


def close(run: Run, **at: Any) -> None:
    """It waits no more, or no more `at` that visit of a node."""
    EventWait.objects.filter(run=run, open=True, **at).update(open=False)


def was_counted(event_id: UUID) -> bool:
    return EventWait.objects.filter(event_id=event_id).exists()


def facts_of(event: Event) -> dict[str, Any]:
    """What the block learns of an event."""
    return {"event_id": str(event.pk), "name": event.source_id, "data": event.body}


def _dotted(path: str) -> str:
    """As the keys of events have it."""
    return ".".join(str(part) for part in segments(path))


def _early(row: EventWait, run: Run) -> Event | None:
    """The first event since the run's own that fits and that it has not counted."""
    where = {"environment": run.environment, "source_id": row.name, "received_at__gte": run.event.received_at}
    found = Event.objects.of(run.workspace).filter(pk__in=_rarest(row, run), **where)
    counted = EventWait.objects.filter(run=run, event_id=OuterRef("pk"))
    first = found.exclude(Exists(counted)).order_by("received_at")[:MOST_EARLY]
    return next((event for event in first if EventReader(event).fits(row)), None)


def _rarest(row: EventWait, run: Run) -> QuerySet[Any]:
    """The ids of events that have all the values, found by the one that fewest have."""
    since = first_id(run.event.received_at - SKEW)
    marked = SearchTerm.objects.of(run.workspace).filter(event_id__gte=since)
    keys = [correlation_key(row.name, _dotted(path), text) for path, text in row.match.items()]
    by = min(keys, key=lambda key: len(marked.filter(word=key).values_list("pk")[:FEW])) if len(keys) > 1 else keys[0]
    others = [Exists(marked.filter(word=key, event_id=OuterRef("event_id"))) for key in keys if key != by]
    return marked.filter(*others, word=by).values("event_id")
