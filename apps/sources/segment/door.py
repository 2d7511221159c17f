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

from apps.engine.about import IdentityAt
from apps.ingress.request import IncomingRequest
from apps.sources import tracking
from apps.sources.doors import Accepted, Answered, DoorArrival, TurnedAway
from apps.sources.signatures import same
from apps.sources.tracking_door import TrackingDoor


class SegmentDoor(TrackingDoor):
    """Takes events of a webhook destination, and of SDKs."""

    kind: ClassVar[str] = "segment"
    title: ClassVar[str] = "Segment"
    taken: ClassVar[Answered] = Answered(body={"success": True})
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

    def read(self, arrival: DoorArrival) -> Accepted | TurnedAway:
        if _is_webhook(arrival.request) and not self._is_signed(arrival.request):
            return self.turn_away(401, "The X-Signature is not made with the shared secret of this source.")
        return super().read(arrival)

    def shows_key(self, request: IncomingRequest, said: Any) -> bool:
        return _is_webhook(request) or super().shows_key(request, said)

    def _is_signed(self, request: IncomingRequest) -> bool:
        secret = self.shared_secret.get_secret_value()
        if not secret:
            return True
        wanted = hmac.new(secret.encode(), signed_part(request.body), hashlib.sha1).hexdigest()
        return same(request.headers.get("x-signature", "").strip(), wanted)

    def sample(self, mark: str) -> IncomingRequest:
        body = json.dumps({**tracking.SAMPLE, "messageId": mark}).encode()
        secret = self.shared_secret.get_secret_value()
        signature = {"x-signature": hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()} if secret else {}
        return IncomingRequest(method="POST", content_type="application/json", headers=signature, body=body)


def _is_webhook(request: IncomingRequest) -> bool:
    """It comes to the URL itself; SDKs send to a path behind it."""
    return not request.path.strip("/")


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
