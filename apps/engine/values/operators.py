"""The operators of conditions, by name. Each is total: a value it cannot read gives `no` and a doubt in words.

Coercion: numbers as `numerals` reads them, dates as `moments` does (no zone: the workspace's); booleans from
true/false, yes/no, 1/0; text from text, numbers and booleans. Nothing else is converted.
"""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from apps.engine.values.bounds import MAX_PATTERN
from apps.engine.values.budget import COMPARED, spend
from apps.engine.values.moments import as_moment
from apps.engine.values.numerals import NotReadable, as_drawn_number, as_number, is_plain
from apps.engine.values.paths import MISSING
from apps.engine.values.patterns import pattern_of
from apps.engine.values.to_text import plain, to_text


@dataclass(frozen=True)
class Comparison:
    """What was found (or MISSING), the operand, the time it is, and the zone of dates without one.

    `drawn`: a person wrote the operand as it is, without placeholders.
    """

    found: Any
    operand: Any
    now: datetime
    zone: tzinfo = UTC
    drawn: bool = False

    def number(self) -> Decimal:
        return as_number(self.found)

    def limit(self, operand: Any) -> Decimal:
        return as_drawn_number(operand) if self.drawn else as_number(operand)

    def moment(self, value: Any) -> datetime:
        return as_moment(value, self.zone)


@dataclass(frozen=True)
class Compared:
    holds: bool
    doubt: str = ""


@dataclass(frozen=True)
class Operator:
    """`compare` is total. `operand_fault` names what is wrong with an operand at design time."""

    compare: Callable[[Comparison], Compared]
    operand_fault: Callable[[Any], str] = lambda _: ""


def as_bool(value: Any) -> bool:
    value = plain(value)
    known = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    found = known.get(str(value).strip().lower()) if isinstance(value, bool | int | str) else None
    if found is None:
        raise NotReadable("neither true nor false")
    return found


def as_text(value: Any) -> str:
    """The text; a letter that can be written in two ways (é) is one letter."""
    if isinstance(plain(value), str | int | float | Decimal):
        return unicodedata.normalize("NFC", to_text(value))
    raise NotReadable("not text")


def same(left: Any, right: Any) -> bool:
    """Equal after coercion: null is null; booleans if one is; numbers if one is plainly and the other can be read as
    one (USD 5 is 5, and not INR 5); else text or as they are."""
    left, right = plain(left), plain(right)
    if left is None or right is None:
        return left is right
    if isinstance(left, bool) or isinstance(right, bool):
        return _both(as_bool, left, right)
    if (is_plain(left) or is_plain(right)) and _both_read(as_number, left, right):
        return as_number(left) == as_number(right)
    return _both(as_text, left, right) if not isinstance(left, list | dict) else bool(left == right)


def _both_read(read: Callable[[Any], Any], left: Any, right: Any) -> bool:
    try:
        read(left), read(right)
    except NotReadable:
        return False
    return True


def _both(read: Callable[[Any], Any], left: Any, right: Any) -> bool:
    return _both_read(read, left, right) and bool(read(left) == read(right))


def _present(test: Callable[[Comparison], bool]) -> Callable[[Comparison], Compared]:
    """Wrap a test: a missing value or one that cannot be read gives `no` and says so."""

    def compare(c: Comparison) -> Compared:
        if c.found is MISSING:
            return Compared(False, "the value is missing")
        try:
            return Compared(test(c))
        except NotReadable as doubt:
            return Compared(False, str(doubt))

    return compare


def _opposite(compare: Callable[[Comparison], Compared]) -> Callable[[Comparison], Compared]:
    def opposite(c: Comparison) -> Compared:
        result = compare(c)
        return Compared(not result.holds, result.doubt)

    return opposite


def _readable(read: Callable[[Any], Any], wanted: str) -> Callable[[Any], str]:
    return lambda operand: "" if _both_read(read, operand, operand) else f"needs {wanted}"


def _pair(read: Callable[[Any], Any], wanted: str) -> Callable[[Any], str]:
    def fault(operand: Any) -> str:
        if not (isinstance(operand, list) and len(operand) == 2 and _both_read(read, *operand)):
            return f"needs two {wanted}s: the lowest and the highest"
        return "" if read(operand[0]) <= read(operand[1]) else f"needs the lower {wanted} first"

    return fault


def _list_fault(operand: Any) -> str:
    return "" if isinstance(operand, list) and len(operand) <= 1000 else "needs a list"


def _pattern_fault(operand: Any) -> str:
    if not isinstance(operand, str) or len(operand) > MAX_PATTERN:
        return f"needs a pattern of at most {MAX_PATTERN} characters"
    trouble = pattern_of(operand).trouble
    return f"the pattern is broken: {trouble}" if trouble else ""


