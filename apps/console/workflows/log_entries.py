"""Entries of a change log, from django-simple-history: what each change changed, in words."""

from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from apps.common.values import Value

MAX_SAID = 200
MAX_SAID = 160
TYPES = {"+": "made", "~": "changed", "-": "deleted"}
HIDDEN = {"id", "template", "event", "workspace", "created_at"}


class LogEntry(Value):
    """`what` is said by the verb that made the change, else made of its `lines`."""

    at: datetime
    who: str
    what: str
    lines: tuple[str, ...] = ()


def records_of(histories: list[QuerySet[Any]]) -> list[Any]:
    """The newest 200 records of several histories, newest first."""
    found = [row for history in histories for row in history.order_by("-history_date", "-history_id")[:MAX_SAID]]
    return sorted(found, key=lambda record: record.history_date, reverse=True)[:MAX_SAID]


def entry_of(record: Any) -> LogEntry:
    """The record in words; asks for the one before it."""
    lines = tuple(_lines(record))
    what = record.history_change_reason or _what(record)
    return LogEntry(at=record.history_date, who=_who(record), what=what, lines=lines)


def _who(record: Any) -> str:
    return record.history_user.email if record.history_user else "the system"


def _what(record: Any) -> str:
    return f"{_name(record)} {TYPES[record.history_type]}"


def _name(record: Any) -> str:
    channel = getattr(record, "channel", "")
    words = str(record.instance_type._meta.verbose_name)
    return f"{channel} {words}" if channel else words


def _lines(record: Any) -> list[str]:
    """Field by field against the record before."""
    before = record.prev_record if record.history_type == "~" else None
    if before is None:
        return []
    delta = record.diff_against(before, foreign_keys_are_objs=True)
    changes = [change for change in delta.changes if change.field not in HIDDEN]
    return [f"{_title(record, change.field)}: {_said(change.old)} → {_said(change.new)}" for change in changes]


def _title(record: Any, field: str) -> str:
    return str(record.instance_type._meta.get_field(field).verbose_name).capitalize()


def _said(value: Any) -> str:
    if value is None or value == "" or getattr(value, "pk", value) is None:  # None as a foreign key is told so
        return "empty"
    text = {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)
    return text if len(text) <= MAX_SAID else text[: MAX_SAID - 1] + "…"
