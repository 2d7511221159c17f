"""Keys by which a run that waits finds an event: one for each value in the top two levels of its body."""

import hashlib
from collections.abc import Iterator
from typing import Any

from apps.engine.values.to_text import to_text

MAX_KEYED = 400


def correlation_keys_of(name: str, body: Any) -> list[str]:
    """A key for each value in the top two levels of an event's body: by them a run that waits for one finds it."""
    return [correlation_key(name, path, to_text(value)) for path, value in values_of(body)]


def correlation_key(name: str, path: str, value: str) -> str:
    """The key of an event of this name that has this value, as text, at this path. Begins as no word of people does."""
    return f"={hashlib.sha256(chr(0).join((name, path, value)).encode()).hexdigest()}"


def values_of(body: Any, levels: int = 2, above: str = "") -> Iterator[tuple[str, Any]]:
    """The dotted paths and plain values of the top levels."""
    rows = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for name, value in rows:
        if isinstance(value, dict | list):
            yield from values_of(value, levels - 1, f"{above}{name}.") if levels > 1 else ()
        elif value is not None:
            yield f"{above}{name}", value
