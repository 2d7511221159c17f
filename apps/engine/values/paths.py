"""How a value within a document is named: `order.items.0.name`, `trigger["First Name"]`, `items[0]`.

One reading for texts, conditions, delays, sums, short names and matches. A name that a document has wins over what the
same word would mean: an object's own `size`.
"""

import re
from functools import lru_cache
from typing import Any

MISSING = object()
Segment = str | int
_PLAIN = r"\w[\w-]*\??"
_WORD = re.compile(rf"{_PLAIN}\Z")
_INNER = rf"[#@]?{_PLAIN}"  # XML has #text and @attributes
_INNER_WORD = re.compile(rf"{_INNER}\Z")
_BRACKET = r"""\[\s*(?:"([^"]*)"|'([^']*)'|(-?\d+))\s*\]"""
_ONE = re.compile(rf"\s*(?:{_BRACKET}|([^.\[\]]+))\s*")
_STRICT = re.compile(rf"(?:{_PLAIN}|{_BRACKET})(?:\s*\.\s*{_INNER}|{_BRACKET})*\Z")
LITERALS = ("true", "false", "nil", "null", "empty", "blank")


@lru_cache(maxsize=4096)
def segments(path: str) -> tuple[Segment, ...]:
    """The names of a path from the outside in. What is no path by the rules is split at its dots."""
    found: list[Segment] = []
    at = 0
    while at < len(path):
        one = _ONE.match(path, at)
        if one is None:
            return tuple(part.strip() for part in path.split("."))
        double, single, index, word = one.groups()
        found.append(int(index) if index else word.strip() if word else double if double is not None else single)
        at = one.end() + (path[one.end() : one.end() + 1] == ".")
    return tuple(found)


def is_path(text: str) -> bool:
    """Whether a text between braces is a path and nothing else: then it needs no Liquid."""
    return bool(_STRICT.match(text)) and text not in LITERALS and not text[0].isdigit()


def written(parts: tuple[Segment, ...] | list[Segment]) -> str:
    """The path as a person would write it."""
    text = ""
    for part in parts:
        text += _next(str(part), is_first=not text)
    return text


def _next(part: str, *, is_first: bool) -> str:
    if not is_first and part.isascii() and part.isdigit():
        return f".{part}"
    if (_WORD if is_first else _INNER_WORD).match(part) and not (is_first and (part in LITERALS or part[0].isdigit())):
        return part if is_first else f".{part}"
    quote = "'" if '"' in part else '"'
    return f"[{quote}{part}{quote}]"


def joined(root: str, path: str) -> str:
    """A path under another."""
    return f"{root}{'' if path.startswith('[') else '.'}{path}"


def reached(document: Any, path: str) -> Any:
    """The value at a path, or MISSING. Never raises."""
    found = document
    for part in segments(path):
        found = member(found, part)
        if found is MISSING:
            return MISSING
    return found


def member(value: Any, name: Any) -> Any:
    """What a value has under a name or number, or MISSING."""
    match value:
        case dict():
            return _of_object(value, name)
        case list() | tuple() | range():
            return _of_list(value, name)
        case str() if name == "size":
            return len(value)
    return MISSING


def _of_object(value: dict[str, Any], name: Any) -> Any:
    key = str(name) if isinstance(name, int) and not isinstance(name, bool) else name
    if isinstance(key, str) and key in value:
        return value[key]
    if key == "size":
        return len(value)
    return list(next(iter(value.items()))) if key == "first" and value else MISSING


def _of_list(value: Any, name: Any) -> Any:
    if name == "size":
        return len(value)
    index = {"first": 0, "last": -1}.get(name, name) if isinstance(name, str) else name
    if isinstance(index, str):
        index = int(index) if index.isascii() and index.isdigit() and len(index) < 10 else None
    if not isinstance(index, int) or isinstance(index, bool) or not -len(value) <= index < len(value):
        return MISSING
    return value[index]
