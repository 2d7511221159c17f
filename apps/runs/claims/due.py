"""Which runs are due, and whose."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.database import bulk
from apps.database.fair_share import Group, groups_with_due_work
from apps.runs.models import Run

State = Run.State


def due(now: datetime) -> QuerySet[Run]:
    """Oldest first."""
    return Run.objects.filter(Q(state__in=[State.READY, State.WAITING], due_at__lte=now)).order_by("due_at")


def due_runs(now: datetime, limit: int) -> list[tuple[UUID, int]]:
    """Ids and workspaces."""
    return list(due(now).values_list("pk", "workspace_id")[:limit])


def workspaces_with_due_runs(now: datetime) -> list[Group]:
    """The workspaces that have runs due."""
    given = (bulk.time_param(now),)
    return groups_with_due_work(
        "runs_run", "workspace_id", open="state IN ('ready', 'waiting')", due="due_at <= %s", given=given
    )
