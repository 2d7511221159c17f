"""Ends a worker whose loop does not come round any more, so that its supervisor starts it again."""

import logging
import os
import threading
from collections.abc import Callable

from apps.database import commit_check

LIMIT_S, TICK_S = 30, 1.0
DRAIN_S = 10.0  # for what is in hand; what is not done by then is unknown
FAULT = 70  # EX_SOFTWARE of sysexits.h
log = logging.getLogger(__name__)


class Watchdog:
    """Of one loop, which tells it each time that it comes round. While the database is away it only waits."""

    def __init__(self, drain: Callable[[float], object]) -> None:
        self._drain, self._ticks, self._rounds, self._seen = drain, 0, 0, 0

    def came_round(self) -> None:
        self._rounds += 1

    def watch(self, stopped: threading.Event) -> None:
        threading.Thread(target=self._watch, args=(stopped,), name="watchdog", daemon=True).start()

    def _watch(self, stopped: threading.Event) -> None:
        while not stopped.wait(TICK_S):
            if self.is_stuck() and not commit_check.trouble():
                log.critical("the loop has not come round for %s s: this worker ends, to be started again", LIMIT_S)
                self._drain(DRAIN_S)
                os._exit(FAULT)

    def is_stuck(self) -> bool:
        """Counted in ticks, for a process that was paused is not to blame."""
        self._ticks = self._ticks + 1 if self._rounds == self._seen else 0
        self._seen = self._rounds
        return self._ticks * TICK_S >= LIMIT_S
