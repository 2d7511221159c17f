"""Events as Segment tells them, which others speak, too: track, identify and the like. One reading for all who do.

Wire format: Segment's spec (common fields, track, identify …) and its HTTP tracking API; the answers are each door's.
"""

import json
from typing import Any

from apps.common import bounded_json
from apps.common.trouble import Malformed
from apps.engine.about import IdentityAt
from apps.sources.doors import Occurrence, key_of_all

TYPES = ("track", "identify", "page", "screen", "group", "alias")
DELETE = "delete"  # a request to forget somebody
NAMED_BY = {"track": "event", "page": "name", "screen": "name", "group": "groupId"}
MOST_EVENTS, MOST_KEYS = 20_000, 1_000_000
ABOUT = (
    IdentityAt(kind="distinct_id", path="userId"),
    IdentityAt(kind="email", path="traits.email"),
    IdentityAt(kind="email", path="context.traits.email"),
    IdentityAt(kind="email", path="properties.email"),
    IdentityAt(kind="phone", path="traits.phone"),
    IdentityAt(kind="phone", path="context.traits.phone"),
    IdentityAt(kind="device", path="context.device.token"),
)

SAMPLE = {
    "type": "track",
    "messageId": "sample",
    "userId": "c-42",
    "event": "Order Completed",
    "properties": {"order_id": "A-1", "total": 1499.5},
    "context": {"traits": {"email": "asha@example.com"}},
    "timestamp": "2026-01-31T09:30:00.000Z",
}


def document(body: bytes) -> Any:
    """The JSON of a body, whatever the request calls it. Raises Malformed."""
    return bounded_json.loads(body, MOST_KEYS, lenient=True)


def entries(said: Any, type_: str = "") -> list[Any]:
    """The events of a body: one, a list of them, or those of its `batch`. `type_`: what the path says they are.

    Raises Malformed.
    """
    found = said.get("batch", [said]) if isinstance(said, dict) else said
    if not isinstance(found, list):
        raise Malformed("the events must be a list")
    if len(found) > MOST_EVENTS:
        raise Malformed(f"more than {MOST_EVENTS} events in one request")
    return [{**one, "type": type_} if type_ and isinstance(one, dict) and not one.get("type") else one for one in found]


def occurrence(event: Any) -> Occurrence:
    """One event; what is none is kept with the reason."""
    if not isinstance(event, dict):
        return Occurrence(body={"event": event}, key=key_of_all(event), trouble="it is no object")
    kind = event.get("type")
    key = event.get("messageId")
    facts = {"body": event, "key": str(key) if isinstance(key, str | int) and key else key_of_all(event)}
    if kind not in (*TYPES, DELETE):
        return Occurrence(**facts, trouble=f"its type {json.dumps(kind)[:60]} is none of {', '.join(TYPES)}")
    return Occurrence(**facts)


def event_words(event: dict[str, Any]) -> str:
    """As people read it: its type and its name."""
    return " ".join(part for part in (str(event.get("type", "")), name_of(event)) if part)


def name_of(event: dict[str, Any]) -> str:
    """What it is called: the event of a track, the name of a page."""
    said = event.get(NAMED_BY.get(str(event.get("type")), ""))
    return said if isinstance(said, str) else ""


def rule_keys(event: dict[str, Any]) -> tuple[str, ...]:
    """Of the rules that it fits: of its type and name, of its type, of any."""
    kind, name = str(event.get("type", "")), name_of(event)
    return tuple(dict.fromkeys((key_of(kind, name), key_of(kind, ""), key_of("", ""))))


def key_of(kind: str, name: str) -> str:
    """By what the index finds a rule; empty: any."""
    return f"{kind}:{name}"


def batches(path: str) -> tuple[bool, str]:
    """What a path behind the URL is: whether it is of the tracking API, and the type that it says."""
    last = path.rstrip("/").rpartition("/")[2]
    prefix = path.rstrip("/").rpartition("/")[0]
    if prefix not in ("", "/v1") or (last not in ("batch", "import", *TYPES)):
        return False, ""
    return True, last if last in TYPES else ""
