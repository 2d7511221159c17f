"""Finds what is due, whatever became of its hint. Every worker looks; conditional updates make several harmless."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from apps.channels import deliveries
from apps.runs.claims import claiming, settling, starting
from apps.runs.claims.due import due_runs
from apps.runs.execution.executor import drive, go_on, guarded, posting
from apps.runs.execution.jobs import INLINE, Job, Pool
from apps.runs.journal.claim_values import Placed
from apps.runs.models import Beat

log = logging.getLogger(__name__)
Clock = Callable[[], datetime]
MOST = 500  # are claimed at once


def sweep(clock: Clock) -> int:
    """One round, done here. Returns how much there was."""
    tidy(clock)
    jobs = take_messages(clock, INLINE)
    jobs += take_runs(clock, INLINE, INLINE)
    jobs += take_news(clock, INLINE, INLINE)
    INLINE.give(jobs)
    return len(jobs)


def tidy(clock: Clock) -> None:
    """Free what dead workers held; one that cannot be freed keeps nobody else waiting."""
    guarded(lambda: deliveries.lose_expired(clock()))
    guarded(lambda: settling.sweep(clock()))
    Beat.mark("sweep", clock())


def take_messages(clock: Clock, hands: Pool) -> list[Job]:
    """Claim messages that are due, as many as the hands can send."""
    most = min(hands.free(), MOST)
    found = deliveries.claim_due(most, clock(), hands.room) if most else []
    return [posting(held, clock) for held in found]


def take_runs(clock: Clock, hands: Pool, messages: Pool) -> list[Job]:
    """Claim runs that are due; one that cannot be claimed is tried apart from the others."""
    most = min(hands.free(), MOST)
    try:
        found = claiming.claim_due(most, clock(), hands.room, messages.room) if most else []
        return [going(placed, clock, messages) for placed in found]
    except Exception:
        log.exception("runs cannot be claimed together")
    due = due_runs(clock(), most)
    return [Job(workspace, partial(guarded, partial(drive, str(pk), clock))) for pk, workspace in due]


def take_news(clock: Clock, hands: Pool, messages: Pool) -> list[Job]:
    """Start the runs of what was received."""
    most = min(hands.free(), MOST)
    found = starting.start_due(most, clock(), hands.room, messages.room) if most else []
    return [going(placed, clock, messages) for placed in found]


def going(placed: Placed, clock: Clock, messages: Pool) -> Job:
    """The way of a run from here on."""
    return Job(placed.journal.run.workspace_id, partial(guarded, partial(go_on, placed, clock, messages)))
