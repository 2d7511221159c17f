"""What came of an attempt to send, as the rows that are written of it. Writes nothing: see `deliveries`."""

import random
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from apps.channels.models import Attempt, Delivery
from apps.common import bounded_json
from apps.events.entries import EventRow
from apps.events.messages import told
from apps.providers.contract import Result

BACKOFF_S = (10, 60, 300, 1200, 3600)
MAX_ATTEMPTS, MAX_SUBJECT = 5, 1000
State = Delivery.State


@dataclass(frozen=True)
class ClaimedDelivery:
    """A delivery in our hands until `lease_until`."""

    delivery: Delivery
    token: uuid.UUID
    started_at: datetime
    probe: bool = False  # its call tells whether the provider is back


@dataclass(frozen=True)
class Settlement:
    """What became of an attempt. `captured`: the message stays in the test inbox."""

    held: ClaimedDelivery
    result: Result
    captured: bool
    now: datetime


def cursor_of(settled: Settlement) -> dict[str, Any]:
    """Where the delivery stands now."""
    delivery, result, now = settled.held.delivery, settled.result, settled.now
    why = bounded_json.clean(result.why)[:500]
    match result.kind:
        case "accepted":
            ref = bounded_json.clean(result.ref)[:200]
            return {"state": State.SENT, "reason": why, "provider_ref": ref, "ended_at": now, "due_at": None}
        case "temporary_failure" if delivery.attempt < MAX_ATTEMPTS and now < delivery.expires_at:
            return {
                "state": State.READY,
                "reason": why,
                "due_at": now + timedelta(seconds=_backoff(delivery, result)),
            }
        case "untried":
            due = now + timedelta(seconds=result.after_s or 0)
            return {"state": State.READY, "reason": why, "due_at": due, "attempt": delivery.attempt - 1}
        case "unknown":
            token = settled.held.token  # kept: a late answer still counts
            return {"state": State.UNKNOWN, "reason": why, "ended_at": now, "due_at": None, "token": token}
        case _:
            return {"state": State.FAILED, "reason": why, "ended_at": now, "due_at": None}


def _backoff(delivery: Delivery, result: Result) -> float:
    span = BACKOFF_S[min(delivery.attempt, len(BACKOFF_S)) - 1]
    return max(random.uniform(span / 2, span), result.after_s or 0)


def attempt_of(settled: Settlement) -> dict[str, Any]:
    """The row of the attempt."""
    return {
        "delivery_id": settled.held.delivery.pk,
        "number": settled.held.delivery.attempt,
        "outcome": Attempt.Outcome[settled.result.kind.upper()],
        "why": bounded_json.clean(settled.result.why)[:500],
        "http_status": settled.result.http_status,
        "started_at": settled.held.started_at,
        "ended_at": settled.now,
    }


def captured_of(settled: Settlement) -> dict[str, Any]:
    """The row of the test inbox."""
    delivery = settled.held.delivery
    words = {part: delivery.content.get(part, "") for part in ("subject", "text", "html")}
    words["subject"] = words["subject"][:MAX_SUBJECT]
    where = {"workspace_id": delivery.workspace_id, "channel": delivery.channel, "address": delivery.address}
    return {"delivery_id": delivery.pk, "received_at": settled.now, **where, **words}


def reported_of(settled: Settlement, after: dict[str, Any]) -> list[EventRow]:
    """What a workflow hears of the step that it took, if one does."""
    delivery = settled.held.delivery
    report = delivery.report
    if not report or after["state"] not in report["steps"]:
        return []
    row = {f.column: getattr(delivery, f.column) for f in Delivery._meta.concrete_fields} | {"reason": after["reason"]}
    return [told(report, after["state"], row, settled.now)]
