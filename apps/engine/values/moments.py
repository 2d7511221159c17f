"""Dates and times as machines and people write them: one reading for conditions, delays and texts.

What says no zone is a clock on the wall of the workspace. What could be two days (`03-04-2026`) is not read, and said.
"""

import math
import re
from datetime import UTC, datetime, tzinfo
from email.utils import parsedate_to_datetime
from typing import Any

from apps.engine.values.numerals import NotReadable
from apps.engine.values.to_text import plain
from apps.engine.values.wall_clock import at_wall

MAX_LENGTH = 40
FAR = 1e11  # Unix seconds of the year 5138: from there on they are milliseconds
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_STAMP = re.compile(r"[0-9]{9,14}(\.[0-9]+)?\Z", re.ASCII)
_COMPACT = re.compile(r"(1[6-9]|2[0-9])[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])\Z", re.ASCII)
_SPACED_ZONE = re.compile(r"(?<=[0-9]) +(?:(UTC|GMT|Z)|([+-][0-9]{2}:?[0-9]{2}))\Z")
_DAY_OR_MONTH = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})(?=\Z|[ T,])(.*)", re.ASCII)
_MAIL = re.compile(r"(?:[A-Z][a-z]{2}, ?)?[0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9:]+ [A-Z+-]", re.ASCII)
_MONTH = r"(?P<month>[A-Za-z]{3,9})\.?"
_NAMED = (
    re.compile(rf"{_MONTH} (?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?,? (?P<year>[0-9]{{4}})(?=\Z|[ T,])(?P<rest>.*)"),
    re.compile(rf"(?P<day>[0-9]{{1,2}})(?:st|nd|rd|th)?[ -]{_MONTH},?[ -](?P<year>[0-9]{{4}})(?=\Z|[ T,])(?P<rest>.*)"),
)


def as_moment(value: Any, zone: tzinfo = UTC) -> datetime:
    """When it is, in UTC; a text without a zone is read in `zone`. Raises NotReadable."""
    try:
        found = _read(value)
        return found.astimezone(UTC) if found.tzinfo else at_wall(found, zone)
    except (ValueError, OverflowError, OSError, TypeError):
        raise NotReadable("not a date") from None


def has_no_zone(value: Any) -> bool:
    """Whether it is a date or time that only a zone makes a moment."""
    try:
        return _read(value).tzinfo is None
    except (ValueError, OverflowError, OSError, TypeError, NotReadable):
        return False


def _read(given: Any) -> datetime:
    value = plain(given)
    if isinstance(value, int) and not isinstance(value, bool) and _COMPACT.match(str(value)):
        return datetime.fromisoformat(str(value))
    if isinstance(value, str) and len(value) <= MAX_LENGTH:
        return _of_text(value.strip())
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return _of_stamp(value)
    raise NotReadable("not a date")


def _of_text(text: str) -> datetime:
    if _STAMP.match(text):
        return _of_stamp(float(text))
    if _MAIL.match(text):
        found = parsedate_to_datetime(text)
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return datetime.fromisoformat(_SPACED_ZONE.sub(_zone, _as_iso(text)))


def _zone(found: re.Match[str]) -> str:
    return found[2] or "+00:00"


def _of_stamp(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp / 1000 if abs(stamp) >= FAR else stamp, UTC)


def _as_iso(text: str) -> str:
    if found := _DAY_OR_MONTH.match(text):
        return _iso(int(found[4]), *_month_and_day(text, int(found[1]), int(found[3])), found[5])
    for form in _NAMED:
        if (found := form.match(text)) and found["month"][:3].lower() in MONTHS:
            month = MONTHS.index(found["month"][:3].lower()) + 1
            return _iso(int(found["year"]), month, int(found["day"]), found["rest"])
    return text


def _month_and_day(text: str, first: int, second: int) -> tuple[int, int]:
    if first <= 12 and second <= 12 and first != second:
        raise NotReadable(f"{text} may be two days: send it as 2026-04-03 (year, month, day)")
    return (second, first) if first > 12 else (first, second)


def _iso(year: int, month: int, day: int, rest: str) -> str:
    time = rest.strip(" ,T")
    return f"{year:04}-{month:02}-{day:02}" + (f"T{time}" if time else "")
