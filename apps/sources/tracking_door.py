"""The door of who tells events as Segment does: of its tracking API, or one event a request, as a webhook has it."""

from typing import Any, ClassVar

from pydantic import Field, SecretStr

from apps.common.trouble import Malformed
from apps.ingress.request import IncomingRequest
from apps.sources import tracking
from apps.sources.doors import Accepted, Answered, Door, DoorArrival, TurnedAway, fits_any
from apps.sources.request_facts import basic_user
from apps.sources.signatures import same


class TrackingDoor(Door):
    """Takes events of SDKs that show a write key, as Basic user or in the body."""

    icon: ClassVar[str] = "activity"
    taken: ClassVar[Answered]
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
            if not self.shows_key(request, said):
                return self.turn_away(401, "The write key is not that of this source.")
            found = tuple(tracking.occurrence(event) for event in tracking.entries(said, type_))
        except Malformed as error:
            return self.turn_away(400, str(error))
        return Accepted(occurrences=found, answer=self.taken)

    def shows_key(self, request: IncomingRequest, said: Any) -> bool:
        """`said`: the JSON of the body."""
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
