"""A Segment workspace, as a webhook destination (classic and Actions) or as whoever uses its SDKs.

Signature: `X-Signature`, lower-case hex of HMAC-SHA1 with the shared secret; of a batch only element 0 is signed, over
its bytes as they were sent (segment-actions, destinations/webhook). Tracking API: Basic with the write key as user and
no password, and `writeKey` in the body (segment-analytics-python 2.4.0, @segment/analytics-node 3.1.0).
"""

import hashlib
import hmac
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

TAKEN = Answered(body={"success": True})


class SegmentDoor(Door):
    """Takes events of a webhook destination, and of SDKs."""

    kind: ClassVar[str] = "segment"
    title: ClassVar[str] = "Segment"
    icon: ClassVar[str] = "activity"
    first_about: ClassVar[tuple[IdentityAt, ...]] = (*tracking.ABOUT, IdentityAt(kind="segment", path="anonymousId"))
    steps: ClassVar[tuple[str, ...]] = (
        "In Segment open Connections, Destinations, add “Webhooks (Actions)”, and choose your source.",
        "Add a mapping whose URL is {url}.",
        "Type the same shared secret there and here.",
        "Or point an SDK of Segment at us, with the write key below. For Python its host is {url}.",
        "For Node its host is {host}, and its path {path}/v1/batch.",
    )
    shared_secret: SecretStr = Field(
        default=SecretStr(""),
        title="Shared secret",
        description="Of the webhook destination; empty: whoever knows the URL may call it.",
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
        if not is_tracking and not self._is_signed(request):
            return self.turn_away(401, "The X-Signature is not made with the shared secret of this source.")
        try:
            said = tracking.document(request.body or b"[]")
            if is_tracking and not self._shows_key(request, said):
                return self.turn_away(401, "The write key is not that of this source.")
            found = tuple(tracking.occurrence(event) for event in tracking.entries(said, type_))
        except Malformed as error:
            return self.turn_away(400, str(error))
        return Accepted(occurrences=found, answer=TAKEN)

    def _is_signed(self, request: IncomingRequest) -> bool:
        secret = self.shared_secret.get_secret_value()
        if not secret:
            return True
        wanted = hmac.new(secret.encode(), signed_part(request.body), hashlib.sha1).hexdigest()
        return same(request.headers.get("x-signature", "").strip(), wanted)

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
        body = json.dumps({**tracking.SAMPLE, "messageId": mark}).encode()
        secret = self.shared_secret.get_secret_value()
        signature = {"x-signature": hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()} if secret else {}
        return IncomingRequest(method="POST", content_type="application/json", headers=signature, body=body)


def signed_part(body: bytes) -> bytes:
    """The bytes that are signed: the whole body, or the first element of a list, as it stands there."""
    text = body.decode("utf-8", "replace")
    start = len(text) - len(text.lstrip())
    if text[start : start + 1] != "[":
        return body
    inside = start + 1 + len(text[start + 1 :]) - len(text[start + 1 :].lstrip())
    try:
        _, end = json.JSONDecoder().raw_decode(text, inside)
    except (ValueError, RecursionError):
        return body
    return text[inside:end].encode()
