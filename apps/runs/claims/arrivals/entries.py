"""Who entered a workflow by which identifier, and whether the same may again. One row each, locked while asked."""

from datetime import datetime
from typing import Any

from apps.database import bulk
from apps.events.models import Event
from apps.runs.models import OVER, Run
from apps.triggers.models import Entry

ONCE, AFTER_END = "once", "after_end"
OVER_BEFORE_IT_BEGAN = ("dropped", "failed", "ignored")
MOST_KEPT = 100


def enters(event: dict[str, Any], identifier: str, reentry: str, now: datetime) -> bool:
    """Note that this event enters, unless the rule keeps the same identifier from it; in the caller's transaction."""
    place = {"trigger_id": int(event["source_id"]), "environment": event["environment"], "identifier": identifier}
    first = {**place, "workspace_id": event["workspace_id"], "event_ids": [str(event["id"])], "at": now}
    if bulk.insert_new(Entry, [first], "id"):
        return True
    entry = Entry.objects.select_for_update().get(**place)
    open_ = still_going(entry)
    going = [pk for pk in entry.event_ids if pk in open_]
    if reentry == ONCE or (reentry == AFTER_END and going):
        return False
    Entry.objects.filter(pk=entry.pk).update(event_ids=[*going, str(event["id"])][-MOST_KEPT:], at=now)
    return True


def still_going(entry: Entry) -> set[str]:
    """Those of its events whose run is open, or is still to begin."""
    ours = {"workspace_id": entry.workspace_id}
    begun = dict(Run.objects.filter(**ours, event_id__in=entry.event_ids).values_list("event_id", "state"))
    there = dict(Event.objects.filter(**ours, pk__in=entry.event_ids).values_list("pk", "state"))
    open_runs = {str(pk) for pk, state in begun.items() if state not in OVER}
    to_begin = {str(pk) for pk, state in there.items() if pk not in begun and state not in OVER_BEFORE_IT_BEGAN}
    return open_runs | to_begin
