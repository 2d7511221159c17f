"""How a value stands in a text that people read."""

import json
import math
from decimal import Decimal
from typing import Any

from apps.common.exact import of_float
from apps.engine.values.budget import ITEM, spend


def to_text(value: Any) -> str:
    """A whole number has no decimals, a list has commas, an object is JSON, true is true, null is nothing."""
    match value:
        case str():
            return str(value)
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() | Decimal():
            return _number(value)
        case range():
            return f"{value.start}..{value.stop - 1}"
        case list() | tuple():
            spend(ITEM * len(value))
            return ", ".join(to_text(item) for item in value)
        case {"#text": str() as text}:  # of an XML element with attributes
            return text
        case dict():
            text = json.dumps(value, ensure_ascii=False, default=str)
            spend(len(text))
            return text
    return str(value)


def plain(value: Any) -> Any:
    """The value, or the text of an XML element that has attributes."""
    return value["#text"] if isinstance(value, dict) and isinstance(value.get("#text"), str) else value


def leaf(value: Any) -> Any:
    """The value, or the text of an XML element that has attributes and nothing else within."""
    is_bare = isinstance(value, dict) and all(name[:1] in ("#", "@") for name in value)
    return plain(value) if is_bare else value


def _number(value: float | Decimal) -> str:
    """Every digit that it has; no zeros behind them, and no exponent where a person would write none."""
    if not math.isfinite(value):
        return str(value)
    number = of_float(value) if isinstance(value, float) else value
    if not 1e-15 < abs(number) < 1e21:
        return "0" if not number else f"{number.normalize()}".replace("E+", "e+").replace("E-", "e-")
    plain = f"{number:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain
