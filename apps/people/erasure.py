"""Somebody asks to be forgotten: nothing is sent to this person any more, and the request stands until it is done."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from apps.database import bulk
from apps.database.ttl_cache import cached
from apps.engine.values.identities import Identity
from apps.events.models import Event
from apps.people.models import ErasureRequest, PersonIdentity, Suppression

FORGOTTEN = "this person asked to be forgotten"


def suppress(event: Event, person: UUID | None, named: list[Identity], now: datetime) -> None:
    """Write the request, and by what its person is known from now on as one to whom nothing goes; within the caller's
    transaction."""
    known = PersonIdentity.objects.filter(person_id=person).values_list("kind", "value") if person else []
    pairs = {(one.kind, one.value) for one in named} | {(kind, value) for kind, value in known}
    where = {"workspace_id": event.workspace_id}
    rows = [{**where, "kind": kind, "value": value, "why": FORGOTTEN, "at": now} for kind, value in sorted(pairs)]
    bulk.insert_new(Suppression, rows, "id")
    known_as = next((one.value for one in named), "")
    asked: dict[str, Any] = {**where, "event_id": event.pk, "person_id": person, "known_as": known_as, "asked_at": now}
    bulk.insert_new(ErasureRequest, [asked], "id")


def why_suppressed(workspace_id: int, values: Iterable[str]) -> str:
    """Why nothing goes to somebody who is known by one of these; empty: it may."""
    if not _has_any(workspace_id):
        return ""
    wanted = [value for value in values if value]
    found = (
        Suppression.objects.filter(workspace_id=workspace_id, value__in=wanted).values_list("why", flat=True).first()
    )
    return str(found or "")


@cached
def _has_any(workspace_id: int) -> bool:
    return Suppression.objects.filter(workspace_id=workspace_id).exists()
