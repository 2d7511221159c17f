"""Whether this process can commit now, asked by a real commit with a limit of time.

A commit that waits for a standby cannot be called off, so one thread asks for everybody, and who waits for it longer
than `LIMIT_S` knows enough.
"""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLong

from django.db import DatabaseError, connection, transaction

from apps.database import bulk

LIMIT_S, FRESH_S = 2.0, 0.5
SLOW = f"does not confirm within {LIMIT_S:.0f} s what is written"
# Into the write-ahead log alone, so that no two ever wait for the same row.
_WRITE = ["SELECT pg_logical_emit_message(true, 'fynoflow', 'check')"]
_ON_SQLITE = ["PRAGMA user_version = 0"]  # its header is written anew
_asker = ThreadPoolExecutor(1, thread_name_prefix="commit-check")
_lock = threading.Lock()
_asked: "tuple[float, Future[str]] | None" = None


def trouble() -> str:
    """What is wrong with the database in words that follow its name; empty when a commit went through just now."""
    if bulk.is_sqlite():
        return _tried()  # it lives in this process: whoever asks may do it
    since, answer = _question()
    try:
        return answer.result(max(since + LIMIT_S - time.monotonic(), 0))
    except TooLong:
        return SLOW


def forget() -> None:
    """Ask anew."""
    global _asked
    _asked = None


def _question() -> "tuple[float, Future[str]]":
    """The one under way, or a new one when the last is not fresh any more."""
    global _asked
    now = time.monotonic()
    with _lock:
        if _asked is None or (_asked[1].done() and now - _asked[0] > FRESH_S):
            _asked = (now, _asker.submit(_tried))
        return _asked


def _tried() -> str:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in _ON_SQLITE if bulk.is_sqlite() else _WRITE:
                cursor.execute(statement)
    except DatabaseError as error:
        return said_of(error)
    finally:
        bulk.release_connection()
    return ""


def said_of(error: DatabaseError) -> str:
    """In words that follow “database”, without the server's own."""
    told = str(error)
    return told.removeprefix("the database ") if told.startswith("the database ") else "does not answer"
