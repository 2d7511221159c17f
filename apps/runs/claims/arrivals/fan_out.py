"""One thing that happened at a source starts every workflow whose rule it fits: an event for each, in one commit.

Each of these is then taken up by itself: a paused workflow keeps its own waiting, a broken one fails alone.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from pydantic import ValidationError

from apps.database import bulk, wakeups
from apps.database.failpoints import failpoint
from apps.events import store
from apps.events.entries import EventRow
from apps.events.models import Event
from apps.people.finding import find_people
from apps.runs.claims.arrivals.source_facts import name_of_source
from apps.sources.contract import Fired
from apps.sources.registry import DOORS, TRIGGERS
from apps.sources.source_rule import SourceRule, index_key

FIRED = "trigger.fired"
MOST = 1000
_FITTING = """
SELECT trigger_id, settings FROM triggers_subscription WHERE environment = %s AND kind = %s AND {keys}
ORDER BY trigger_id LIMIT %s
"""


def asks_to_forget(event: Event) -> bool:
    """Whether it starts nothing, and asks to forget somebody."""
    door = DOORS.get(event.source_kind)
    return door is not None and door.asks_to_forget(event.body)


@dataclass(frozen=True)
class WorkflowStart:
    """A workflow that is to begin by its trigger, with this data."""

    trigger_id: int
    rule: SourceRule
    body: dict[str, Any]


def starts_of(event: Event) -> list[WorkflowStart]:
    """The workflows that this event starts; at most 1,000."""
    found = [_start(trigger, settings, event) for trigger, settings in _fitting(event)]
    return [start for start in found if start is not None]


def fan_out(event: Event, starts: list[WorkflowStart], now: datetime) -> None:
    """Write an event for each of them; called in the commit that marks this one dispatched."""
    if not starts:
        store.mark_unmatched(event.pk)
        return
    store.insert_events([_fired(event, start, now) for start in starts])
    failpoint("fan.within")
    store.dispatch([event.pk])
    transaction.on_commit(wakeups.wake)


def _fitting(event: Event) -> list[tuple[int, Any]]:
    door, name = DOORS.get(event.source_kind), name_of_source(event.source_id)
    if door is None or not name:
        return []
    rules = door.rule_keys(event.body)
    keys = [index_key(event.workspace_id, event.source_kind, name, rule) for rule in dict.fromkeys(rules)]
    sql = _FITTING.format(keys=bulk.one_of("key"))
    return bulk.read(sql, [event.environment, event.source_kind, bulk.array_param(keys), MOST]) if keys else []


def _start(trigger_id: int, settings: Any, event: Event) -> WorkflowStart | None:
    try:
        rule = TRIGGERS.all()[event.source_kind].model_validate(bulk.json_of(settings))
    except (KeyError, ValidationError):
        return None
    if not isinstance(rule, SourceRule) or not rule.fits(event.body):
        return None
    fired = rule.fire(event.body)
    return WorkflowStart(trigger_id, rule, fired.body) if isinstance(fired, Fired) else None


def _fired(event: Event, start: WorkflowStart, now: datetime) -> EventRow:
    """Whom it is about is known by the source, unless the rule says it otherwise."""
    about = tuple(start.rule.identities(start.body, event.workspace.country))
    where = {"workspace_id": event.workspace_id, "environment": event.environment}
    source = {"kind": FIRED, "source_kind": event.source_kind, "source_id": str(start.trigger_id)}
    lineage = {"root": event.pk, "person_id": event.person_id}
    row = EventRow.new(now, [], body=start.body, **lineage, **where, **source)
    return row.told_about(about, find_people) if about else row
