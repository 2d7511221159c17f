"""Times that people mean: a clock on a wall in some zone. Results are in UTC.

A local time that a change of the clocks skips counts as if they had not been changed yet (02:30 becomes 03:30); one
that comes twice is the first (PEP 495, `fold=0`).
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def at_wall(local: datetime, zone: tzinfo) -> datetime:
    """The moment at which a clock in the zone shows `local` (without a zone)."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def days_later(moment: datetime, days: int, zone: tzinfo) -> datetime:
    """The same time on the wall, so many days on."""
    return at_wall(moment.astimezone(zone).replace(tzinfo=None) + timedelta(days=days), zone)


def next_time(moment: datetime, at: time, weekdays: Sequence[str], zone: tzinfo) -> datetime:
    """The first moment after `moment` at which the wall shows `at`, on one of the weekdays (none: on any)."""
    today = moment.astimezone(zone).date()
    for days in range(9):  # a week, and a day more: today's time may be over, and a change of the clocks may hide one
        day = today + timedelta(days=days)
        found = at_wall(datetime.combine(day, at), zone)
        if found > moment and (not weekdays or WEEKDAYS[day.weekday()] in weekdays):
            return found
    raise ValueError("no such weekday")
