"""Bytes that people wrote become text by the charset that they are said to be in, or are refused: never by guessing."""

import codecs
import re

from apps.common.trouble import Malformed

_CHARSET = re.compile(r";\s*charset\s*=\s*(?:\"([^\"]{1,40})\"|'([^']{1,40})'|([^\s;\"',]{1,40}))", re.IGNORECASE)
# Python's codecs that are no charset of any sender, and those whose bytes mean something else to others.
_NONE = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "utf_7", "palmos"}
_WESTERN = {"iso8859-1", "ascii", "latin-1"}  # as browsers and mail readers take them: Windows' own


def stated(content_type: str) -> str:
    """The charset that a content type names; empty: none."""
    found = _CHARSET.search(content_type)
    return next((part for part in found.groups() if part), "").strip() if found else ""


def is_known(charset: str) -> bool:
    try:
        codec = codecs.lookup(charset)
    except (LookupError, ValueError):
        return False
    return codec._is_text_encoding and codec.name.replace("-", "_") not in _NONE


def decoded(raw: bytes, charset: str = "", what: str = "") -> str:
    """The text, without a byte order mark. Without a charset it is UTF-8. Raises Malformed."""
    if charset and not is_known(charset):
        raise Malformed(f"the charset {charset[:40]!r} is not known here: send UTF-8")
    name = codecs.lookup(charset or "utf-8").name
    try:
        return _western(raw) if name in _WESTERN else raw.decode(name).removeprefix("\ufeff")
    except UnicodeError as error:
        meant = name.upper() if charset else "UTF-8"
        hint = "" if charset else "; if it is another charset, say so in the Content-Type"
        where = f"{what} is not" if what else "not"
        raise Malformed(f"{where} {meant} at byte {getattr(error, 'start', 0)}{hint}") from None


def _western(raw: bytes) -> str:
    """Windows-1252, and the five bytes that it has no letter for as they are."""
    try:
        return raw.decode("cp1252")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
