"""What is told of a message's life: the seam between who sends and the workflows that listen."""

import hashlib
from typing import Any, Literal

MESSAGE_KIND = "notification_event"
Step = Literal["fired", "sent", "failed", "skipped", "unknown"]
# What a workflow reads of it.
BY_NAME: dict[str, Any] = {
    "event": "payment_failed",
    "step": "fired",
    "channel": "",
    "address": "",
    "message_id": "",
    "reason": "",
    "run_id": "",
    "person": "",
    "data": {"order_id": "A-1"},
}


def heard_key(workspace_id: int, event: str) -> str:
    """By what the index finds the workflows that hear of this notification event."""
    return _key(workspace_id, "hears", event)


def exit_key(workspace_id: int, sort: str, event: str) -> str:
    """By what it finds those that it ends; `sort`: notification or custom."""
    return _key(workspace_id, f"ends:{sort}", event)


def _key(workspace_id: int, what: str, event: str) -> str:
    return hashlib.sha256("\0".join((str(workspace_id), what, event)).encode()).hexdigest()
