"""What workflows that hear of a message's life are told: an event for each step, in the commit that takes it."""

import json
from datetime import datetime
from typing import Any

from apps.database.ttl_cache import cached
from apps.events.entries import EventRow
from apps.events.messages import told
from apps.notifications.models import HeardEvent

MOST_TOLD = 8192  # bytes of the data that a run knew
FIRED, SKIPPED = "fired", "skipped"


@cached
def heard_steps(workspace_id: int, environment: str, name: str) -> tuple[str, ...]:
    """The steps of this notification event of which workflows hear."""
    row = HeardEvent.objects.filter(workspace_id=workspace_id, environment=environment, name=name).first()
    return tuple(row.steps) if row else ()


def report_of(name: str, steps: tuple[str, ...], facts: dict[str, Any]) -> dict[str, Any] | None:
    """What a delivery keeps of it, for when its steps come; None: nobody hears of them."""
    later = [step for step in steps if step not in (FIRED, SKIPPED)]
    return {"event": name, "steps": later, **facts} if later else None


def facts_for(data: dict[str, Any], said: dict[str, Any], lineage: dict[str, Any]) -> dict[str, Any]:
    """What each step tells: the names that the template read; of a large one only those that were drawn."""
    whole = {**data, **said}
    small = len(json.dumps(whole, ensure_ascii=False, default=str).encode()) <= MOST_TOLD
    return {"data": whole if small else said, **lineage}


def steps_now(
    name: str, steps: tuple[str, ...], rows: list[dict[str, Any]], facts: dict[str, Any], now: datetime
) -> list[EventRow]:
    """The events of what happened with the saying itself: it was fired, and of which messages nothing goes."""
    found = []
    if FIRED in steps:
        found.append(told({"event": name, **facts}, FIRED, rows[0], now, of_message=False))
    if SKIPPED in steps:
        found += [told({"event": name, **facts}, SKIPPED, row, now) for row in rows if row["state"] == SKIPPED]
    return found
