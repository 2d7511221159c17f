"""Hints: a Celery message that only says "look". Losing or doubling one changes nothing.

A thread publishes them, at most one each `GAP_S`, so that no request waits for the broker; a worker that got one
stays awake for longer than that.
"""

import logging
import os
import threading
import time

from celery import current_app

from apps.database.failpoints import killpoint

WAKE = "apps.runs.tasks.wake"
GAP_S, PAUSE_S = 1.0, 5.0  # after a failure nobody tries for a while: sweeps find the work meanwhile
log = logging.getLogger(__name__)
_wanted = threading.Event()
_publisher: tuple[int, threading.Thread] | None = None
_lock = threading.Lock()


def hint() -> None:
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
            killpoint("hint.before")
            current_app.send_task(WAKE, retry=False)
        except Exception as error:
            log.warning("hint was not published: %s", type(error).__name__)
            time.sleep(PAUSE_S)
        time.sleep(GAP_S)
