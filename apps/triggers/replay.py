"""What a request started is started again by a person: a new event with the same data; the first stays as it is."""

from datetime import datetime

from apps.common.trouble import Refused
from apps.events.models import Event
from apps.events.recording import Closed, Conflict, NewEvent, record
from apps.triggers.ingest import PAUSED, closed_among

FIRED = "trigger.fired"


def replay(event: Event, version_id: int | None, reason: str, key: str, now: datetime) -> str:
    """The request id of the new event; the same `key` makes one. `version_id`: what it is to run. Raises Refused."""
    if not event.body and not bytes(event.raw):
        raise Refused("its data was deleted because of its age")
    new = NewEvent(
        workspace_id=event.workspace_id,
        kind=FIRED,
        source_kind=event.source_kind,
        source_id=event.source_id,
        environment=event.environment,
        content_type=event.content_type,
        raw=bytes(event.raw),
        body=event.body,
        person_id=event.person_id,
        dedup_scope=f"replay:{event.workspace_id}",
        key=key,
        version_id=version_id,
        reason=reason[:300],
    )
    try:
        return record(new, now, closed_among).answer["request_id"]
    except Conflict:
        raise Refused("it was begun already with other data") from None
    except Closed:
        raise Refused(PAUSED.rstrip(".")) from None
