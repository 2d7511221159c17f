"""What runs fire: that another workflow is to begin, and that what was so begun is over."""

from datetime import datetime
from typing import Any

from apps.events.entries import Entry
from apps.events.finding import keys_of

LAUNCHED = "workflow.started"
ENDED = "run.ended"


def ended(launched: dict[str, Any], now: datetime, **became: str) -> Entry:
    """The news for the run that waits for it. `launched`: id, workspace_id and environment of the event that began it;
    `became`: status, code and error."""
    body = {"request_id": str(launched["id"]), "code": "", "error": "", **became}
    where = {"workspace_id": launched["workspace_id"], "environment": launched["environment"]}
    source = {"kind": ENDED, "source_kind": "run", "source_id": ENDED}
    return Entry.new(now, keys_of(ENDED, body), body=body, **where, **source)
