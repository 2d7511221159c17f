"""A worker says every few seconds that it lives and what it holds; the row goes when it ends in good order."""

import os
import platform
from datetime import datetime, timedelta
from uuid import UUID

from apps.common import crypto
from apps.common.ids import ordered_id
from apps.database import bulk, clocks
from apps.database.clocks import DatabaseClock
from apps.database.ttl_cache import cached
from apps.egress import reach
from apps.runs.models import SILENT, Worker
from apps.runs.worker.pools import WorkerPool

PERIOD_S = 10.0
FORGOTTEN = timedelta(days=1)
LATELY = timedelta(minutes=5)


class Heartbeat:
    """Of one machine. Each beat measures the clock, too."""

    def __init__(self, calls: WorkerPool, messages: WorkerPool, clock: DatabaseClock) -> None:
        self.id, self._calls, self._messages, self._clock = ordered_id(), calls, messages, clock
        self._started: datetime | None = None

    def beat(self) -> None:
        off = self._clock.measure()
        now = self._clock()
        self._started = self._started or now
        who = {"host": _host(), "pid": os.getpid(), "started_at": self._started}
        holds = {"hands": self._calls.hands, "busy": self._calls.busy()}
        sends = {"message_hands": self._messages.hands, "message_busy": self._messages.busy()}
        knows = {"unreached": " ".join(reach.unreached()), "unread": " ".join(crypto.lately_failed())}
        facts = {**who, **holds, **sends, **knows, "seen_at": now, "clock_off_s": round(off.total_seconds(), 3)}
        with bulk.unconfirmed():
            Worker.objects.update_or_create(pk=self.id, defaults=facts)
            Worker.objects.filter(seen_at__lt=now - FORGOTTEN).delete()

    def others_unreached(self) -> list[frozenset[str]]:
        """What each other worker that lives cannot connect to."""
        return _unreached(self.id)

    def tell(self) -> None:
        """The others are to know at once what we cannot connect to."""
        Worker.objects.filter(pk=self.id).update(unreached=" ".join(reach.unreached()))

    def follows_a_death(self) -> bool:
        """Whether a worker of this machine stopped lately without good order."""
        lately = Worker.objects.filter(host=_host(), seen_at__gt=self._clock() - LATELY).exclude(pk=self.id)
        return any(pid == os.getpid() or not _lives(pid) for pid in lately.values_list("pid", flat=True))

    def end(self) -> None:
        Worker.objects.filter(pk=self.id).delete()


@cached
def _unreached(but: UUID) -> list[frozenset[str]]:
    seen = Worker.objects.filter(seen_at__gt=clocks.database_now() - SILENT).exclude(pk=but)
    return [frozenset(places.split()) for places in seen.values_list("unreached", flat=True)]


def _host() -> str:
    return platform.node()[:100]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
