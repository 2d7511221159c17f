"""A request at a source becomes events, one for each thing that it says; committed before it is acknowledged."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import ValidationError

from apps.common import bounded_json
from apps.common.crypto import Undecryptable
from apps.database.ttl_cache import cached
from apps.engine.about import IdentityAt, identities_in
from apps.events.recording import NewEvent, record_all
from apps.events.sources import COHORT_TOLD, OCCURRED
from apps.ingress.request import IncomingRequest
from apps.people.finding import find_people
from apps.sources.doors import Accepted, Answered, Door, DoorArrival, Occurrence, TurnedAway
from apps.triggers import request_log
from apps.triggers.models import SourceUrl
from apps.triggers.request_log import Disposition, LogScope, Outcome

MAX_KEY = 255
NOT_SET_UP = (
    "The settings of this source do not fit any more, or cannot be decrypted here: open the source and save it."
)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entrance:
    """What stands behind a source's URL; `door` is None where its settings cannot be read here."""

    scope: LogScope
    kind: str
    ends_at: datetime | None
    country: str
    door: Door | None
    about: list[IdentityAt] = field(default_factory=list)

    def refuse(self, status: int, why: str) -> Answered:
        return self.door.refuse(status, why) if self.door else Answered(status=status, body={"error": why})


@cached
def entrance_of(token: str) -> Entrance | None:
    """None: there is no such URL."""
    url = SourceUrl.objects.select_related("source__workspace").filter(token=token).first()
    if url is None:
        return None
    source = url.source
    scope = LogScope(source.workspace_id, None, url.environment, source.pk)
    try:
        door, about = source.door(), source.identities_at()
    except (Undecryptable, ValidationError, KeyError):
        log.warning("the source %s of workspace %s cannot be read", source.name, source.workspace_id)
        door, about = None, []
    return Entrance(scope, source.kind, url.ends_at, source.workspace.country, door, about)


def take(entrance: Entrance, request: IncomingRequest, now: datetime) -> Answered:
    """Answer one request at a source: as taken only after all that it says is committed."""
    if entrance.door is None:
        return _logged(entrance, request, entrance.refuse(503, NOT_SET_UP), NOT_SET_UP, now)
    match entrance.door.read(DoorArrival(request=request, now=now)):
        case TurnedAway(why=why, answer=answer):
            return _logged(entrance, request, answer, why, now)
        case Accepted(occurrences=occurrences, answer=answer):
            return _recorded(entrance, request, occurrences, answer, now)


def turn_away(entrance: Entrance, request: IncomingRequest, status: int, why: str, now: datetime) -> Answered:
    """The answer to a request whose body could not be read."""
    return _logged(entrance, request, entrance.refuse(status, why), why, now)


def _recorded(
    entrance: Entrance, request: IncomingRequest, found: tuple[Occurrence, ...], answer: Answered, now: datetime
) -> Answered:
    new, first = record_all([_event(entrance, one) for one in found], now, find_people)
    outcome = Outcome.ACCEPTED if new or not found else Outcome.DUPLICATE
    fate = Disposition(outcome, answer.status, _told(found, new), first)
    request_log.record(entrance.scope, request, fate, now)
    return answer


def _event(entrance: Entrance, one: Occurrence) -> NewEvent:
    scope = entrance.scope
    makes_nobody = one.trouble or one.cohort or (entrance.door and entrance.door.asks_to_forget(one.body))
    about = () if makes_nobody else tuple(identities_in(entrance.about, one.body, entrance.country))
    return NewEvent(
        workspace_id=scope.workspace_id,
        kind=COHORT_TOLD if one.cohort else OCCURRED,
        source_kind=entrance.kind,
        source_id=str(scope.source_id),
        environment=scope.environment,
        content_type="application/json",
        body=one.cohort.model_dump() if one.cohort else one.body,
        dedup_scope=f"source:{scope.source_id}:{scope.environment}",
        key=one.key[:MAX_KEY],
        said={"id": one.key},
        state="ignored" if one.trouble else "received",
        reason=bounded_json.clean(one.trouble)[:300],
        about=about,
    )


def _told(found: tuple[Occurrence, ...], new: int) -> str:
    """What an arrival said, in a line; empty for a single thing that is new."""
    unusable = sum(bool(one.trouble) for one in found)
    parts = [f"{len(found)} events" if len(found) != 1 else ""]
    parts += [f"{len(found) - new} of them came before" if len(found) > new else ""]
    parts += [f"{unusable} not usable: {next(one.trouble for one in found if one.trouble)}" if unusable else ""]
    return ", ".join(part for part in parts if part)


def _logged(entrance: Entrance, request: IncomingRequest, answer: Answered, why: str, now: datetime) -> Answered:
    request_log.record(entrance.scope, request, Disposition(Outcome.REFUSED, answer.status, why), now)
    return answer
