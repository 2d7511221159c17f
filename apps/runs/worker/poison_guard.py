"""After a worker died: what was due then is taken one by one, and each try is counted before it is made.

What ends a process (a crash in a library, no memory left) leaves no error to count, so each new worker would take it
up again and die, too. So it is found, and put aside after three deaths within its own try. It was in hand when the
worker died, so it is among the oldest of what is due: a minute is enough to meet it.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from apps.database.group_commit import DATABASE_ERRORS
from apps.events import store as events
from apps.runs.claims import claiming, quarantine, starting
from apps.runs.claims.due import due_runs
from apps.runs.execution.executor import guarded
from apps.runs.execution.jobs import Pool
from apps.runs.worker.poller import MAX_CLAIMED, Clock, run_job

LONGEST_S = 60.0
SKEW = timedelta(seconds=5)  # other machines' clocks
log = logging.getLogger(__name__)


class PoisonGuard:
    """Of one machine. What it tried and survived is not counted again."""

    def __init__(self) -> None:
        self._until, self._before, self._counted = 0.0, datetime.min, set[UUID]()

    def begin(self, now: datetime) -> None:
        log.warning("a worker died here: what is due is taken one by one")
        self._until, self._before = time.monotonic() + LONGEST_S, now + SKEW

    def is_taken(self) -> bool:
        return time.monotonic() < self._until

    def take(self, clock: Clock, calls: Pool, messages: Pool) -> None:
        """What was due, as far as there are hands: each is given to one before the next is looked at."""
        most = min(calls.capacity(), MAX_CLAIMED)
        runs, new_events = due_runs(min(self._before, clock()), most), events.received_ids(most, self._before)
        for pk, _ in runs:
            guarded(partial(self._run, pk, clock, calls, messages))
        for event_id in new_events[: max(calls.capacity(), 0)]:
            guarded(partial(self._event, UUID(event_id), clock, calls, messages))
        if most and not runs and not new_events:
            self._until = 0.0

    def _run(self, pk: UUID, clock: Clock, calls: Pool, messages: Pool) -> None:
        if not self._may(pk, lambda: quarantine.record_risky_attempt(pk, clock())):
            return
        try:
            placed = claiming.claim_suspect(pk, clock(), messages.capacity_for)
        except DATABASE_ERRORS:
            raise
        except Exception as error:
            quarantine.record_failure(str(pk), f"an error in Fynoflow itself: {type(error).__name__}", clock())
            raise
        self._counted.discard(pk)
        calls.give([run_job(one, clock, messages) for one in placed])

    def _event(self, pk: UUID, clock: Clock, calls: Pool, messages: Pool) -> None:
        if not self._may(pk, lambda: events.record_risky_attempt(pk, clock())):
            return
        placed = starting.start_alone(str(pk), clock(), messages.capacity_for)
        calls.give([run_job(one, clock, messages) for one in placed])

    def _may(self, pk: UUID, suspect: Callable[[], bool]) -> bool:
        """Counted once by each process: one that lives on was not killed by it, whatever else went wrong."""
        if pk not in self._counted and not suspect():
            return False
        self._counted.add(pk)
        return True
