"""The filters that work on lists. A list in a list counts as its items, and another value as a list of one."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from apps.common.trouble import Refused
from apps.engine.texts.amounts import few, fits, flat
from apps.engine.texts.numbers import Number, number_of, plus
from apps.engine.values.budget import COMPARED, spend
from apps.engine.values.paths import MISSING, member
from apps.engine.values.to_text import to_text

LAST = "\U0010ffff"  # sorts what has no such name to the end


def join(items: Any, separator: Any = " ") -> str:
    parts, between = [to_text(item) for item in flat(items)], to_text(separator)
    fits(sum(map(len, parts)) + len(between) * len(parts))
    return between.join(parts)


def first(value: Any) -> Any:
    return _or_none(member(value, "first")) if isinstance(value, list | dict | range) else None


def last(value: Any) -> Any:
    return _or_none(member(value, "last")) if isinstance(value, list | range) else None


def size(value: Any) -> int:
    return len(value) if isinstance(value, str | list | dict | range) else 0


def part(value: Any, start: Any, length: Any = 1) -> Any:
    """So many letters or items from there on; a negative start counts from the end."""
    whole = list(value) if isinstance(value, list | range) else to_text(value)
    first_, most = _whole(start), 1 if length in (None, "") else _whole(length)
    begin = first_ + len(whole) if first_ < 0 else first_
    return whole[begin : begin + max(most, 0)] if 0 <= begin <= len(whole) else whole[:0]


def _whole(value: Any) -> int:
    number = number_of(value) if not isinstance(value, float) and to_text(value).strip() else None
    if not isinstance(number, int) or (isinstance(value, str) and not value.strip().lstrip("+-").isdigit()):
        raise Refused(f"{to_text(value)[:50]!r} is no whole number")
    return number


def concat(items: Any, more: Any) -> list[Any]:
    if not isinstance(more, list):
        raise Refused("concat needs a second list")
    return few([*flat(items), *more])


def reverse(items: Any) -> list[Any]:
    return flat(items)[::-1]


def mapped(items: Any, name: Any) -> list[Any]:
    return [_or_none(_named(item, name)) for item in flat(items)]


def where(items: Any, name: Any, wanted: Any = None) -> list[Any]:
    fits_ = _test(name, wanted)
    return [item for item in flat(items) if fits_(item)]


def reject(items: Any, name: Any, wanted: Any = None) -> list[Any]:
    fits_ = _test(name, wanted)
    return [item for item in flat(items) if not fits_(item)]


def find(items: Any, name: Any, wanted: Any = None) -> Any:
    return next(iter(where(items, name, wanted)), None)


def find_index(items: Any, name: Any, wanted: Any = None) -> int | None:
    fits_ = _test(name, wanted)
    return next((index for index, item in enumerate(flat(items)) if fits_(item)), None)


def has(items: Any, name: Any, wanted: Any = None) -> bool:
    return find_index(items, name, wanted) is not None


def _test(name: Any, wanted: Any) -> Callable[[Any], bool]:
    """Whether an item has that value under the name, or any that is not false where none is wanted."""
    if wanted is None or wanted == "":
        return lambda item: not any(_named(item, name) is nothing for nothing in (MISSING, None, False))
    return lambda item: equal(_named(item, name), wanted)


def equal(left: Any, right: Any) -> bool:
    spend(COMPARED + (_size(left) if isinstance(left, list | dict | str) else 0))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)


def _size(value: Any) -> int:
    return len(json.dumps(value, default=str)) if isinstance(value, list | dict) else len(value)


def compact(items: Any, name: Any = None) -> list[Any]:
    return [item for item in flat(items) if (item if name is None else _named(item, name)) not in (None, MISSING)]


def uniq(items: Any, name: Any = None) -> list[Any]:
    found: dict[str, Any] = {}
    for item in flat(items):
        key = json.dumps(item if name is None else _or_none(_named(item, name)), sort_keys=True, default=str)
        spend(COMPARED + len(key))
        found.setdefault(key, item)
    return list(found.values())


def sort(items: Any, name: Any = None) -> list[Any]:
    """In ascending order; what has no such name stands at the end."""
    return _sorted(flat(items), lambda item: _or_last(item if not name else _named(item, name)))


def sort_natural(items: Any, name: Any = None) -> list[Any]:
    """As `sort`, large and small letters alike."""
    return _sorted(flat(items), lambda item: to_text(_or_last(item if not name else _named(item, name))).lower())


def _sorted(items: list[Any], key: Callable[[Any], Any]) -> list[Any]:
    keys = [key(item) for item in items]
    spend(COMPARED * len(keys) + sum(len(found) for found in keys if isinstance(found, str)))
    if any(isinstance(found, list | dict) for found in keys):
        raise Refused("a list of lists or objects is sorted by a name: sort: 'name'")
    try:
        return [items[index] for index in sorted(range(len(items)), key=keys.__getitem__)]
    except TypeError:
        raise Refused("a list with values of several kinds cannot be sorted") from None


def total(items: Any, name: Any = None) -> Number:
    """The sum of its numbers, exact."""
    found: Number = 0
    for item in flat(items):
        spend(COMPARED)
        found = plus(found, number_of(item if name is None else _named(item, name)))
    return found


def _named(item: Any, name: Any) -> Any:
    if isinstance(item, dict):
        return member(item, to_text(name))
    if isinstance(item, str):
        return name if isinstance(name, str) and name in item else MISSING
    if item is None or isinstance(item, bool | int | float | Decimal):
        return _of_number(item, name)
    return MISSING


def _of_number(item: Any, name: Any) -> Any:
    return item == name if isinstance(item, int) and isinstance(name, int) else MISSING


def _or_none(found: Any) -> Any:
    return None if found is MISSING else found


def _or_last(found: Any) -> Any:
    return LAST if found is MISSING or found is None else found
