"""How spans, moments and documents are written for people."""

import json
import re
from datetime import UTC, datetime, tzinfo
from typing import Any

MOST_SHOWN = 20_000
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d)(:\d\d)? UTC")


def local_words(words: str, zone: tzinfo) -> str:
    """Reasons are written in UTC; people read them in their zone."""

    def moved(found: re.Match[str]) -> str:
        at = datetime.fromisoformat(f"{found[1]}{found[2] or ''}").replace(tzinfo=UTC).astimezone(zone)
        return at.strftime("%Y-%m-%d %H:%M:%S" if found[2] else "%Y-%m-%d %H:%M")

    return _MOMENT.sub(moved, words)


def span(start: Any, end: Any) -> str:
    """How long, in words: 340 ms, 2.5 s, 3 min 20 s, 2 h 5 min, 3 d 4 h; empty below a millisecond."""
    seconds = max((end - start).total_seconds(), 0)
    if seconds < 0.001:
        return ""
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, size, below, small in (("d", 86400, 3600, "h"), ("h", 3600, 60, "min"), ("min", 60, 1, "s")):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // below} {small}"
    return f"{whole} s"


def pretty_json(value: Any) -> str:
    """JSON for people to open; a long one is cut and says so."""
    if not value:
        return ""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}\n… cut: {len(text):,} characters in all"
