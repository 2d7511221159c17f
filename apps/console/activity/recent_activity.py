"""What happens to workflows: the last run, runs and failures of 24 hours, and runs under way."""

from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q

from apps.common.values import Value
from apps.console.activity.last_24_hours import BAD_RUNS
from apps.runs.models import Run
from apps.workflows.models import Workflow

DAY = timedelta(hours=24)
OVER = [Run.State.COMPLETED, Run.State.FAILED, Run.State.CANCELLED]
MAX_COUNTED = 10_000


class Lately(Value):
    """`last_at` is when the newest run began; none: it never ran."""

    last_at: datetime | None = None
    last_state: str = ""
    runs: int = 0
    failed: int = 0


def with_lately(workflows: list[Workflow], now: datetime) -> list[Workflow]:
    """The workflows, each with a `lately`."""
    ids = [workflow.pk for workflow in workflows]
    rows = Run.objects.filter(pk__in=_newest(ids)).only("workflow", "created_at", "state")
    newest = {row.workflow_id: row for row in rows}
    counts = {row["workflow"]: row for row in _counts(ids, now)}
    for workflow in workflows:
        workflow.lately = _of(newest.get(workflow.pk), counts.get(workflow.pk, {}))
    return workflows


def _newest(ids: list[int]) -> list[UUID]:
    """The newest run of each: one look into the index for each."""
    found = [Run.objects.filter(workflow=pk).order_by("-id").values_list("pk", flat=True).first() for pk in ids]
    return [pk for pk in found if pk is not None]


def _counts(ids: list[int], now: datetime) -> list[dict[str, int]]:
    """Ids begin with the time, so that the index by workflow and id finds the day."""
    since = UUID(int=int((now - DAY).timestamp() * 1000) << 80)
    day = Run.objects.filter(workflow__in=ids, pk__gte=since).order_by()
    return list(day.values("workflow").annotate(runs=Count("pk"), failed=Count("pk", filter=Q(state__in=BAD_RUNS))))


def _of(run: Run | None, counts: dict[str, int]) -> Lately:
    last = {"last_at": run.created_at, "last_state": run.state} if run else {}
    return Lately(**last, runs=counts.get("runs", 0), failed=counts.get("failed", 0))


def runs_under_way(workflow: Workflow) -> list[tuple[int, int]]:
    """How many runs are not over, as (version number, count); counts no further than 10,000."""
    opened = workflow.runs.exclude(state__in=OVER).order_by()[:MAX_COUNTED].values_list("version__number", flat=True)
    return sorted(Counter(opened).items())
