"""Text with placeholders (Liquid), bounded. What a missing value does is the text's own choice."""

import re
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from liquid.exceptions import LiquidError

from apps.common.trouble import Refused
from apps.engine.fields import Html, Text
from apps.engine.texts.checking import names_read
from apps.engine.texts.dialect import Escape, escaped, parsed
from apps.engine.texts.tags import blanks_noted
from apps.engine.values.bounds import MAX_HTML, MAX_TEXT
from apps.engine.values.budget import budget
from apps.engine.values.data import RunData
from apps.engine.values.paths import MISSING, is_path
from apps.engine.values.to_text import leaf, to_text

_PLACEHOLDER = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
MAX_PATH = 500


def as_text(value: "str | Text") -> Text:
    return value if isinstance(value, Text) else Text(text=value)


def render(value: "str | Text", data: RunData, *, escape: Escape = "") -> str:
    """The text filled in; `escape` is done to what a placeholder gives, last of all. Raises Refused."""
    text = as_text(value)
    if "{{" not in text.text and "{%" not in text.text:
        return text.text
    with budget():
        path = _path_alone(text.text)
        if not path:
            return _rendered(text, data, escape)
        return escaped(_fitting(to_text(_value_at(path, text, data)), escape), escape)


def _rendered(text: Text, data: RunData, escape: Escape) -> str:
    try:
        filled: str = parsed(text, escape).render(data.names())
    except (LiquidError, RecursionError, ArithmeticError, ValueError, TypeError) as error:
        raise Refused(f"the text cannot be filled in: {_short(error)}") from None
    return filled


def _value_at(path: str, text: Text, data: RunData) -> Any:
    """The value, or what the text's policy puts in the place of a missing one; no Liquid is needed for that."""
    found = data.lookup(path)
    if found is not MISSING:
        return leaf(found)
    if text.missing == "error":
        raise Refused(f"a value is missing: {path}")
    return text.default if text.missing == "default" else None


def _path_alone(text: str) -> str:
    """The path of a text that is one placeholder and nothing else; empty: it is more."""
    if len(text) > MAX_PATH or not (text.startswith("{{") and text.endswith("}}")):
        return ""
    inside = text[2:-2].removeprefix("-").removesuffix("-").strip()
    return inside if is_path(inside) else ""


def _fitting(text: str, escape: Escape) -> str:
    if len(text) > _most(escape):
        raise Refused(f"the filled text is longer than {_most(escape)} characters")
    return text


def _most(escape: Escape) -> int:
    return MAX_HTML if escape == "html" else MAX_TEXT


def key_text(value: "str | Text", data: RunData) -> str:
    """A text by which things are found or grouped; empty where it names nobody.

    That is where it gives nothing, and where one of its values is empty and something stands between them: `acme:` is
    no customer of acme. Values side by side (`{{ email }}{{ phone }}`) stand in for each other. Raises Refused.
    """
    text = as_text(value)
    with blanks_noted() as blanks:
        key = render(text, data)
    has_parts = bool(_PLACEHOLDER.sub("", text.text).strip())
    return "" if not key.strip() or (blanks and has_parts) else key


def filled_value(value: "str | Text", data: RunData) -> Any:
    """As `render`, but a text that is one placeholder gives the value itself, with its type."""
    text = as_text(value)
    path = _path_alone(text.text)
    return _value_at(path, text, data) if path else render(text, data)


def render_json(value: Any, data: RunData, missing: Literal["error", "empty"] = "error") -> Any:
    """A JSON structure with its text leaves filled; a leaf that is one placeholder keeps the value's type."""
    if isinstance(value, dict):
        filled = [(render(Text(text=key, missing=missing), data), item) for key, item in value.items()]
        if len(dict(filled)) != len(filled):
            raise Refused("two names of the JSON are the same when they are filled in")
        return {key: render_json(item, data, missing) for key, item in filled}
    if isinstance(value, list):
        return [render_json(item, data, missing) for item in value]
    return filled_value(Text(text=value, missing=missing), data) if isinstance(value, str) else value


def render_url(value: "str | Text", data: RunData) -> str:
    """A URL whose filled values are percent-encoded; a placeholder at the very start is taken as it is."""
    text = as_text(value)
    first, rest = _first(text)
    begin = render(first, data)
    url = begin + render(rest, data, escape="url")
    parts = _path(url).split("/")
    if any(unquote(part) in (".", "..") for part in parts):
        raise Refused("the filled URL has a part '.' or '..', which would call another address")
    if parts.count("") > _path(begin + _PLACEHOLDER.sub("x", rest.text)).split("/").count(""):
        raise Refused("a value in the URL's path is empty, which would call another address")
    return url


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError as error:
        raise Refused(f"the filled URL cannot be read: {_short(error)}") from None


def _first(text: Text) -> tuple[Text, Text]:
    """A placeholder at the very start, and the rest."""
    head, closed, rest = text.text.partition("}}") if text.text.lstrip().startswith("{{") else ("", "", text.text)
    return text.model_copy(update={"text": head + closed}), text.model_copy(update={"text": rest})


@lru_cache(maxsize=4096)
def placeholders(text: str) -> tuple[str, ...]:
    """The paths that a text reads. Raises Refused when the text is broken."""
    try:
        return names_read(parsed(Html(text=text), "html"))
    except (LiquidError, RecursionError) as error:
        raise Refused(f"the placeholder is broken: {_short(error)}") from None


def _short(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
