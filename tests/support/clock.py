"""Time that tests move, and the machine that works meanwhile."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q

from apps.channels.models import Delivery
from apps.events.models import Event
from apps.runs.models import Run
from apps.runs.upkeep.run_history import RunHistory, describe_run
from apps.runs.worker.poller import poll_once
from tests.support.outside import fire


@dataclass
class Clock:
    """A clock that the test moves."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


ROUND_S, QUIET = 4, 10


def drain(clock: Clock) -> None:
    """Let time pass until nothing was due for 40 seconds."""
    quiet = 0
    for _ in range(60):
        clock.forward(seconds=ROUND_S)
        quiet = 0 if poll_once(clock) else quiet + 1
        if quiet and not is_any_due(clock() + timedelta(seconds=ROUND_S * (QUIET - quiet))):
            clock.forward(seconds=ROUND_S * (QUIET - quiet))  # rounds that would find nothing
            return
        if quiet == QUIET:
            return


def is_any_due(until: datetime) -> bool:
    """Whether something is to be taken up, or its lease ends, until then."""
    due = Q(due_at__lte=until) | Q(lease_until__lte=until)
    waits = Event.objects.filter(state=Event.State.RECEIVED).exists()
    return waits or Run.objects.filter(due).exists() or Delivery.objects.filter(due).exists()


def finish(url: str, clock: Clock, body: Any = None) -> RunHistory:
    """Fire, let the machine work, and read back what happened."""
    status, answer = fire(url, body)
    assert status == 202, answer
    drain(clock)
    told = describe_run(answer["request_id"])
    assert told is not None
    return told


NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
