"""What passes between the machine and its transitions: runs in our hands, and what a commit writes of them."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.database.leases import ClaimRequest
from apps.engine.contract.decisions import Call
from apps.engine.contract.node import NodeType
from apps.events.entries import EventRow
from apps.notifications.notify import OutboxRows
from apps.runs.journal.journal import CapacityFor, Journal, nobody
from apps.runs.models import Run


@dataclass(frozen=True)
class ClaimedCall:
    """A run in our hands, standing at a call. `lease_s` counts from `started_at`."""

    run: Run
    token: uuid.UUID
    journal: Journal
    node: str
    block: NodeType
    call: Call
    attempt: int
    started_at: datetime
    lease_s: float


@dataclass(frozen=True)
class StartedRun:
    """A run that was begun or taken; `held` is None when it has no call to make now."""

    journal: Journal
    held: ClaimedCall | None


@dataclass(frozen=True)
class RunWrite:
    """What one commit writes of a run, if it still is in the state and has the token that its cursor asks for."""

    cursor: dict[str, Any]
    steps: list[dict[str, Any]]
    said: list[OutboxRows]
    new_events: list[EventRow]


@dataclass(frozen=True, kw_only=True)
class RunRequest(ClaimRequest):
    """Which runs to take up, or which events to begin runs of; the groups are workspaces.

    `can_send`: how much of what they say the asker can send; `suspected`: how many of their losses were counted ahead.
    """

    can_send: CapacityFor = nobody
    suspected: int = 0
