"""The few connections of a process that rest between two jobs: to make a new one costs the server more than most jobs.

One of them serves any thread, one at a time. One that the server has ended is not given out; that it still stands
where it stood is looked at by who takes it (`base`).
"""

import os
import select
import threading
import time

import psycopg
from psycopg.pq import TransactionStatus

MAX_RESTING = 4  # of a process; what is more ends
Connection = psycopg.Connection[tuple[object, ...]]
_resting: list[tuple[Connection, float | None]] = []  # with the moment when it ends, as Django's `close_at`
_lock = threading.Lock()


def rests(link: Connection, ends: float | None) -> bool:
    """Whether it rests now, for anybody to take. False: it is not fit to, or enough do."""
    if not _is_fit(link, ends):
        return False
    with _lock:
        if len(_resting) >= MAX_RESTING:
            return False
        _resting.append((link, ends))
        return True


def taken() -> tuple[Connection, float | None] | None:
    """The one that was used last; none when none rests."""
    while found := _last():
        if _is_fit(*found):
            return found
        found[0].close()
    return None


def end_all() -> None:
    """What one of them met, the others would meet, too."""
    while found := _last():
        found[0].close()


def _last() -> tuple[Connection, float | None] | None:
    with _lock:
        return _resting.pop() if _resting else None


def _is_fit(link: Connection, ends: float | None) -> bool:
    if link.closed or (ends is not None and time.monotonic() >= ends):
        return False
    asked = select.poll()
    asked.register(link.fileno(), select.POLLIN)
    if asked.poll(0):  # a server that has something to say to one who asked nothing says good-bye
        return False
    return link.pgconn.transaction_status == TransactionStatus.IDLE


os.register_at_fork(after_in_child=_resting.clear)