def _matches(c: Comparison) -> bool:
    found = as_text(c.found)
    spend(len(found))
    pattern = pattern_of(c.operand)
    if pattern.compiled is None:
        raise NotReadable(pattern.trouble)
    return bool(pattern.compiled.search(found))


def _is_one_of(found: Any, items: list[Any]) -> bool:
    spend(COMPARED * len(items))
    return any(same(found, item) for item in items)


def _contains(c: Comparison) -> bool:
    whole = plain(c.found)
    if isinstance(whole, list):
        spend(COMPARED * len(whole))
        return any(same(item, c.operand) for item in whole)
    if isinstance(whole, dict):
        return isinstance(c.operand, str) and c.operand in whole
    found = as_text(whole)
    spend(len(found))
    return as_text(c.operand) in found


def _is_empty(c: Comparison) -> Compared:
    return Compared(c.found is MISSING or c.found is None or c.found == "" or c.found == [] or c.found == {})


def _exists(c: Comparison) -> Compared:
    return Compared(c.found is not MISSING and c.found is not None)


def _within_last(unit: str) -> Operator:
    def test(c: Comparison) -> bool:
        span = timedelta(**{unit: float(c.limit(c.operand))})
        return c.now - span <= c.moment(c.found) <= c.now

    return Operator(_present(_safe_span(test)), _span_fault)


def _safe_span(test: Callable[[Comparison], bool]) -> Callable[[Comparison], bool]:
    def safe(c: Comparison) -> bool:
        try:
            return test(c)
        except (OverflowError, ValueError):
            raise NotReadable("out of range") from None

    return safe


def _span_fault(operand: Any) -> str:
    if not _both_read(as_drawn_number, operand, operand) or not 0 <= as_drawn_number(operand) <= 10**6:
        return "needs a number from 0 to 1000000"
    return ""


_number = _readable(as_drawn_number, "a number")
_date = _readable(as_moment, "a date as 2026-11-28 or 2026-11-28T10:00:00+05:30")
_text = _readable(as_text, "a text")
_equals = _present(lambda c: same(c.found, c.operand))
_in = _present(lambda c: _is_one_of(c.found, c.operand))

OPERATORS: dict[str, Operator] = {
    "equals": Operator(_equals),
    "not_equals": Operator(_opposite(_equals)),
    "contains": Operator(_present(_contains)),
    "not_contains": Operator(_opposite(_present(_contains))),
    "starts_with": Operator(_present(lambda c: as_text(c.found).startswith(as_text(c.operand))), _text),
    "ends_with": Operator(_present(lambda c: as_text(c.found).endswith(as_text(c.operand))), _text),
    "matches": Operator(_present(_matches), _pattern_fault),
    "greater": Operator(_present(lambda c: c.number() > c.limit(c.operand)), _number),
    "greater_or_equal": Operator(_present(lambda c: c.number() >= c.limit(c.operand)), _number),
    "less": Operator(_present(lambda c: c.number() < c.limit(c.operand)), _number),
    "less_or_equal": Operator(_present(lambda c: c.number() <= c.limit(c.operand)), _number),
    "between": Operator(
        _present(lambda c: c.limit(c.operand[0]) <= c.number() <= c.limit(c.operand[1])),
        _pair(as_drawn_number, "number"),
    ),
    "in": Operator(_in, _list_fault),
    "not_in": Operator(_opposite(_in), _list_fault),
    "is_true": Operator(_present(lambda c: as_bool(c.found))),
    "is_false": Operator(_present(lambda c: not as_bool(c.found))),
    "before": Operator(_present(lambda c: c.moment(c.found) < c.moment(c.operand)), _date),
    "after": Operator(_present(lambda c: c.moment(c.found) > c.moment(c.operand)), _date),
    "within_last_minutes": _within_last("minutes"),
    "within_last_hours": _within_last("hours"),
    "within_last_days": _within_last("days"),
    "is_empty": Operator(_is_empty),
    "is_not_empty": Operator(_opposite(_is_empty)),
    "exists": Operator(_exists),
    "not_exists": Operator(_opposite(_exists)),
}
SYMBOLS = {
    "equals": "=",
    "not_equals": "≠",
    "greater": ">",
    "greater_or_equal": "≥",
    "less": "<",
    "less_or_equal": "≤",
}
LIST_OPERATORS = ("between", "in", "not_in")
LONE_OPERATORS = ("is_true", "is_false", "is_empty", "is_not_empty", "exists", "not_exists")
