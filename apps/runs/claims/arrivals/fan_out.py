"""One thing that happened at a source starts every workflow whose rule it fits: an event for each, in one commit.

Each of these is then taken up by itself: a paused workflow keeps its own waiting, a broken one fails alone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from apps.database import bulk, wakeups
from apps.database.failpoints import failpoint
from apps.events import store
from apps.events.entries import EventRow
from apps.events.messages import MESSAGE_TOLD
from apps.events.models import Event
from apps.events.sources import OCCURRED
from apps.people.finding import find_people
from apps.runs.claims.arrivals.entries import enters
from apps.runs.claims.arrivals.exits import end_journeys
from apps.runs.claims.arrivals.source_facts import listening_rule, name_of_source
from apps.sources.contract import Fired
from apps.sources.lifecycle import heard_key
from apps.sources.registry import DOORS
from apps.sources.source_rule import FiredRule, index_key

FIRED = "trigger.fired"
TELLING = (OCCURRED, MESSAGE_TOLD)
MOST = 1000
Key = tuple[str, str]  # environment, and the key of a rule
_FITTING = "SELECT environment, key, trigger_id, CAST(settings AS text) FROM triggers_subscription WHERE {keys}"


def asks_to_forget(event: Event) -> bool:
    """Whether it starts nothing, and asks to forget somebody."""
    door = DOORS.get(event.source_kind)
    return door is not None and door.asks_to_forget(event.body)


@dataclass(frozen=True)
class WorkflowStart:
    """A workflow that is to begin by its trigger, with this data."""

    trigger_id: int
    rule: FiredRule
    body: dict[str, Any]


Starts = dict[UUID, list[WorkflowStart]]


def starts_of(events: list[Event]) -> Starts:
    """The workflows that each of these starts, at most 1,000; one query for all. What asks to forget somebody is not
    among them."""
    telling = [event for event in events if event.kind in TELLING and not asks_to_forget(event)]
    keys = {event.pk: _keys(event) for event in telling}
    fitting = _fitting({key for found in keys.values() for key in found})
    return {event.pk: _starts(event, keys[event.pk], fitting) for event in telling}


def fan_out(found: list[tuple[Event, list[WorkflowStart]]], now: datetime) -> None:
    """Write an event for each workflow that one of them starts; called in the commit that marks them dispatched."""
    for event, _ in found:
        if event.kind == MESSAGE_TOLD:
            end_journeys(event, now)
    rows = {event.pk: _let_in(event, starts, now) for event, starts in found}
    store.mark_unmatched([event.pk for event, _ in found if not rows[event.pk]])
    if any(rows.values()):
        store.insert_events([row for some in rows.values() for row in some])
        failpoint("fan.within")
        store.dispatch([event.pk for event, _ in found if rows[event.pk]])
        transaction.on_commit(wakeups.wake)


def _let_in(event: Event, starts: list[WorkflowStart], now: datetime) -> list[EventRow]:
    """An event for each workflow whose rules of entry it passes."""
    rows = [(start.rule, _fired(event, start, now)) for start in starts]
    return [row for rule, row in rows if _passes(rule, event, row, now)]


def _passes(rule: FiredRule, event: Event, row: EventRow, now: datetime) -> bool:
    if not rule.lets_in(event.body, now):
        return False
    identifier = rule.identity_of(event.body)
    return not identifier or not rule.is_noted() or enters(row.event, identifier, rule.reentry_rule(), now)


def _keys(event: Event) -> list[Key]:
    if event.kind == MESSAGE_TOLD:
        return [(event.environment, heard_key(event.workspace_id, str(event.body.get("event"))))]
    door, name = DOORS.get(event.source_kind), name_of_source(event.source_id)
    if door is None or not name:
        return []
    rules = dict.fromkeys(door.rule_keys(event.body))
    keys = (index_key(event.workspace_id, event.source_kind, name, rule) for rule in rules)
    return [(event.environment, key) for key in keys]


def _fitting(keys: set[Key]) -> dict[Key, list[tuple[int, str]]]:
    """Triggers and the settings of their rules, as JSON, by key."""
    found: dict[Key, list[tuple[int, str]]] = {}
    if keys:
        for environment, key, trigger, settings in bulk.read(_FITTING.format(keys=bulk.one_of("key")), [_among(keys)]):
            found.setdefault((environment, key), []).append((trigger, settings))
    return found


def _among(keys: set[Key]) -> Any:
    return bulk.array_param(sorted({key for _, key in keys}))


def _starts(event: Event, keys: list[Key], fitting: dict[Key, list[tuple[int, str]]]) -> list[WorkflowStart]:
    """By the trigger's id, each once."""
    found = sorted({row for key in keys for row in fitting.get(key, ())})
    starts = (_start(trigger, settings, event) for trigger, settings in found[:MOST])
    return [start for start in starts if start is not None]


def _start(trigger_id: int, settings: str, event: Event) -> WorkflowStart | None:
    rule = listening_rule(event.source_kind, settings)
    if rule is None or not rule.fits(event.body):
        return None
    fired = rule.fire(event.body)
    return WorkflowStart(trigger_id, rule, fired.body) if isinstance(fired, Fired) else None


def _fired(event: Event, start: WorkflowStart, now: datetime) -> EventRow:
    """Whom it is about is known by the source, unless the rule says it otherwise."""
    about = tuple(start.rule.identities(start.body, event.workspace.country))
    where = {"workspace_id": event.workspace_id, "environment": event.environment}
    source = {"kind": FIRED, "source_kind": event.source_kind, "source_id": str(start.trigger_id)}
    root = event.root if event.kind == MESSAGE_TOLD and event.root else event.pk
    lineage = {"root": root, "person_id": event.person_id, "depth": event.depth}
    row = EventRow.new(now, [], body=start.body, **lineage, **where, **source)
    return row.told_about(about, find_people) if about else row
