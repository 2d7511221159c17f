"""What this process alone holds back: its calls to a provider fail, and nobody else has said so yet.

A host whose network is sick would hold a provider back for all. So the first to see failures only steps back itself
and says so in the connection's limiter, which opens for all when a second one says the same, or when there is no other.
"""

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import monotonic

from apps.channels.models import ConnectionLimiter
from apps.channels.sending_limits import open_for
from apps.egress import reach

FRESH = timedelta(seconds=120)  # a doubt of so long ago is none any more
PROBE_S = 120.0  # longer than a call takes


@dataclass
class _Shut:
    """Until when, in monotonic seconds, after how many failures in a row; `probe_until`: one message tries."""

    until: float
    times: int
    probe_until: float = 0.0


_shut: dict[int, _Shut] = {}
_lock = threading.Lock()


def forget() -> None:
    """As a new process."""
    _shut.clear()


def is_shut(connection_id: int | None) -> bool:
    return connection_id in _shut


def allowed(connection_id: int, asked: int) -> int:
    """How many of its messages this process may take now: one, when its time is over, tells whether more."""
    shut = _shut.get(connection_id)
    if shut is None:
        return asked
    return min(asked, 1) if monotonic() >= max(shut.until, shut.probe_until) else 0


def count_claimed(connection_id: int, count: int) -> None:
    """So many of those that `room` let pass are claimed."""
    shut = _shut.get(connection_id)
    if shut is not None and count:
        shut.probe_until = monotonic() + PROBE_S


def learn(connection_id: int, failed: bool) -> None:
    """What a call showed; one that went well ends it."""
    with _lock:
        shut = _shut.get(connection_id)
        if shut is not None and not failed:
            del _shut[connection_id]
        elif shut is not None and shut.probe_until:
            _shut[connection_id] = _after(shut.times + 1)


def step_back(connection_id: int) -> None:
    """Take nothing of it for a while."""
    with _lock:
        _shut.setdefault(connection_id, _after(0))


def are_shared(connection_id: int, now: datetime) -> bool:
    """Say that we doubt it. True: another does as well, or nobody else lives."""
    if not reach.are_others():
        return True
    limiter = ConnectionLimiter.objects.get_or_create(connection_id=connection_id)[0]
    if limiter.doubted_by not in (None, reach.me()) and now - limiter.doubted_at < FRESH:
        return True
    ConnectionLimiter.objects.filter(pk=limiter.pk).update(doubted_by=reach.me(), doubted_at=now)
    return False


def _after(times: int) -> _Shut:
    return _Shut(monotonic() + open_for(times), times)
