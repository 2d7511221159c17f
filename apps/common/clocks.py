"""One clock for all: the database's. A process corrects its own by the difference it measures."""

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone


class DatabaseClock:
    """Says the time as the database has it. `measure` asks it; between two measures our own clock goes on."""

    def __init__(self) -> None:
        self.off = timedelta()

    def __call__(self) -> datetime:
        return timezone.now() + self.off

    def measure(self) -> timedelta:
        """How far our clock is behind the database's. SQLite has no clock but ours."""
        if connection.vendor == "postgresql":
            before = timezone.now()
            with connection.cursor() as cursor:
                cursor.execute("SELECT clock_timestamp()")
                told: datetime = cursor.fetchone()[0]
            self.off = told - (before + (timezone.now() - before) / 2)
        return self.off
