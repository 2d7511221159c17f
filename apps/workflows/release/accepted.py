"""Requests that a workflow has accepted and that have not begun: they run, wait, or are dropped by a person."""

from dataclasses import dataclass
from datetime import datetime

import reversion
from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.models import User
from apps.common.trouble import Refused
from apps.events import store as events
from apps.events.models import Event
from apps.workflows.models import Workflow
from apps.workflows.release import publishing

MAX_COUNTED = 10_000  # are counted


@dataclass(frozen=True)
class Waiting:
    """How many (up to `MAX_COUNTED`), and when the oldest came; `newest` are a few of them."""

    count: int
    oldest: datetime | None
    newest: list[Event]

    def is_more(self) -> bool:
        return self.count >= MAX_COUNTED

    def words(self) -> str:
        """As part of a sentence."""
        more = "more than " if self.is_more() else ""
        return "1 accepted request has" if self.count == 1 else f"{more}{self.count} accepted requests have"


def waiting(workflow: Workflow, shown: int = 0) -> Waiting:
    """What has not begun; `shown` of them, newest first."""
    rows = _not_begun(workflow)
    oldest = rows.order_by("received_at").values_list("received_at", flat=True).first()
    count = len(rows.order_by().values_list("pk")[:MAX_COUNTED]) if oldest else 0
    return Waiting(count, oldest, list(rows.order_by("-received_at")[:shown]) if shown else [])


def check_nothing_waits(workflow: Workflow) -> None:
    """Raises Refused while something waits: whoever takes the workflow away decides first."""
    found = waiting(workflow)
    if found.count:
        since = f"the oldest since {found.oldest:%Y-%m-%d %H:%M} UTC"
        raise Refused(f"{found.words()} not begun, {since}: resume it so that they run, or drop them first")


def drop_waiting(workflow: Workflow, *, by: User | None, now: datetime) -> int:
    """They do not run; the change log says who said so. How many there were."""
    with transaction.atomic(), reversion.create_revision():
        held = publishing.held_row(workflow)
        count = events.drop(_not_begun(held), str(by or "the system"), now)
        if count:
            publishing.note(held, by, f"{count} accepted request{'' if count == 1 else 's'} dropped")
    return count


def _not_begun(workflow: Workflow) -> QuerySet[Event]:
    return events.not_begun(workflow.workspace, str(workflow.trigger_id))
