"""The filter `date`: a moment written by letters, as Ruby's strftime has them, on the clocks of a zone."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any

from apps.common.trouble import Refused
from apps.common.zones import is_zone, zone_named
from apps.engine.values.moments import as_moment
from apps.engine.values.numerals import NotReadable
from apps.engine.values.to_text import to_text

MAX_FORMAT = 100
_DIRECTIVE = re.compile(r"%([-0^_#:]?)([A-Za-z%+])?")
_WHOLE = {
    "c": "%a %b %e %H:%M:%S %Y",
    "D": "%m/%d/%y",
    "x": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "T": "%H:%M:%S",
    "X": "%H:%M:%S",
    "R": "%H:%M",
    "r": "%I:%M:%S %p",
    "v": "%e-%^b-%Y",
    "+": "%a %b %e %H:%M:%S %Z %Y",
}
# How wide a number is, and what stands before a short one.
_NUMBERS: dict[str, tuple[Callable[[datetime], int], int, str]] = {
    "Y": (lambda at: at.year, 4, "0"),
    "C": (lambda at: at.year // 100, 2, "0"),
    "y": (lambda at: at.year % 100, 2, "0"),
    "m": (lambda at: at.month, 2, "0"),
    "d": (lambda at: at.day, 2, "0"),
    "e": (lambda at: at.day, 2, " "),
    "j": (lambda at: at.timetuple().tm_yday, 3, "0"),
    "H": (lambda at: at.hour, 2, "0"),
    "k": (lambda at: at.hour, 2, " "),
    "I": (lambda at: at.hour % 12 or 12, 2, "0"),
    "l": (lambda at: at.hour % 12 or 12, 2, " "),
    "M": (lambda at: at.minute, 2, "0"),
    "S": (lambda at: at.second, 2, "0"),
    "L": (lambda at: at.microsecond // 1000, 3, "0"),
    "N": (lambda at: at.microsecond * 1000, 9, "0"),
    "s": (lambda at: int(at.timestamp()), 1, "0"),
    "Q": (lambda at: int(at.timestamp() * 1000), 1, "0"),
    "u": (lambda at: at.isoweekday(), 1, "0"),
    "w": (lambda at: at.isoweekday() % 7, 1, "0"),
    "G": (lambda at: at.isocalendar().year, 4, "0"),
    "g": (lambda at: at.isocalendar().year % 100, 2, "0"),
    "V": (lambda at: at.isocalendar().week, 2, "0"),
    "U": (lambda at: int(at.strftime("%U")), 2, "0"),
    "W": (lambda at: int(at.strftime("%W")), 2, "0"),
}
_WORDS: dict[str, Callable[[datetime], str]] = {
    "A": lambda at: at.strftime("%A"),
    "a": lambda at: at.strftime("%a"),
    "B": lambda at: at.strftime("%B"),
    "b": lambda at: at.strftime("%b"),
    "h": lambda at: at.strftime("%b"),
    "p": lambda at: "AM" if at.hour < 12 else "PM",
    "P": lambda at: "am" if at.hour < 12 else "pm",
    "Z": lambda at: at.tzname() or "",
    "n": lambda at: "\n",
    "t": lambda at: "\t",
    "%": lambda at: "%",
}


def date(value: Any, wanted: Any = "%Y-%m-%d", zone: Any = "", *, workspace: tzinfo = UTC) -> str:
    """The moment on the clocks of the zone, or of the workspace; of nothing, nothing. No clock is read.

    Raises Refused for what is no date, and for a zone or format that is none.
    """
    form, place = to_text(wanted), _zone(to_text(zone).strip(), workspace)
    if isinstance(value, str) and value.strip().lower() in ("now", "today"):
        raise Refused("a text knows no 'now': use run.started_at")
    if value is None or value == "":
        return ""
    if not form:
        return to_text(value)
    refuse_unknown(form)
    try:
        return _written(as_moment(value, workspace).astimezone(place), form)
    except NotReadable as doubt:
        why = "is no date" if str(doubt) == "not a date" else f"is no date: {doubt}"
        raise Refused(f"{to_text(value)[:50]!r} {why}") from None


def refuse_unknown(form: str) -> None:
    """Raise Refused for a format with a letter that means nothing."""
    if len(form) > MAX_FORMAT:
        raise Refused(f"the date's format is longer than {MAX_FORMAT} characters")
    for found in _DIRECTIVE.finditer(form):
        letter = found[2] or ""
        known = letter in _NUMBERS or letter in _WORDS or letter in _WHOLE or letter == "z"
        if not known or (found[1] == ":" and letter != "z"):
            raise Refused(f"{found[0]!r} means nothing in a date's format: use letters as %Y-%m-%d %H:%M")


def _zone(name: str, workspace: tzinfo) -> tzinfo:
    if name and not is_zone(name):
        raise Refused(f"{name[:50]!r} is no time zone: write one as Asia/Kolkata")
    return zone_named(name) if name else workspace


def _written(at: datetime, form: str) -> str:
    return _DIRECTIVE.sub(lambda found: _one(at, found[1], found[2]), form)


def _one(at: datetime, flag: str, letter: str) -> str:
    if letter in _WHOLE:
        return _written(at, _WHOLE[letter])
    if letter == "z":
        offset = at.strftime("%z")[:5]
        return f"{offset[:3]}:{offset[3:]}" if flag == ":" else offset
    if letter in _NUMBERS:
        number, width, before = _NUMBERS[letter]
        fill = {"0": "0", "_": " "}.get(flag, before)
        return str(number(at)).rjust(1 if flag == "-" else width, fill)
    word = _WORDS[letter](at)
    return {"^": word.upper(), "#": word.swapcase() if letter == "p" else word.upper()}.get(flag, word)
