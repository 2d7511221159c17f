"""What becomes of messages, as events by which workflows start and end."""

from datetime import datetime
from typing import Any

from apps.events.entries import EventRow
from apps.events.search_terms import search_words_of
from apps.sources.lifecycle import MESSAGE_KIND

MESSAGE_TOLD = "message.told"
MAX_DEPTH = 5
TOO_DEEP = f"workflows start each other at most {MAX_DEPTH} deep: this one is a loop"


def told(report: dict[str, Any], step: str, row: dict[str, Any], now: datetime, *, of_message: bool = True) -> EventRow:
    """The event of one step. `row`: the delivery's columns; `report`: event, data, depth and root."""
    message = {"channel": row["channel"], "address": row["address"], "message_id": str(row["id"])}
    body = {
        "event": report["event"],
        "step": step,
        **(message if of_message else dict.fromkeys(message, "")),
        "reason": row["reason"] if of_message else "",
        "run_id": str(row["run_id"] or ""),
        "person": str(row["person_id"] or ""),
        "data": report["data"],
    }
    where = {"workspace_id": row["workspace_id"], "environment": row["environment"]}
    lineage = {"depth": report["depth"], "root": report["root"], "person_id": row["person_id"]}
    deep = {"state": "ignored", "reason": TOO_DEEP} if report["depth"] > MAX_DEPTH else {}
    source = {"kind": MESSAGE_TOLD, "source_kind": MESSAGE_KIND, "source_id": MESSAGE_KIND}
    return EventRow.new(now, search_words_of(report["data"]), body=body, **source, **where, **lineage, **deep)
