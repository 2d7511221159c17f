"""What somebody may still need, however old it is: purging leaves it whole."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, Min, OuterRef, Q

from apps.channels.models import Delivery
from apps.events.launched import ENDED
from apps.events.models import Event
from apps.events.store import NOT_BEGUN
from apps.runs.models import DUE, HELD, DigestItem, Run

UNSETTLED = ("ready", "working", "unknown")  # to be sent, or sent again when a person says so
HEARD_LATE = ("custom.fired", ENDED)
OPEN = [*DUE, *HELD]


def unsettled(run: Any) -> Exists:
    """Whether the run (a reference to its id) has a message that may still go out."""
    return Exists(Delivery.objects.filter(run_id=run, state__in=UNSETTLED))


class Needed:
    """Of one purge: it remembers since when runs go on."""

    def __init__(self) -> None:
        self._oldest: dict[tuple[int, str], datetime | None] = {}

    def among(self, events: list[UUID]) -> set[UUID]:
        """Those that have not begun, whose run goes on, has a message to send or an item in an open digest, or that a
        run which began before them may still wait for."""
        runs = Run.objects.filter(event=OuterRef("pk"))
        goes_on = Exists(runs.filter(ended_at__isnull=True)) | Exists(runs.filter(unsettled(OuterRef("pk"))))
        gathered = Exists(DigestItem.objects.filter(run__event=OuterRef("pk"), window__open=True))
        found = Event.objects.filter(Q(state__in=NOT_BEGUN) | goes_on | gathered, pk__in=events)
        return set(found.values_list("pk", flat=True)) | self._heard_late(events)

    def _heard_late(self, events: list[UUID]) -> set[UUID]:
        named = Event.objects.filter(pk__in=events, kind__in=HEARD_LATE)
        rows = named.values_list("pk", "workspace_id", "environment", "received_at")
        return {pk for pk, place, where, at in rows if (since := self._since(place, where)) and since <= at}

    def _since(self, workspace_id: int, environment: str) -> datetime | None:
        """When the event of the oldest run came that goes on there."""
        key = (workspace_id, environment)
        if key not in self._oldest:
            runs = Run.objects.filter(workspace_id=workspace_id, environment=environment, state__in=OPEN)
            self._oldest[key] = runs.aggregate(first=Min("event__received_at"))["first"]
        return self._oldest[key]
