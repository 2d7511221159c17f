"""One clock for all: the database's. Between two looks at it a process counts its own seconds, which no jump moves."""

import logging
import time
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

SLIP = timedelta(seconds=60)  # so far a machine's own clock may be corrected at once
log = logging.getLogger(__name__)


class DatabaseClock:
    """Says the time as the database has it. `measure` asks it; a jump of the machine's clock changes nothing."""

    def __init__(self) -> None:
        self._at, self._counted = timezone.now(), seconds()

    def __call__(self) -> datetime:
        return self._at + timedelta(seconds=seconds() - self._counted)

    def measure(self) -> timedelta:
        """Ask; how far the machine's clock is behind. SQLite has no clock but the machine's, so there only a small
        correction is taken: a large one may be a mistake, and waits for a restart."""
        before = seconds()
        told = _told()
        middle = before + (seconds() - before) / 2
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
