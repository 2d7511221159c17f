"""Numbers as machines and people write them: one reading for conditions, sums and filters.

A comma (or an apostrophe) groups digits and a dot begins the decimals, in any script: `1,499.50`, `1,49,900`, `₹1499`,
`१४९९`. What could mean two things (`1.499`, `1.499,50`, `12,5`) is not read, and said. A leading plus or zero, an
exponent or an underscore make it a text: phone numbers and ids stay what they are.
"""

import math
import re
import unicodedata
from decimal import Decimal
from typing import Any

from apps.common.exact import of_float
from apps.engine.values.to_text import plain

MAX_DIGITS = 60
_PLAIN = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?\Z", re.ASCII)
_TWO_WAYS = re.compile(r"-?[1-9][0-9]{0,2}\.[0-9]{3}\Z", re.ASCII)
_GROUPED = re.compile(
    r"-?([1-9][0-9]{0,2}(,[0-9]{3})+|[1-9][0-9]?(,[0-9]{2})*,[0-9]{3}|[1-9][0-9]{0,2}('[0-9]{3})+)(\.[0-9]+)?\Z"
)
_SEPARATED = re.compile(r"-?[0-9][0-9.,' ]*\Z")
_MONEY = r"(?:Rs\.?|AED|AUD|BDT|BRL|CAD|CHF|CNY|EUR|GBP|IDR|INR|JPY|KES|LKR|MXN|NGN|NPR|PKR|SAR|SGD|THB|USD|ZAR)"
_NAMED = re.compile(rf"(-?){_MONEY}\s*(?=[-0-9])|(?<=[0-9])\s*{_MONEY}\Z")
_SAME = str.maketrans({"٫": ".", "٬": ",", "’": "'", "−": "-"})


class NotReadable(Exception):
    """A value is no number, date or whatever is asked for; the message says which."""


def as_number(value: Any) -> Decimal:
    """The number, exact. Raises NotReadable."""
    match plain(value):
        case bool():
            pass
        case str() as text if len(text) <= MAX_DIGITS:
            return _of_text(text.strip())
        case int() | Decimal() as number:
            return Decimal(number)
        case float() as number if math.isfinite(number):
            return of_float(number)
    raise NotReadable("not a number")


def is_plain(value: Any) -> bool:
    """Whether it is a number, or a text that machines write for one."""
    if isinstance(value, str):
        return len(value) <= MAX_DIGITS and bool(_PLAIN.match(value.strip()))
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def as_drawn_number(value: Any) -> Decimal:
    """As `as_number`; a text that a person drew has a dot before its decimals, however many they are."""
    text = value.strip() if isinstance(value, str) else ""
    return Decimal(text) if len(text) <= MAX_DIGITS and _PLAIN.match(text) else as_number(value)


def _of_text(text: str) -> Decimal:
    if _PLAIN.match(text) and not _TWO_WAYS.match(text):
        return Decimal(text)
    bare = _without_money(text)
    if _PLAIN.match(bare) and not _TWO_WAYS.match(bare):
        return Decimal(bare)
    if _GROUPED.match(bare):
        return Decimal(bare.replace(",", "").replace("'", ""))
    if _SEPARATED.match(bare) and re.search(r"[.,' ]", bare):
        raise NotReadable(f"{text} is no number that can be read surely: write 1499.50 or 1,499.50")
    raise NotReadable("not a number")


def _without_money(text: str) -> str:
    """Digits of any script as 0 to 9, and no sign or code of a currency at either end."""
    digits = "".join(str(unicodedata.decimal(sign, sign)) for sign in text.translate(_SAME))
    bare = "".join(sign for sign in digits if unicodedata.category(sign) != "Sc").strip()
    return _NAMED.sub(r"\1", bare).strip() if bare[:1].isalpha() or bare[-1:].isalpha() or bare[-1:] == "." else bare
