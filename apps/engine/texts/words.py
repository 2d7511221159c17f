"""The filters that work on text. What goes in is text already, and short enough."""

import base64
import binascii
import html
import json
import re
from typing import Any
from urllib.parse import quote_plus, unquote_plus

import re2

from apps.common import bounded_json
from apps.common.trouble import Refused
from apps.engine.texts.amounts import count, few, fits
from apps.engine.texts.numbers import number_of
from apps.engine.values.to_text import to_text

_BLOCKS = re2.compile(r"(?is)<script.*?</script>|<style.*?</style>|<!--.*?-->")
_TAG = re.compile(r"<[^<>]*>")
_LINE = re.compile(r"\r?\n")
_ENTITY = re.compile(r"&amp;(?=#?[A-Za-z0-9]{1,31};)")


def append(text: str, more: Any) -> str:
    return text + to_text(more)


def prepend(text: str, more: Any) -> str:
    return to_text(more) + text


def replace(text: str, old: Any, new: Any = "") -> str:
    old, new = to_text(old), to_text(new)
    fits(len(text) + text.count(old) * (len(new) - len(old)))
    return text.replace(old, new)


def replace_first(text: str, old: Any, new: Any = "") -> str:
    return text.replace(to_text(old), to_text(new), 1)


def replace_last(text: str, old: Any, new: Any) -> str:
    before, found, after = text.rpartition(to_text(old)) if to_text(old) else (text, "found", "")
    return before + to_text(new) + after if found else text


def remove(text: str, old: Any) -> str:
    return text.replace(to_text(old), "")


def remove_first(text: str, old: Any) -> str:
    return text.replace(to_text(old), "", 1)


def remove_last(text: str, old: Any) -> str:
    return replace_last(text, old, "") if to_text(old) else text


def split(text: str, separator: Any) -> list[str]:
    """Its parts; nothing has none, and empty ones at the end do not count."""
    between = to_text(separator)
    if not between:
        return few(list(text))
    parts = text.split() if between == " " else text.split(between)
    while parts and not parts[-1]:
        parts.pop()
    return few(parts)


def truncate(text: str, length: Any = 50, end: Any = "...") -> str:
    most, tail = count(length), to_text(end)
    return text if len(text) <= most else text[: max(most - len(tail), 0)] + tail


def truncatewords(text: str, words: Any = 15, end: Any = "...") -> str:
    found, most = text.split(), max(count(words), 1)
    return text if len(found) <= most else " ".join(found[:most]) + to_text(end)


def strip_html(text: str) -> str:
    """Without tags; style, scripts and comments go with what is in them."""
    bare: str = _BLOCKS.sub("", text)
    return _TAG.sub("", bare)


def strip_newlines(text: str) -> str:
    return _LINE.sub("", text)


def newline_to_br(text: str) -> str:
    fits(len(text) + 6 * text.count("\n"))
    return _LINE.sub("<br />\n", text)


def escape(text: str) -> str:
    return html.escape(text)


def escape_once(text: str) -> str:
    """As `escape`; what is an entity already stays."""
    return _ENTITY.sub("&", html.escape(text))


def unescape(text: str) -> str:
    return html.unescape(text)


def squish(text: str) -> str:
    return " ".join(text.split())


def url_encode(text: str) -> str:
    return quote_plus(text)


def url_decode(text: str) -> str:
    return str(bounded_json.clean(unquote_plus(text)))


def base64_encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def base64_decode(text: str) -> str:
    return _decoded(text, b"+/")


def base64_url_safe_encode(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


def base64_url_safe_decode(text: str) -> str:
    return _decoded(text, b"-_")


def _decoded(text: str, signs: bytes) -> str:
    try:
        return str(bounded_json.clean(base64.b64decode(text.encode(), altchars=signs).decode()))
    except (binascii.Error, UnicodeDecodeError):
        raise Refused(f"{text[:50]!r} is no text in base64") from None


def as_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain_number)


def _plain_number(value: Any) -> Any:
    number = number_of(value)
    return number if isinstance(number, int) else float(number)


def parse_json(text: str) -> Any:
    """The document that a text holds. Raises Refused where it holds none."""
    try:
        return bounded_json.loads(text.encode("utf-8", "replace"))
    except bounded_json.Malformed as trouble:
        raise Refused(f"{text[:50]!r} holds no JSON: {trouble}") from None
