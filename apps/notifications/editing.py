"""Changing templates and notification events: each change is one revision, with who and why in the change log."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import reversion
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError
from reversion.models import Version as Kept

from apps.accounts.models import User
from apps.channels.models import Connection
from apps.common.trouble import Refused
from apps.notifications.models import Content, EventConnection, NotificationEvent, Template

Faults = dict[str, list[str]]  # by field; a content's as "sms.text"
PARTS = ("subject", "text", "html", "missing", "default")


class Faulty(Exception):
    """What was given cannot be saved; `faults` say what to mend."""

    def __init__(self, faults: Faults) -> None:
        super().__init__("; ".join(line for lines in faults.values() for line in lines))
        self.faults = faults


def edition(row: Template | NotificationEvent) -> str:
    """Changes with each save that changes the row or its parts; empty while it is new."""
    if row.pk is None:
        return ""
    kept = type(row).objects.get(pk=row.pk)
    parts = kept.contents if isinstance(kept, Template) else kept.connections
    rows = [kept, *parts.order_by("channel")]
    values = [[field.value_to_string(one) for field in one._meta.concrete_fields] for one in rows]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]


def _check_edition(row: Template | NotificationEvent, seen: str) -> None:
    """Nobody else saves from here on. Raises Faulty when somebody has."""
    type(row).objects.select_for_update(no_key=True).get(pk=row.pk)
    if seen != edition(row):
        said = "Somebody else saved it meanwhile: see the change log. Save again to put yours in its place."
        raise Faulty({"edition": [said]})


@contextmanager
def _saving(row: Template | NotificationEvent, by: User | None, seen: str | None) -> Iterator[None]:
    """One transaction and one revision; a new row that is not written after all is new again."""
    is_new = row.pk is None
    try:
        with transaction.atomic(), reversion.create_revision():
            if seen is not None and not is_new:
                _check_edition(row, seen)
            yield
            _sign(by, "saved")
    except Faulty:
        if is_new:
            row.pk, row._state.adding = None, True
        raise


def save_template(
    template: Template, contents: dict[str, dict[str, str]], *, by: User | None, seen: str | None = None
) -> Template:
    """The template with the contents of these channels and no others. Raises Faulty, and then nothing is written.

    `seen` is the edition that the writer saw: another one now is a fault.
    """
    with _saving(template, by, seen):
        _write(template, by, "")
        faults: Faults = {}
        for channel, words in contents.items():
            faults |= _save_content(template, channel, words, by)
        if faults:
            raise Faulty(faults)
        for gone in template.contents.exclude(channel__in=contents):
            gone._history_user = by
            gone.delete()
    return template


def _save_content(template: Template, channel: str, words: dict[str, str], by: User | None) -> Faults:
    found = template.contents.filter(channel=channel).first() or Content(template=template, channel=channel)
    given = {part: words.get(part, getattr(found, part)) for part in PARTS}
    if found.pk and all(getattr(found, part) == value for part, value in given.items()):
        return {}
    for part, value in given.items():
        setattr(found, part, value)
    try:
        found.full_clean(exclude=["template"])
    except ValidationError as error:
        return {f"{channel}.{field}": list(lines) for field, lines in error.message_dict.items()}
    found._history_user = by
    found.save()
    return {}


def save_event(
    event: NotificationEvent, connections: dict[str, Connection], *, by: User | None, seen: str | None = None
) -> NotificationEvent:
    """The event with a connection for each of these channels and no others; `seen` as for templates. Raises Faulty."""
    with _saving(event, by, seen):
        _write(event, by, "")
        for channel, connection in connections.items():
            row = event.connections.filter(channel=channel).first() or EventConnection(event=event, channel=channel)
            if row.pk is None or row.connection_id != connection.pk:
                row.connection = connection
                row._history_user = by
                row.save()
        for gone in event.connections.exclude(channel__in=connections):
            gone._history_user = by
            gone.delete()
    return event


def _write(row: Any, by: User | None, why: str) -> None:
    """Save, if anything is other. Raises Faulty."""
    try:
        row.full_clean(exclude=["workspace"])
        if _is_as_it_was(row) and not why:
            reversion.add_to_revision(row)
            return
        with transaction.atomic():
            row._history_user, row._change_reason = by, why or None
            row.save()
    except ValidationError as error:
        raise Faulty({field: list(lines) for field, lines in error.message_dict.items()}) from None
    except IntegrityError:
        raise Faulty({"name": ["Another one has this name: give it a name of its own."]}) from None


def _is_as_it_was(row: Any) -> bool:
    names = [field.attname for field in row._meta.concrete_fields]
    kept = type(row).objects.filter(pk=row.pk).values(*names).first()
    return kept is not None and all(getattr(row, name) == kept[name] for name in names)


def _sign(by: User | None, comment: str) -> None:
    reversion.set_comment(comment)
    if by is not None:
        reversion.set_user(by)


def delete(row: Template | NotificationEvent) -> None:
    """Raises Refused while something depends on it."""
    try:
        row.delete()
    except ProtectedError:
        reason = "a notification event uses it" if isinstance(row, Template) else "messages were sent for it"
        raise Refused(f"{reason}: it is kept") from None


def put_back(row: Template | NotificationEvent, kept: Kept, *, by: User | None) -> None:
    """The row and its parts as they were at a revision; itself a change that the log tells. Raises Refused."""
    at = f"{kept.revision.date_created:%Y-%m-%d %H:%M:%S} UTC"
    models_of: dict[type[models.Model], str] = {Content: "contents", EventConnection: "connections"}
    try:
        with transaction.atomic(), reversion.create_revision():
            _restore(row, kept.field_dict)
            _write(row, by, f"put back as it was on {at}")
            parts = [one for one in kept.revision.version_set.all() if one._model in models_of]
            _put_parts_back(row, parts, by)
            _sign(by, f"put back as it was on {at}")
    except Faulty as faulty:
        raise Refused(str(faulty).rstrip(".")) from None


def _restore(row: models.Model, was: dict[str, Any]) -> None:
    for name, value in was.items():
        if name not in ("id", "workspace_id"):
            setattr(row, name, value)


def _put_parts_back(row: Template | NotificationEvent, parts: list[Kept], by: User | None) -> None:
    rows = row.contents if isinstance(row, Template) else row.connections
    channels = [one.field_dict["channel"] for one in parts]
    for gone in rows.exclude(channel__in=channels):
        gone._history_user = by
        gone.delete()
    for one in parts:
        part = rows.filter(channel=one.field_dict["channel"]).first() or one._model(**{rows.field.name: row})
        was = {name: value for name, value in one.field_dict.items() if name not in ("id", rows.field.attname)}
        _restore(part, was)
        if isinstance(part, EventConnection) and not Connection.objects.of(row.workspace).filter(pk=part.connection_id):
            raise Refused(f"the connection for {part.channel} is gone: make it again first")
        part._history_user = by
        part.save()
