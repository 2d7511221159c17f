"""What runs fire: that another workflow is to begin, and that what was so begun is over."""

from datetime import datetime
from typing import Any

from apps.events.correlation_keys import correlation_keys_of
from apps.events.entries import EventRow

LAUNCHED = "workflow.started"
ENDED = "run.ended"


def ended(launched: dict[str, Any], now: datetime, **became: str) -> EventRow:
    """The news for the run that waits for it. `launched`: id, workspace_id and environment of the event that began it;
    `became`: status, code and error."""
    body = {"request_id": str(launched["id"]), "code": "", "error": "", **became}
    where = {"workspace_id": launched["workspace_id"], "environment": launched["environment"]}
    source = {"kind": ENDED, "source_kind": "run", "source_id": ENDED}
    return EventRow.new(now, correlation_keys_of(ENDED, body), body=body, **where, **source)
