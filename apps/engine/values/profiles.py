"""What a run reads of the person it is about, and how a profile changes. Pure."""

import json
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from apps.common.trouble import Refused
from apps.common.values import Value
from apps.common.zones import is_zone
from apps.engine.values.identities import KIND_WORDS
from apps.engine.values.numerals import NotReadable, as_number

Operation = Literal["set", "set_once", "add", "append", "remove", "unset"]
AttributeKind = Literal["text", "number", "boolean", "date", "list", "object"]
Facts = dict[str, Any]
FIELDS = ("name", "time_zone", "language")  # of a profile itself; all other names are attributes
NOBODY_KNOWN = "it is not known whom a run is about: say it at the trigger, under Who it is about"
ADDRESSES = ("phone", "email")  # identities that a profile has one of, and that may be set
MAX_FIELD, MAX_ATTRIBUTES, MAX_LIST = 200, 200, 1000
MAX_ATTRIBUTES_BYTES = 64 * 1024
TYPE_WORDS: dict[str, str] = {
    "text": "a text",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date",
    "list": "a list",
    "object": "an object",
}


class ProfileChange(Value):
    """One change of a profile: what is done with `name`, and with which value."""

    operation: Operation
    name: str
    value: Any = None


def profile_facts(person_id: str, fields: dict[str, str], attributes: Facts, identities: dict[str, str]) -> Facts:
    """What texts read as `profile`. `identities`: the newest of each kind. Its own fields win over attributes."""
    return {**attributes, "id": person_id, **{name: text for name, text in fields.items() if text}, **identities}


def attributes_of(facts: Facts) -> Facts:
    """What is neither a field of every profile nor an identity."""
    return {name: value for name, value in facts.items() if not is_own(name)}


def is_own(name: str) -> bool:
    """Whether it is a field or an identity of every profile, and so no attribute."""
    return name == "id" or name in FIELDS or name in KIND_WORDS


def type_of(value: Any) -> AttributeKind:
    """The type of an attribute, as people know it."""
    match value:
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case list():
            return "list"
        case dict():
            return "object"
        case str() if _is_date(value):
            return "date"
    return "text"


def _is_date(text: str) -> bool:
    if not 10 <= len(text) <= 35 or not text[:4].isdigit() or text[4] != "-":
        return False
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def changed(facts: Facts, changes: list[ProfileChange]) -> tuple[Facts, Facts]:
    """The facts afterwards, and what was before of those that are others now (None: it was not there).

    Raises Refused where a change does not fit what is there, and for more than a profile holds.
    """
    after = {**facts}
    for change in changes:
        if is_own(change.name):
            _apply_to_field(after, change)
        else:
            _apply(after, change)
    _check_bounds(attributes_of(after))
    names = dict.fromkeys(change.name for change in changes)
    return after, {name: facts.get(name) for name in names if facts.get(name) != after.get(name)}


def _apply_to_field(after: Facts, change: ProfileChange) -> None:
    name, value = change.name, change.value
    if name not in (*FIELDS, *ADDRESSES):
        raise Refused(f"{name} is how a person is known and cannot be changed")
    if change.operation == "unset" and name in FIELDS:
        after.pop(name, None)
    elif change.operation not in ("set", "set_once"):
        raise Refused(f"{name} can only be set")
    elif change.operation == "set" or not after.get(name):
        after[name] = _field(name, value)


def _field(name: str, value: Any) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_FIELD:
        raise Refused(f"{name} must be a text of at most {MAX_FIELD} characters")
    if name == "time_zone" and not is_zone(value.strip()):
        raise Refused(f"{value[:60]!r} is no time zone: write for example Asia/Kolkata")
    return value.strip()


def _apply(after: Facts, change: ProfileChange) -> None:
    name, value, was = change.name, change.value, after.get(change.name)
    match change.operation:
        case "unset":
            after.pop(name, None)
        case "set_once" if was is not None:
            pass
        case "set" | "set_once":
            after[name] = value
        case "add":
            after[name] = _number_of(_decimal(name, was if was is not None else 0) + _decimal(name, value))
        case "append":
            after[name] = [*_list(name, was), *(value if isinstance(value, list) else [value])]
        case "remove":
            gone = value if isinstance(value, list) else [value]
            after[name] = [one for one in _list(name, was) if one not in gone]


def _decimal(name: str, value: Any) -> Decimal:
    try:
        return as_number(value)
    except NotReadable:
        raise Refused(f"{name} cannot be added up: {shown(value)} is no number") from None


def _number_of(exact: Decimal) -> int | float:
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def _list(name: str, was: Any) -> list[Any]:
    if was is None or isinstance(was, list):
        return was or []
    raise Refused(f"{name} is {TYPE_WORDS[type_of(was)]} and no list: nothing can be appended to it or removed from it")


def as_type(value: Any, kind: str) -> Any:
    """The value as this type; None where it is none."""
    if type_of(value) == kind:
        return value
    match kind:
        case "text":
            return value if isinstance(value, str) else shown(value)
        case "number" if isinstance(value, str):
            return _read_number(value)
        case "boolean" if isinstance(value, str):
            return {"true": True, "yes": True, "false": False, "no": False}.get(value.strip().casefold())
        case "list" if not isinstance(value, dict):
            return [part.strip() for part in value.split(",")] if isinstance(value, str) else [value]
    return None


def _read_number(text: str) -> int | float | None:
    try:
        return _number_of(as_number(text))
    except NotReadable:
        return None


def shown(value: Any) -> str:
    """A value in a sentence."""
    return json.dumps(value, ensure_ascii=False, default=str)[:60]


def _check_bounds(attributes: Facts) -> None:
    if len(attributes) > MAX_ATTRIBUTES:
        raise Refused(f"a profile has at most {MAX_ATTRIBUTES} attributes")
    for name, value in attributes.items():
        if isinstance(value, list) and len(value) > MAX_LIST:
            raise Refused(f"{name} would have more than {MAX_LIST} items")
    if len(json.dumps(attributes, ensure_ascii=False, default=str).encode()) > MAX_ATTRIBUTES_BYTES:
        raise Refused(f"a profile's attributes have at most {MAX_ATTRIBUTES_BYTES // 1024} KiB")
