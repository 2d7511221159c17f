"""RudderStack's SDKs and webhook destinations.

Its SDKs repeat whatever is answered below 400 and is not 200, as 202 is; they gzip, and say of JSON that it is a form
(rudder-sdk-python 2.1.9, @rudderstack/rudder-sdk-node 3.0.13).
"""

import base64
import json
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from apps.common.trouble import Malformed
from apps.engine.about import IdentityAt
from apps.ingress.request import IncomingRequest
from apps.sources import tracking
from apps.sources.doors import Accepted, Answered, Door, DoorArrival, TurnedAway, fits_any
from apps.sources.request_facts import basic_user
from apps.sources.signatures import same

TAKEN = Answered(body="OK", content_type="text/plain; charset=utf-8")


class RudderStackDoor(Door):
    """Takes events of RudderStack."""

    kind: ClassVar[str] = "rudderstack"
    title: ClassVar[str] = "RudderStack"
    icon: ClassVar[str] = "activity"
    first_about: ClassVar[tuple[IdentityAt, ...]] = (
        *tracking.ABOUT,
        IdentityAt(kind="rudderstack", path="anonymousId"),
    )
    steps: ClassVar[tuple[str, ...]] = (
        "Point an SDK of RudderStack at us: its data plane URL is {url}, its write key the one below.",
        "Or add a “Webhook” destination in RudderStack with the URL {url} and the method POST.",
    )
    write_key: SecretStr = Field(
        default=SecretStr(""),
        title="Write key",
        description="Which SDKs must show; empty: whoever knows the URL may call it.",
    )

    def read(self, arrival: DoorArrival) -> Accepted | TurnedAway:
        request = arrival.request
        is_tracking, type_ = tracking.batches(request.path)
        if not is_tracking and request.path.strip("/"):
            return self.turn_away(404, "There is no such path: send to the URL itself, or to /v1/batch behind it.")
        try:
            said = tracking.document(request.body or b"[]")
            if not self._shows_key(request, said):
                return self.turn_away(401, "The write key is not that of this source.")
            found = tuple(tracking.occurrence(event) for event in tracking.entries(said, type_))
        except Malformed as error:
            return self.turn_away(400, str(error))
        return Accepted(occurrences=found, answer=TAKEN)

    def _shows_key(self, request: IncomingRequest, said: Any) -> bool:
        if not self.write_key.get_secret_value():
            return True
        shown = basic_user(request) or str(said.get("writeKey", "") if isinstance(said, dict) else "")
        return fits_any(shown, [self.write_key], same)

    @classmethod
    def rule_keys(cls, body: dict[str, Any]) -> tuple[str, ...]:
        return tracking.rule_keys(body)

    @classmethod
    def asks_to_forget(cls, body: dict[str, Any]) -> bool:
        return body.get("type") == tracking.DELETE

    @classmethod
    def words_of(cls, body: dict[str, Any]) -> str:
        return tracking.event_words(body)

    def sample(self, mark: str) -> IncomingRequest:
        shown = base64.b64encode(f"{self.write_key.get_secret_value()}:".encode()).decode()
        headers = {"authorization": f"Basic {shown}"}
        body = json.dumps({"batch": [{**tracking.SAMPLE, "messageId": mark}]}).encode()
        return IncomingRequest(
            method="POST", path="/v1/batch", content_type="application/json", headers=headers, body=body
        )
