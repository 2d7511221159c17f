"""Pages fill in one text at a time in each process: however many people look at costly ones, the doors answer."""

import threading
from collections.abc import Callable
from functools import wraps
from typing import Any

from apps.common.trouble import Refused

WAIT_S = 0.1
_turn = threading.Lock()


def one_at_a_time(fill: Callable[..., Any]) -> Callable[..., Any]:
    """Raises Refused where another text is being filled in for longer than a moment."""

    @wraps(fill)
    def inner(*given: Any, **named: Any) -> Any:
        if not _turn.acquire(timeout=WAIT_S):
            raise Refused("busy: other texts are being filled in just now. Try again in a moment")
        try:
            return fill(*given, **named)
        finally:
            _turn.release()

    return inner
