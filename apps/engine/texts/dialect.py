"""Liquid as texts here speak it: bounded, without a clock, files or Python; parsed once a process."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import quote

from liquid import Environment, RenderContext, Undefined
from liquid.ast import Node
from liquid.template import BoundTemplate
from liquid.token import Token
from liquid.utils import ReadOnlyChainMap

from apps.common.trouble import Refused
from apps.engine.fields import Text
from apps.engine.texts import filters, tags, words
from apps.engine.texts.comparing import compare_as_here
from apps.engine.texts.names import refuse_blanks, with_any_names
from apps.engine.values.bounds import MAX_HTML, MAX_TEXT
from apps.engine.values.paths import MISSING, member
from apps.engine.values.to_text import to_text

Escape = Literal["", "html", "url"]
SHORT = 2000
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


class Escaped(str):
    """A text that was escaped when it was made."""


def escaped(text: str, escape: Escape) -> str:
    match escape:
        case "html":
            return text.translate(_HTML)
        case "url":
            return quote(text, safe="")
    return text


class _Context(RenderContext):
    """Names without the clock that Liquid brings along, and read as `paths` reads them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope = ReadOnlyChainMap(self.locals, self.globals, self.counters)

    def get_item(self, obj: Any, key: Any) -> Any:
        if not isinstance(obj, dict | list | str | range):
            return super().get_item(obj, key)
        found = member(obj, key)
        if found is MISSING:
            raise KeyError(key)
        return found


class _Template(BoundTemplate):
    context_class = _Context


class Dialect(Environment):
    """One missing-value policy and one way of escaping."""

    template_class = _Template
    loop_iteration_limit = 1000
    local_namespace_limit = 200_000
    output_stream_limit = MAX_TEXT
    context_depth_limit = 10
    shorthand_indexes = True

    def __init__(self, missing: str, instead: str, escape: Escape) -> None:
        super().__init__()
        self.missing, self.instead, self.escape = missing, instead, escape
        for tag in tags.OURS:
            self.add_tag(tag)
        self.tags = {name: tag for name, tag in self.tags.items() if name in (*tags.BASE, *tags.TAGS)}
        self.filters = filters.all_of(self.present)
        if escape == "html":
            self.filters |= {"escape": _same, "escape_once": self._unescaped(), "newline_to_br": self._broken()}

    def tokenizer(self) -> Callable[[str], Iterator[Token]]:
        plain = super().tokenizer()
        return lambda source: with_any_names(plain(source))

    def _parse(self, source: str) -> list[Node]:
        nodes = super()._parse(source)
        compare_as_here(nodes)
        return nodes

    def present(self, value: Any) -> Any:
        """The value, or what stands for a missing one. Raises Refused where the policy is error."""
        if not isinstance(value, Undefined):
            return value
        if self.missing == "error":
            raise Refused(f"a value is missing: {_name(value)}")
        return self.instead

    def written(self, value: Any) -> str:
        """A value as it stands in the text that is made."""
        found = self.present(value)
        return found if isinstance(found, Escaped) else escaped(to_text(found), self.escape)

    def as_escaped(self, text: str) -> str:
        return Escaped(text) if self.escape else text

    def _unescaped(self) -> Callable[..., Any]:
        """In a page each value is escaped when it is written: of what is escaped already the entities go before."""
        return filters.bounded_text(words.unescape, self.present)

    def _broken(self) -> Callable[..., Any]:
        return filters.bounded_text(lambda text: Escaped(words.newline_to_br(escaped(text, "html"))), self.present)


class _DialectOfPages(Dialect):
    """The same for HTML, which is longer."""

    output_stream_limit = MAX_HTML


def _same(value: Any) -> Any:
    return value


def _name(missing: Undefined) -> str:
    return (missing.hint or missing.name).removesuffix(" is undefined").strip("'")


@lru_cache(maxsize=256)
def _dialect(missing: str, instead: str, escape: Escape) -> Dialect:
    return (_DialectOfPages if escape == "html" else Dialect)(missing, instead, escape)


def parsed(text: Text, escape: Escape) -> Any:
    """The template of a text. Raises LiquidError, RecursionError."""
    return _short_parsed(text, escape) if len(text.text) <= SHORT else _long_parsed(text, escape)


def _parsed(text: Text, escape: Escape) -> Any:
    refuse_blanks(text.text)
    instead = text.default if text.missing == "default" else ""
    return _dialect(text.missing, instead, escape).from_string(text.text)


# Parsed once per text and process; long ones are large, so fewer of them are kept.
_short_parsed = lru_cache(maxsize=4096)(_parsed)
_long_parsed = lru_cache(maxsize=128)(_parsed)
