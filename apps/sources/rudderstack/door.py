"""RudderStack's SDKs and webhook destinations.

Its SDKs repeat whatever is answered below 400 and is not 200, as 202 is; they gzip, and say of JSON that it is a form
(rudder-sdk-python 2.1.9, @rudderstack/rudder-sdk-node 3.0.13).
"""

import base64
import json
from typing import ClassVar

from apps.engine.about import IdentityAt
from apps.ingress.request import IncomingRequest
from apps.sources import tracking
from apps.sources.doors import Answered
from apps.sources.tracking_door import TrackingDoor


class RudderStackDoor(TrackingDoor):
    """Takes events of RudderStack."""

    kind: ClassVar[str] = "rudderstack"
    title: ClassVar[str] = "RudderStack"
    taken: ClassVar[Answered] = Answered(body="OK", content_type="text/plain; charset=utf-8")
    first_about: ClassVar[tuple[IdentityAt, ...]] = (
        *tracking.ABOUT,
        IdentityAt(kind="rudderstack", path="anonymousId"),
    )
    steps: ClassVar[tuple[str, ...]] = (
        "Point an SDK of RudderStack at us: its data plane URL is {url}, its write key the one below.",
        "Or add a “Webhook” destination in RudderStack with the URL {url} and the method POST.",
    )

    def sample(self, mark: str) -> IncomingRequest:
        shown = base64.b64encode(f"{self.write_key.get_secret_value()}:".encode()).decode()
        headers = {"authorization": f"Basic {shown}"}
        body = json.dumps({"batch": [{**tracking.SAMPLE, "messageId": mark}]}).encode()
        return IncomingRequest(
            method="POST", path="/v1/batch", content_type="application/json", headers=headers, body=body
        )
