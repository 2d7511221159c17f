"""Pages fill in one text at a time in each process: however many people look at costly ones, the endpoints answer."""

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

from apps.common.trouble import Refused

WAIT_S = 5.0
BUSY = "busy: others' texts are being filled in just now. Try again in a moment"
_turn = threading.Lock()
_queue = threading.BoundedSemaphore(4)  # threads of pages; the others of the process answer webhooks


def one_at_a_time(fill: Callable[..., Any]) -> Callable[..., Any]:
    """Raises Refused where too many wait for their turn, or one waited too long."""

    @wraps(fill)
    def inner(*given: Any, **named: Any) -> Any:
        if not _queue.acquire(blocking=False):
            raise Refused(BUSY)
        try:
            return _in_turn(lambda: fill(*given, **named))
        finally:
            _queue.release()

    return inner


def _in_turn(fill: Callable[[], Any]) -> Any:
    if not _turn.acquire(timeout=WAIT_S):
        raise Refused(BUSY)
    try:
        return fill()
    finally:
        _turn.release()
