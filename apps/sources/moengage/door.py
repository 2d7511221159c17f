"""MoEngage Streams, in the three shapes that are about, and the connector of a campaign, in any shape.

Neither signs: a header of one's own shows a secret. Streams: moengage.com/docs/api/data/moengage-streams; a flat object
and a single `event` are older shapes. Numbers may come as floats, ids that look like numbers are texts.
"""

import json
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from apps.common import bounded_json
from apps.common.trouble import Malformed
from apps.engine.about import IdentityAt
from apps.ingress.request import IncomingRequest, WrongType, read_body
from apps.sources.doors import Accepted, Answered, Door, DoorArrival, Occurrence, TurnedAway, fits_any, key_of_all
from apps.sources.signatures import OptionalHeaderName, same

MOST_EVENTS, MOST_KEYS = 20_000, 1_000_000
TAKEN = {"status": "success", "message": "Your request has been accepted and will be processed soon."}


class MoEngageDoor(Door):
    """Takes streamed events, and what a campaign's connector sends."""

    kind: ClassVar[str] = "moengage"
    title: ClassVar[str] = "MoEngage"
    icon: ClassVar[str] = "activity"
    first_about: ClassVar[tuple[IdentityAt, ...]] = (
        IdentityAt(kind="distinct_id", path="uid"),
        IdentityAt(kind="email", path="email_id"),
        IdentityAt(kind="phone", path="mobile_number"),
        IdentityAt(kind="device", path="push_id"),
        IdentityAt(kind="moengage", path="user_attributes.moengage_user_id"),
    )
    steps: ClassVar[tuple[str, ...]] = (
        "For Streams: ask MoEngage’s support to stream your events to {url}, with the header and the secret below.",
        "For a campaign: add a Connector campaign with the URL {url}, the method POST, and that header.",
        "A connector’s body may have any shape: say below where it names the person.",
    )
    header: OptionalHeaderName = Field(
        default="Authentication", title="Header", description="In which header MoEngage shows the secret."
    )
    secret: SecretStr = Field(
        default=SecretStr(""),
        title="Secret",
        description="What that header must show, also behind Bearer; empty: whoever knows the URL may call it.",
    )

    def refuse(self, status: int, why: str) -> Answered:
        return Answered(status=status, body={"status": "failure", "error": {"code": str(status), "message": why}})

    def read(self, arrival: DoorArrival) -> Accepted | TurnedAway:
        request = arrival.request
        if request.path.strip("/"):
            return self.turn_away(404, "There is no such path: send to the URL itself.")
        if not self._shows_secret(request):
            return self.turn_away(401, f"The header {self.header} does not show the secret of this source.")
        try:
            found = tuple(_occurrence(one) for one in _listed(_document(request)))
        except Malformed as error:
            return self.turn_away(400, str(error))
        except WrongType as error:
            return self.turn_away(415, str(error))
        return Accepted(occurrences=found, answer=Answered(body=TAKEN))

    def _shows_secret(self, request: IncomingRequest) -> bool:
        if not self.secret.get_secret_value():
            return True
        shown = request.headers.get(self.header.lower(), "").strip()
        scheme, _, rest = shown.partition(" ")
        given = rest.strip() if scheme.lower() == "bearer" else shown
        return fits_any(given, [self.secret], same)

    @classmethod
    def rule_keys(cls, body: dict[str, Any]) -> tuple[str, ...]:
        inside = body.get("event_attributes")
        facts = {**body, **inside} if isinstance(inside, dict) else body
        events = [f"event:{facts[name]}" for name in ("event_name", "event_code") if facts.get(name)]
        campaigns = [f"campaign:{facts[name]}" for name in ("campaign_name", "campaign_id") if facts.get(name)]
        return (*events, *campaigns, "event:", *(["campaign:"] if campaigns else []))

    @classmethod
    def words_of(cls, body: dict[str, Any]) -> str:
        return str(body.get("event_name") or body.get("event_code") or "")

    def sample(self, mark: str) -> IncomingRequest:
        event = {
            "event_name": "Notification Clicked Android",
            "event_code": "NOTIFICATION_CLICKED_MOE",
            "event_uuid": mark,
            "event_time": 1769851800,
            "uid": "c-42",
            "event_attributes": {"campaign_id": "5f1e", "campaign_name": "Welcome"},
        }
        body = json.dumps({"app_name": "Shop", "source": "MOENGAGE", "events": [event]}).encode()
        headers = {self.header.lower(): self.secret.get_secret_value()}
        return IncomingRequest(method="POST", content_type="application/json", headers=headers, body=body)


def _document(request: IncomingRequest) -> Any:
    if request.body.lstrip()[:1] in (b"{", b"["):
        return bounded_json.loads(request.body, MOST_KEYS, lenient=True)
    return read_body(request)


def _listed(said: Any) -> list[Any]:
    """The events: of a stream, the single one of the older shape, or all that a connector says."""
    if isinstance(said, dict) and isinstance(said.get("events"), list):
        around = {name: said[name] for name in ("app_name", "moe_request_id") if name in said}
        found = [{**around, **one} if isinstance(one, dict) else one for one in said["events"]]
    elif isinstance(said, dict) and isinstance(said.get("event"), dict):
        found = [said["event"]]
    else:
        found = said if isinstance(said, list) else [said]
    if len(found) > MOST_EVENTS:
        raise Malformed(f"more than {MOST_EVENTS} events in one request")
    return found


def _occurrence(said: Any) -> Occurrence:
    if not isinstance(said, dict):
        return Occurrence(body={"event": said}, key=key_of_all(said), trouble="it is no object")
    if not said:
        return Occurrence(body={}, key=key_of_all(said), trouble="it is empty")
    key = said.get("event_uuid")
    return Occurrence(body=said, key=str(key) if key else key_of_all(said))
