"""The filters of texts, by the names that people know from Liquid. Each looks at what goes in before it works."""

from collections.abc import Callable
from typing import Any

from liquid import RenderContext, Undefined
from liquid.filter import with_context

from apps.common.zones import zone_named
from apps.engine.texts import lists, numbers, words
from apps.engine.texts.amounts import small
from apps.engine.texts.dates import date
from apps.engine.values.budget import STEP, spend
from apps.engine.values.to_text import to_text

Filter = Callable[..., Any]
TEXTS: dict[str, Filter] = {
    "append": words.append,
    "base64_decode": words.base64_decode,
    "base64_encode": words.base64_encode,
    "base64_url_safe_decode": words.base64_url_safe_decode,
    "base64_url_safe_encode": words.base64_url_safe_encode,
    "capitalize": lambda text: text.capitalize(),
    "downcase": lambda text: text.lower(),
    "escape": words.escape,
    "escape_once": words.escape_once,
    "lstrip": lambda text: text.lstrip(),
    "newline_to_br": words.newline_to_br,
    "parse_json": words.parse_json,
    "prepend": words.prepend,
    "remove": words.remove,
    "remove_first": words.remove_first,
    "remove_last": words.remove_last,
    "replace": words.replace,
    "replace_first": words.replace_first,
    "replace_last": words.replace_last,
    "rstrip": lambda text: text.rstrip(),
    "split": words.split,
    "squish": words.squish,
    "strip": lambda text: text.strip(),
    "strip_html": words.strip_html,
    "strip_newlines": words.strip_newlines,
    "truncate": words.truncate,
    "truncatewords": words.truncatewords,
    "upcase": lambda text: text.upper(),
    "url_decode": words.url_decode,
    "url_encode": words.url_encode,
}
VALUES: dict[str, Filter] = {
    "abs": numbers.absolute,
    "at_least": numbers.at_least,
    "at_most": numbers.at_most,
    "ceil": numbers.ceil,
    "compact": lists.compact,
    "concat": lists.concat,
    "date": date,
    "divided_by": numbers.divided_by,
    "find": lists.find,
    "find_index": lists.find_index,
    "first": lists.first,
    "floor": numbers.floor,
    "has": lists.has,
    "join": lists.join,
    "json": words.as_json,
    "last": lists.last,
    "map": lists.mapped,
    "minus": numbers.minus,
    "modulo": numbers.modulo,
    "money": numbers.money,
    "plus": numbers.plus,
    "reject": lists.reject,
    "reverse": lists.reverse,
    "round": numbers.rounded,
    "size": lists.size,
    "slice": lists.part,
    "sort": lists.sort,
    "sort_natural": lists.sort_natural,
    "sum": lists.total,
    "times": numbers.times,
    "uniq": lists.uniq,
    "where": lists.where,
}
NAMES = sorted({*TEXTS, *VALUES, "default"})


def bounded(name: str, present: Callable[[Any], Any]) -> Filter:
    """A filter that takes and gives only what is small. `present` says what stands for a missing value."""
    return bounded_text(TEXTS[name], present) if name in TEXTS else _bounded(VALUES[name], present)


def bounded_text(function: Filter, present: Callable[[Any], Any]) -> Filter:
    return _bounded(lambda value, *args: function(to_text(value), *args), present)


def _bounded(function: Filter, present: Callable[[Any], Any]) -> Filter:
    def inner(value: Any, *args: Any, **known: Any) -> Any:
        spend(STEP)
        found = small(present(value))
        return small(function(found, *[small(present(arg)) for arg in args], **known))

    return inner


def local_date(present: Callable[[Any], Any]) -> Filter:
    """The filter `date` with the zone of the workspace; what stands for a missing date is no date to be written."""
    dated = bounded("date", present)

    @with_context
    def inner(value: Any, *args: Any, context: RenderContext) -> Any:
        if isinstance(value, Undefined):
            return present(value)
        place = context.globals.get("workspace")
        zone = place.get("time_zone", "") if isinstance(place, dict) else ""
        return dated(value, *args, workspace=zone_named(str(zone)))

    return inner


def default(value: Any, instead: Any = "", *, allow_false: bool = False) -> Any:
    """`instead` for a missing, null, empty or false value; 0 and (with `allow_false`) false stay."""
    empty = isinstance(value, Undefined) or value is None or value in ("", [], {})
    return instead if empty or (value is False and not allow_false) else value


def all_of(present: Callable[[Any], Any]) -> dict[str, Filter]:
    """Every filter, by name."""
    found = {name: bounded(name, present) for name in (*TEXTS, *VALUES)}
    return {**found, "default": default, "date": local_date(present)}
