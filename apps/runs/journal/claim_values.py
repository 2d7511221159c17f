"""What passes between the machine and its transitions: runs in our hands, and what a commit writes of them."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.database.fair_share import Group
from apps.engine.contract.decisions import Call
from apps.engine.contract.node import NodeType
from apps.events.entries import Entry
from apps.notifications.notify import Said
from apps.runs.journal.journal import Free, Journal
from apps.runs.models import Run


@dataclass(frozen=True)
class Held:
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
class Placed:
    """A run that was begun or taken; `held` is None when it has no call to make now."""

    journal: Journal
    held: Held | None


@dataclass(frozen=True)
class Change:
    """What one commit writes of a run, if it still is in the state and has the token that its cursor asks for."""

    cursor: dict[str, Any]
    steps: list[dict[str, Any]]
    said: list[Said]
    news: list[Entry]


@dataclass(frozen=True)
class Asked:
    """Which runs to take: at most `limit`, of a workspace no more than its room; or `only` this one.

    `free`: how much of what they say the asker can send; `suspected`: how many of their losses were counted ahead.
    """

    limit: int
    rooms: Mapping[Group, int]
    now: datetime
    free: Free
    only: str = ""
    suspected: int = 0
