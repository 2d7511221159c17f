"""The filters that calculate. Exact: `0.1 + 0.2` is `0.3`, and no digit is lost however long a number is."""

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Any

from apps.common.exact import of_float
from apps.common.trouble import Refused
from apps.engine.values.numerals import NotReadable, as_number
from apps.engine.values.to_text import plain, to_text

MAX_NUMBER = 10**30
MAX_PLACES = 15
_LOOSE = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{0,30})?\Z", re.ASCII)
_DIGIT = re.compile(r"\d")
_EXACT, _DIVIDED = Context(prec=80), Context(prec=16)
Number = int | Decimal


def number_of(value: Any) -> Number:
    """A number; 0 for what has no digits. Raises Refused for digits that cannot be read surely."""
    match plain(value):
        case bool():
            return 0
        case int() | Decimal() as number:
            return number
        case float() as number:
            return of_float(number)
        case str() as text:
            return _of_text(text.strip())
    return 0


def _of_text(text: str) -> Number:
    if _LOOSE.match(text) and "." not in text:
        return int(text)
    try:
        return as_number(text)
    except NotReadable as doubt:
        if _LOOSE.match(text) and text[0] in "+0":
            return Decimal(text)
        if _DIGIT.search(text):
            raise Refused(f"{text[:50]!r}: {doubt}") from None
    return 0


def _whole(*numbers: Number) -> bool:
    return all(isinstance(number, int) for number in numbers)


def plus(value: Any, more: Any) -> Number:
    left, right = number_of(value), number_of(more)
    return left + right if _whole(left, right) else _EXACT.add(left, right)


def minus(value: Any, less: Any) -> Number:
    left, right = number_of(value), number_of(less)
    return left - right if _whole(left, right) else _EXACT.subtract(left, right)


def times(value: Any, factor: Any) -> Number:
    left, right = number_of(value), number_of(factor)
    return left * right if _whole(left, right) else _EXACT.multiply(left, right)


def divided_by(value: Any, divisor: Any) -> Number:
    """Of two whole numbers a whole number, rounded down; `100.0` instead of `100` gives decimals."""
    left, right = number_of(value), _divisor(divisor)
    if _whole(left, right):
        return left // right
    exact = _EXACT.divide(left, right)
    return exact if len(exact.as_tuple().digits) < _EXACT.prec else _DIVIDED.divide(left, right)


def modulo(value: Any, divisor: Any) -> Number:
    """What is left of it; with the sign of the divisor."""
    left, right = number_of(value), _divisor(divisor)
    if _whole(left, right):
        return left % right
    rest = _EXACT.remainder(left, right)
    return _EXACT.add(rest, right) if rest and (rest < 0) != (right < 0) else rest


def _divisor(value: Any) -> Number:
    number = number_of(value)
    if not number:
        raise Refused("a number cannot be divided by 0")
    return number


def absolute(value: Any) -> Number:
    number = number_of(value)
    return number if number >= 0 else -number


def at_least(value: Any, least: Any) -> Number:
    left, right = number_of(value), number_of(least)
    return left if left >= right else right


def at_most(value: Any, most: Any) -> Number:
    left, right = number_of(value), number_of(most)
    return left if left <= right else right


def ceil(value: Any) -> int:
    return int(Decimal(number_of(value)).to_integral_value(ROUND_CEILING))


def floor(value: Any) -> int:
    return int(Decimal(number_of(value)).to_integral_value(ROUND_FLOOR))


def rounded(value: Any, places: Any = 0) -> Number:
    """Half away from zero: 2.5 is 3, and 2.675 to two places is 2.68."""
    wanted = _places(places)
    if wanted < 0:
        return 0
    number = _fixed(number_of(value), min(wanted, MAX_PLACES))
    return number if wanted else int(number)


def money(value: Any, places: Any = 2, group: Any = ",", point: Any = ".") -> str:
    """So many decimals, always, and groups of digits: 1499.5 is 1,499.50; nothing stays nothing.

    `group` is what stands between thousands, or `indian` for 1,49,900.00.
    """
    if value is None or value == "":
        return ""
    number = _fixed(_surely(value), min(max(_places(places), 0), MAX_PLACES))
    whole, _, decimals = f"{abs(number):f}".partition(".")
    between, end = to_text(group)[:10], to_text(point)[:10] + decimals if decimals else ""
    return ("-" if number < 0 else "") + (_indian(whole) if between == "indian" else _grouped(whole, between)) + end


def _surely(value: Any) -> Number:
    """A number that is one: an amount is never guessed to be 0."""
    try:
        return as_number(value)
    except NotReadable as doubt:
        raise Refused(f"{to_text(value)[:50]!r}: {doubt}") from None


def _grouped(whole: str, between: str) -> str:
    return f"{int(whole):,}".replace(",", between)


def _indian(whole: str) -> str:
    thousands, rest = whole[:-3], whole[-3:]
    pairs = [thousands[max(end - 2, 0) : end] for end in range(len(thousands), 0, -2)][::-1]
    return ",".join([*pairs, rest])


def _fixed(number: Number, places: int) -> Decimal:
    return Decimal(number).quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP, context=_EXACT)


def _places(value: Any) -> int:
    try:
        return int(number_of(value))
    except Refused:
        return 0
