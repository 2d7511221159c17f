"""The rows behind `sending_limits.py`: how many messages each account may send, and what its breaker has seen.

Each process counts the calls it made itself; an open breaker is a row that all see, and `doubts` what one alone sees.
"""

import threading
from collections import deque
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import F

from apps.channels import doubts
from apps.channels.models import Connection, ConnectionLimiter, Delivery
from apps.channels.sending_limits import LAST, Admitted, Limits, Standing, admitted, counted, failed, open_for, trips
from apps.database import bulk
from apps.database.ttl_cache import cached
from apps.providers.contract import Result

_seen: dict[int, deque[bool]] = {}
_lock = threading.Lock()
_NEW = {"times": [], "open_until": None, "probe_until": None, "trips": 0, "why": ""}


def is_limited(connection_id: int) -> bool:
    """Whether its messages are counted out before they go; yes while nobody can tell: their claim asks again."""
    try:
        return doubts.is_shut(connection_id) or _is_limited(connection_id)
    except DatabaseError:
        return True


@cached
def _is_limited(connection_id: int) -> bool:
    connection = Connection.objects.filter(pk=connection_id).select_related("limiter").first()
    bulk.release_connection()
    return connection is not None and limited(connection)


def limited(connection: Connection) -> bool:
    limiter = getattr(connection, "limiter", None)
    is_open = limiter is not None and limiter.open_until is not None
    return connection.paused or connection.rate is not None or connection.at_once is not None or is_open


def admit(connection: Connection, asked: int, now: datetime) -> Admitted:
    """How many of its messages may go now. Its limiter is locked until the commit, which calls `count_claimed`."""
    asked = doubts.allowed(connection.pk, asked)
    if not asked or not limited(connection):
        return Admitted(asked)
    bulk.insert_new(ConnectionLimiter, [{"connection_id": connection.pk, **_NEW}], "connection_id")
    connection.limiter = ConnectionLimiter.objects.select_for_update().get(connection=connection)
    limits, busy = limits_of(connection), 0
    if limits.at_once is not None:
        busy = Delivery.objects.filter(state=Delivery.State.WORKING, connection=connection).count()
    return admitted(limits, _standing(connection.limiter, busy), asked, now.timestamp())


def count_claimed(connection: Connection, count: int, now: datetime, probe_until: datetime | None) -> None:
    """So many of those that `admit` let pass are claimed; `probe_until`: until then nothing but this one goes."""
    doubts.count_claimed(connection.pk, count)
    if not count or not limited(connection):
        return
    limiter, limits = connection.limiter, limits_of(connection)
    times = counted(limiter.times, limits, now.timestamp(), count) if limits.rate is not None else []
    ConnectionLimiter.objects.filter(pk=limiter.pk).update(times=times, probe_until=probe_until)


def limits_of(connection: Connection) -> Limits:
    return Limits(connection.paused, connection.rate, connection.rate_period, connection.at_once)


def _standing(limiter: ConnectionLimiter, busy: int) -> Standing:
    until = [at and at.timestamp() for at in (limiter.open_until, limiter.probe_until)]
    return Standing(tuple((at, count) for at, count in limiter.times), busy, *until)


def notice(connection_id: int | None, result: Result, now: datetime, *, probe: bool) -> None:
    """Learn from a call that was made; may open or close the breaker."""
    if connection_id is None:
        return
    doubts.learn(connection_id, failed(result))
    if probe:
        _probed(connection_id, result, now)
    elif not _seen_enough(connection_id, failed(result)):
        return
    elif not doubts.are_shared(connection_id, now):
        doubts.step_back(connection_id)
    else:
        ConnectionLimiter.objects.get_or_create(connection_id=connection_id)
        closed = ConnectionLimiter.objects.filter(connection_id=connection_id, open_until__isnull=True)
        closed.update(open_until=now + timedelta(seconds=open_for(0)), trips=1, probe_until=None, why=result.why[:500])


def try_now(connection_ids: list[int], now: datetime) -> int:
    """A person does not want to wait: those that are held back send one message at once. How many there were."""
    waiting = ConnectionLimiter.objects.filter(connection_id__in=connection_ids, open_until__isnull=False)
    return waiting.update(open_until=now, probe_until=None)


def unasked(connection_id: int | None) -> None:
    """The message that was to tell whether the provider is back was not sent: another may."""
    ConnectionLimiter.objects.filter(connection_id=connection_id, open_until__isnull=False).update(probe_until=None)


def _seen_enough(connection_id: int, was_failure: bool) -> bool:
    with _lock:
        seen = _seen.setdefault(connection_id, deque(maxlen=LAST))
        seen.append(was_failure)
        if not trips(list(seen)):
            return False
        seen.clear()
        return True


def _probed(connection_id: int, result: Result, now: datetime) -> None:
    limiter = ConnectionLimiter.objects.filter(connection_id=connection_id, open_until__isnull=False)
    if not failed(result):
        limiter.update(open_until=None, probe_until=None, trips=0, why="")
        return
    for tripped in limiter.values_list("trips", flat=True):
        until = now + timedelta(seconds=open_for(tripped))
        limiter.update(open_until=until, probe_until=None, trips=F("trips") + 1, why=result.why[:500])
