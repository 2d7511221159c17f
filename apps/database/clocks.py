"""One clock for all: the database's. Between two looks at it a process counts its own seconds, which no jump moves."""

import logging
import threading
import time
from datetime import datetime, timedelta

from django.db import DatabaseError, connection
from django.utils import timezone

PERIOD_S = 10.0
TOO_LONG_S = 1.0  # an answer that took longer says little about when it was given
SLIP = timedelta(seconds=60)  # so far a machine's own clock may be corrected at once
log = logging.getLogger(__name__)


class DatabaseClock:
    """Says the time as the database has it. `measure` asks it; a jump of the machine's clock changes nothing."""

    def __init__(self) -> None:
        self._at, self._counted = timezone.now(), seconds()
        self.is_known = False

    def __call__(self) -> datetime:
        return self._at + timedelta(seconds=seconds() - self._counted)

    def measure(self) -> timedelta:
        """Ask; how far the machine's clock is behind. SQLite has no clock but the machine's, so there only a small
        correction is taken: a large one may be a mistake, and waits for a restart."""
        before = seconds()
        told = _told()
        took = seconds() - before
        if took > TOO_LONG_S and self.is_known:
            return self() - timezone.now()
        self.is_known, middle = True, before + took / 2
        known = self._at + timedelta(seconds=middle - self._counted)
        if connection.vendor == "postgresql" or abs(told - known) <= SLIP:
            self._at, self._counted = told, middle
        else:
            log.warning("the machine's clock jumped by %s: it is believed after a restart", told - known)
        return self() - timezone.now()


def seconds() -> float:
    """Seconds since the machine began, those of a sleep included where the system counts them."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


def database_now() -> datetime:
    """The time as the database has it, for what runs once in a while."""
    return _told()


def _told() -> datetime:
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        told: datetime = cursor.fetchone()[0]
    return told


CLOCK = DatabaseClock()


def now() -> datetime:
    """The time of this process, by the database's clock where `keep_right` sees to it."""
    return CLOCK() if CLOCK.is_known else timezone.now()


def keep_right() -> None:
    """From now on a thread of this process asks the database for the time, each `PERIOD_S`."""
    threading.Thread(target=_keep_right, name="clock", daemon=True).start()


def _keep_right() -> None:
    while True:
        try:
            CLOCK.measure()
        except DatabaseError:
            log.warning("the database does not tell the time")
        connection.close()
        time.sleep(PERIOD_S)
