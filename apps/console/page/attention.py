"""What a person should look at: messages that did not arrive or are tried again and again, and what waits for a word.

Counted on every page, so no count goes further than `MOST`.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.channels.models import MANY_TRIES, Delivery
from apps.common.ids import first_id
from apps.common.values import Value
from apps.runs.models import Run
from apps.workflows.models import LiveRequest
from apps.workflows.release.approval_rules import PENDING
from apps.workspaces.models import Workspace

MOST = 100
LOOK_BACK = timedelta(days=7)
NOT_DELIVERED = (Delivery.State.FAILED, Delivery.State.UNKNOWN)
STILL_TRIED = Q(state=Delivery.State.READY, attempt__gte=MANY_TRIES)


class Counts(Value):
    """Of a workspace; `MOST` stands for so many and more."""

    approvals: int
    runs: int
    not_delivered: int
    still_tried: int

    @property
    def messages(self) -> int:
        return min(self.not_delivered + self.still_tried, MOST)


def counts_of(workspace: Workspace, now: datetime) -> Counts:
    recent = _recent(workspace, now)
    return Counts(
        approvals=_count(LiveRequest.objects.of(workspace).filter(state__in=PENDING)),
        runs=_count(Run.objects.of(workspace).filter(state=Run.State.NEEDS_ATTENTION)),
        not_delivered=_count(recent.filter(_not_delivered())),
        still_tried=_count(recent.filter(STILL_TRIED)),
    )


def messages_to_look_at(workspace: Workspace, now: datetime) -> QuerySet[Delivery]:
    """Of the last seven days: what did not arrive and was not sent again, and what was tried three times or more."""
    return _recent(workspace, now).filter(_not_delivered() | STILL_TRIED)


def _recent(workspace: Workspace, now: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.of(workspace).filter(pk__gte=first_id(now - LOOK_BACK))


def _not_delivered() -> Q:
    return Q(state__in=NOT_DELIVERED) & ~Exists(Delivery.objects.filter(again_of=OuterRef("pk")))


def _count(rows: QuerySet) -> int:
    return rows.order_by()[:MOST].count()
