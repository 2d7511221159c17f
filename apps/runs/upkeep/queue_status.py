"""How the whole installation does, for those who run it: what waits, who works, what is held back."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from apps.channels import deliveries
from apps.channels.models import Connection, Delivery
from apps.common.ids import first_id
from apps.database import bulk
from apps.events import store as events
from apps.events.models import Event
from apps.runs.claims.due import workspaces_with_due_runs
from apps.runs.models import Beat, Run, Worker

MAX_COUNTED = 10_000  # what waits is counted so far
DAY = timedelta(days=1)
MAX_SHOWN = 200
_UNCONFIRMED = """
SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'
   AND clock_timestamp() - query_start > interval '2 seconds'
"""


@dataclass(frozen=True)
class QueueFigures:
    """Work of one kind: how much is due (up to `MOST`), since when the oldest, and how much workers hold."""

    name: str
    due: int
    oldest: datetime | None
    in_hand: int | None

    def is_more(self) -> bool:
        return self.due >= MAX_COUNTED


@dataclass(frozen=True)
class QueueStatus:
    """`unknown` messages are those of the last day; `unknown_share` is their part of the newest `MOST`, in percent.
    `unconfirmed`: commits that wait for a standby."""

    queues: list[QueueFigures]
    workers: list[Worker]
    held_back: list[Connection]
    beats: dict[str, datetime]
    attention: int
    reconciling: int
    dead_letters: int
    unknown: int
    unknown_share: float
    unconfirmed: int


def queue_status(now: datetime) -> QueueStatus:
    unknown = Delivery.objects.filter(state=Delivery.State.UNKNOWN, created_at__gte=now - DAY)
    return QueueStatus(
        queues=queues(now),
        workers=list(Worker.objects.order_by("started_at", "pk")[:MAX_SHOWN]),
        held_back=held_back(),
        beats=dict(Beat.objects.values_list("name", "at")),
        attention=_up_to(Run.objects.filter(state=Run.State.NEEDS_ATTENTION)),
        reconciling=_up_to(Run.objects.filter(state=Run.State.RECONCILING)),
        dead_letters=_up_to(Event.objects.filter(state=Event.State.FAILED)),
        unknown=_up_to(unknown),
        unknown_share=_unknown_share(now),
        unconfirmed=unconfirmed(),
    )


def queues(now: datetime) -> list[QueueFigures]:
    """Events to be dispatched, runs and messages. Only groups with something due are read: the others may be many."""
    new_events = Event.objects.filter(state=Event.State.RECEIVED, workspace__in=events.workspaces_with_new_events())
    runs = Run.objects.filter(state__in=[Run.State.READY, Run.State.WAITING], due_at__lte=now)
    calling = Run.objects.filter(state=Run.State.WORKING)
    sending = Delivery.objects.filter(state=Delivery.State.WORKING)
    return [
        _figures("events", new_events, "received_at", None),
        _figures("runs", runs.filter(workspace__in=workspaces_with_due_runs(now)), "due_at", _up_to(calling)),
        _figures("messages", _messages(now), "due_at", _up_to(sending)),
    ]


def _messages(now: datetime) -> QuerySet[Delivery]:
    groups = deliveries.connections_with_due_messages(now)
    due = Delivery.objects.filter(state=Delivery.State.READY, due_at__lte=now)
    mine = Q(connection__in=[group for group in groups if group])
    return due.filter(mine | Q(connection=None) if None in groups else mine)


def held_back() -> list[Connection]:
    """Connections that are paused by a person, or whose provider is in trouble."""
    held = Connection.objects.filter(Q(limiter__open_until__isnull=False) | Q(paused=True))
    return list(held.select_related("workspace", "limiter").order_by("name", "pk")[:MAX_SHOWN])


def unconfirmed() -> int:
    """Commits of this database that have waited for a standby for longer than any standby that lives takes."""
    return int(bulk.read(_UNCONFIRMED)[0][0]) if not bulk.is_sqlite() else 0


def _figures(name: str, due: QuerySet[Any], column: str, in_hand: int | None) -> QueueFigures:
    oldest = due.order_by(column).values_list(column, flat=True).first()
    return QueueFigures(name, _up_to(due), oldest, in_hand)


def _up_to(found: QuerySet[Any]) -> int:
    """How many there are, counted up to `MOST`."""
    return len(found.order_by().values_list("pk", flat=True)[:MAX_COUNTED])


def _unknown_share(now: datetime) -> float:
    newest = Delivery.objects.filter(pk__gte=first_id(now - DAY)).order_by("-pk")
    states = Counter(newest.values_list("state", flat=True)[:MAX_COUNTED])
    told = states[Delivery.State.UNKNOWN] + states[Delivery.State.SENT]
    return 100 * states[Delivery.State.UNKNOWN] / told if told else 0.0
