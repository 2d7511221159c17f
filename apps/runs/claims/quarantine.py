"""Runs that stumble before their call, or end the worker: tried again a few times, then ended."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, QuerySet

from apps.database.group_commit import commit
from apps.runs.claims.recovery import POISON
from apps.runs.claims.writing import write
from apps.runs.interpreter.checkpoint import LEASE_CLEARED, set_cursor, write_of
from apps.runs.journal.journal import read_back
from apps.runs.models import Run

State = Run.State


def record_failure(run_id: str, error: str, now: datetime) -> None:
    """A bug of ours before the call: tried again later, and ended after POISON times."""
    _recorded(run_id, error, now, most=POISON - 1, due_at=now + timedelta(seconds=10))


def record_risky_attempt(run_id: UUID, now: datetime) -> bool:
    """Count a try that may end the worker, before it is made. False: there were too many, the run is ended."""
    return _recorded(run_id, f"the worker stopped when it took up the run, {POISON} times", now, most=POISON)


def _recorded(run_id: UUID | str, error: str, now: datetime, *, most: int, **facts: Any) -> bool:
    """False, too, when it is in other hands now."""
    free = Run.objects.filter(pk=run_id, state__in=[State.READY, State.WAITING])
    with transaction.atomic():
        if not free.select_for_update(skip_locked=True).values_list("pk"):
            return False
        if free.filter(losses__lt=most).update(losses=F("losses") + 1, **facts):
            return True
    commit(_ended, (free, error, now))
    return False


def _ended(asked: list[tuple[QuerySet[Run], str, datetime]]) -> list[None]:
    """End what stumbled too often."""
    for free, error, now in asked:
        for journal in read_back(free.select_related("version", "workspace", "event").select_for_update(of=("self",))):
            was = journal.run.state
            journal.append(journal.run.node, "failed", now, why=error)
            set_cursor(journal, state=State.FAILED, error=error[:500], ended_at=now, due_at=None, **LEASE_CLEARED)
            write([write_of(journal, was, None)])
    return [None] * len(asked)
