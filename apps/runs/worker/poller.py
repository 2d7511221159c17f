"""Finds what is due, whatever became of its hint. Every worker looks; conditional updates make several harmless."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from apps.channels import deliveries
from apps.runs.claims import claiming, recovery, starting
from apps.runs.claims.due import due_runs
from apps.runs.execution.executor import delivery_job, guarded, run_by_id, run_claimed
from apps.runs.execution.jobs import INLINE, Job, Pool
from apps.runs.journal.claim_values import StartedRun
from apps.runs.models import Beat

log = logging.getLogger(__name__)
Clock = Callable[[], datetime]
MAX_CLAIMED = 500  # are claimed at once


def poll_once(clock: Clock) -> int:
    """One round, done here. Returns how much there was."""
    maintenance(clock)
    jobs = take_messages(clock, INLINE)
    jobs += take_runs(clock, INLINE, INLINE)
    jobs += take_events(clock, INLINE, INLINE)
    INLINE.give(jobs)
    return len(jobs)


def maintenance(clock: Clock) -> None:
    """Free what dead workers held; one that cannot be freed keeps nobody else waiting."""
    guarded(lambda: deliveries.reclaim_expired_leases(clock()))
    guarded(lambda: recovery.reclaim_expired_leases(clock()))
    Beat.mark("sweep", clock())


def take_messages(clock: Clock, hands: Pool) -> list[Job]:
    """Claim messages that are due, as many as the hands can send."""
    most = min(hands.capacity(), MAX_CLAIMED)
    found = deliveries.claim_due(most, clock(), hands.capacity_for) if most else []
    return [delivery_job(held, clock) for held in found]


def take_runs(clock: Clock, hands: Pool, messages: Pool) -> list[Job]:
    """Claim runs that are due; one that cannot be claimed is tried apart from the others."""
    most = min(hands.capacity(), MAX_CLAIMED)
    try:
        found = claiming.claim_due(most, clock(), hands.capacity_for, messages.capacity_for) if most else []
        return [run_job(placed, clock, messages) for placed in found]
    except Exception:
        log.exception("runs cannot be claimed together")
    due = due_runs(clock(), most)
    return [Job(workspace, partial(guarded, partial(run_by_id, str(pk), clock))) for pk, workspace in due]


def take_events(clock: Clock, hands: Pool, messages: Pool) -> list[Job]:
    """Start the runs of what was received."""
    most = min(hands.capacity(), MAX_CLAIMED)
    found = starting.start_due(most, clock(), hands.capacity_for, messages.capacity_for) if most else []
    return [run_job(placed, clock, messages) for placed in found]


def run_job(placed: StartedRun, clock: Clock, messages: Pool) -> Job:
    """The way of a run from here on."""
    return Job(placed.journal.run.workspace_id, partial(guarded, partial(run_claimed, placed, clock, messages)))
