"""How much a filter may take and give."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from apps.common.trouble import Refused
from apps.engine.texts.numbers import MAX_NUMBER
from apps.engine.values.bounds import MAX_ITEMS, MAX_TEXT
from apps.engine.values.budget import ITEM, spend
from apps.engine.values.to_text import to_text


def small(value: Any) -> Any:
    """The value, paid for. Raises Refused for what is too large."""
    if isinstance(value, str):
        fits(len(value))
        spend(len(value))
    elif isinstance(value, range | list | tuple):
        return few(value)
    elif isinstance(value, int | float | Decimal) and not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise Refused("a filter met a number of more than 30 digits")
    return value


def fits(length: int) -> None:
    if length > MAX_TEXT:
        raise Refused(f"a filter would make more than {MAX_TEXT} characters")


def few(items: Any) -> list[Any]:
    if len(items) > MAX_ITEMS:
        raise Refused(f"a filter met a list of more than {MAX_ITEMS} items")
    spend(ITEM * len(items))
    return list(items)


def flat(value: Any) -> list[Any]:
    """The items of a list and of the lists in it; of nothing none, of another value that one."""
    if value is None or value == "":
        return []
    if not isinstance(value, list | tuple | range):
        return [value]
    found = []
    for item in _flat(value):
        found.append(item)
        if len(found) > MAX_ITEMS:
            raise Refused(f"a filter met a list of more than {MAX_ITEMS} items")
    return found


def _flat(items: Any) -> Iterator[Any]:
    """The outermost list was paid for when it came in."""
    for item in items:
        if isinstance(item, list | tuple):
            spend(ITEM * len(item))
            yield from _flat(item)
        else:
            yield item


def count(value: Any) -> int:
    try:
        return min(int(value), MAX_TEXT)
    except (ValueError, TypeError, OverflowError):
        raise Refused(f"{to_text(value)[:50]!r} is no whole number") from None
