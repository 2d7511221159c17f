"""Wake-ups: far ones to the other processes, near ones within this worker. Losing or doubling one changes nothing.

Far: a Celery message, called a *hint*, that only says "look". A thread publishes them, at most one each `GAP_S`, so
that no request waits for the broker. Near: who got a hint stays awake for `AWAKE_S`, longer than the gap between two
hints of a busy endpoint; work that a run of ours left wakes the loop at once.
"""

import logging
import os
import threading
import time

from celery import current_app

from apps.database.failpoints import failpoint

WAKE = "apps.runs.tasks.wake"
GAP_S, PAUSE_S = 1.0, 5.0  # after a failure nobody tries for a while: polls find the work meanwhile
AWAKE_S = 3.0
log = logging.getLogger(__name__)
_wanted = threading.Event()
_publisher: tuple[int, threading.Thread] | None = None
_lock = threading.Lock()
_woken, _left = threading.Event(), threading.Event()
_until = 0.0


def publish_hint() -> None:
    """Soon after, a worker looks for what is due. Call it after the commit."""
    global _publisher
    _wanted.set()
    with _lock:
        if _publisher is None or _publisher[0] != os.getpid():
            _publisher = (os.getpid(), threading.Thread(target=_publish, name="hints", daemon=True))
            _publisher[1].start()


def _publish() -> None:
    while True:
        _wanted.wait()
        _wanted.clear()
        try:
            failpoint("hint.before")
            current_app.send_task(WAKE, retry=False)
        except Exception as error:
            log.warning("hint was not published: %s", type(error).__name__)
            time.sleep(PAUSE_S)
        time.sleep(GAP_S)


def wake() -> None:
    """There is news, and more may come."""
    global _until
    _until = time.monotonic() + AWAKE_S
    _woken.set()


def rescan() -> None:
    """There is a message or a run that nobody holds."""
    _left.set()
    _woken.set()


def slept(*, awake_s: float, asleep_s: float) -> bool:
    """Sleep: shortly while hints came of late, else until woken. True: look for all, not only for news."""
    if time.monotonic() < _until:
        time.sleep(awake_s)
    else:
        _woken.wait(asleep_s)
    _woken.clear()
    left = _left.is_set()
    _left.clear()
    return left
