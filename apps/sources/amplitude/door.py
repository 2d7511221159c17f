"""Amplitude's HTTP API as its SDKs use it, its event streaming, and its cohort webhooks.

The SDK reads `code` in the body before the status (amplitude-analytics 1.3.0). Cohort webhooks and streaming have no
signature, only headers of one's own, and wait one to two seconds for an answer.
"""

import json
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from apps.common import bounded_json
from apps.common.trouble import Malformed
from apps.engine.about import IdentityAt
from apps.ingress.request import IncomingRequest
from apps.sources.cohorts import COHORT_KIND, CohortMember, CohortPage, cohort_keys, cohort_words
from apps.sources.doors import Accepted, Answered, Door, DoorArrival, Occurrence, TurnedAway, fits_any, key_of_all
from apps.sources.signatures import OptionalHeaderName, same

API_PATHS = ("/2/httpapi", "/batch", "/httpapi")
MOST_EVENTS, MOST_KEYS = 20_000, 1_000_000


class AmplitudeDoor(Door):
    """Takes events of SDKs and of streaming, and cohorts."""

    kind: ClassVar[str] = "amplitude"
    title: ClassVar[str] = "Amplitude"
    icon: ClassVar[str] = "activity"
    first_about: ClassVar[tuple[IdentityAt, ...]] = (
        IdentityAt(kind="distinct_id", path="user_id"),
        IdentityAt(kind="email", path="user_properties.email"),
        IdentityAt(kind="email", path="email"),
        IdentityAt(kind="phone", path="user_properties.phone"),
        IdentityAt(kind="phone", path="phone"),
        IdentityAt(kind="amplitude", path="amplitude_id"),
        IdentityAt(kind="amplitude", path="device_id"),  # no address for push
    )
    steps: ClassVar[tuple[str, ...]] = (
        "For cohorts and events: in Amplitude add the destination “Webhook” with the URL {url}, and a header of your "
        "own with the secret below.",
        "For an SDK: set its server URL to {url}/2/httpapi and its API key to the one below.",
    )
    header: OptionalHeaderName = Field(
        default="X-Amplitude-Secret", title="Header", description="In which header a webhook shows its secret."
    )
    secret: SecretStr = Field(
        default=SecretStr(""),
        title="Secret",
        description="What that header must show; empty: whoever knows the URL may call it.",
    )
    api_key: SecretStr = Field(
        default=SecretStr(""),
        title="API key",
        description="Which SDKs must show; empty: whoever knows the URL may call it.",
    )

    def refuse(self, status: int, why: str) -> Answered:
        return Answered(status=status, body={"code": status, "error": why})

    def read(self, arrival: DoorArrival) -> Accepted | TurnedAway:
        request, path = arrival.request, arrival.request.path.rstrip("/")
        if path and path not in API_PATHS:
            return self.turn_away(404, "There is no such path: send to the URL itself, or to /2/httpapi behind it.")
        if not path and not self._shows(request.headers.get(self.header.lower(), ""), self.secret):
            return self.turn_away(401, f"The header {self.header} does not show the secret of this source.")
        try:
            said = bounded_json.loads(request.body or b"[]", MOST_KEYS, lenient=True)
            if path and not self._shows(str(said.get("api_key", "")) if isinstance(said, dict) else "", self.api_key):
                return self.turn_away(401, "The API key is not that of this source.")
            found = tuple(_occurrence(one) for one in _listed(said))
        except Malformed as error:
            return self.turn_away(400, str(error))
        return Accepted(occurrences=found, answer=_taken(len(found), request, arrival))

    def _shows(self, shown: str, secret: SecretStr) -> bool:
        return not secret.get_secret_value() or fits_any(shown.strip(), [secret], same)

    @classmethod
    def rule_keys(cls, body: dict[str, Any]) -> tuple[str, ...]:
        if body.get("kind") == COHORT_KIND:
            return cohort_keys(body)
        return event_key(str(body.get("event_type", ""))), event_key("")

    @classmethod
    def words_of(cls, body: dict[str, Any]) -> str:
        return cohort_words(body) or str(body.get("event_type", ""))

    def sample(self, mark: str) -> IncomingRequest:
        who = {"event_type": "Order Completed", "user_id": "c-42", "insert_id": mark}
        event = {**who, "event_properties": {"order_id": "A-1", "total": 1499.5}}
        said = {"api_key": self.api_key.get_secret_value(), "events": [event]}
        body = json.dumps(said).encode()
        return IncomingRequest(method="POST", path=API_PATHS[0], content_type="application/json", body=body)


def event_key(name: str) -> str:
    """By what the index finds a rule for an event; empty: any."""
    return f"event:{name}"


def _taken(count: int, request: IncomingRequest, arrival: DoorArrival) -> Answered:
    facts = {"events_ingested": count, "payload_size_bytes": len(request.body)}
    return Answered(body={"code": 200, **facts, "server_upload_time": int(arrival.now.timestamp() * 1000)})


def _listed(said: Any) -> list[Any]:
    found = said if isinstance(said, list) else said.get("events", [said]) if isinstance(said, dict) else [said]
    if not isinstance(found, list):
        raise Malformed("the events must be a list")
    if len(found) > MOST_EVENTS:
        raise Malformed(f"more than {MOST_EVENTS} events in one request")
    return found


def _occurrence(said: Any) -> Occurrence:
    if not isinstance(said, dict):
        return Occurrence(body={"event": said}, key=key_of_all(said), trouble="it is no object")
    if "in_cohort" in said or "cohort_id" in said:
        return _of_cohort(said)
    key = said.get("uuid") or said.get("$insert_id") or said.get("insert_id")
    facts = {"body": said, "key": str(key) if key else key_of_all(said)}
    name = said.get("event_type")
    if not isinstance(name, str) or not name:
        return Occurrence(**facts, trouble="it has no event_type")
    return Occurrence(**facts)


def _of_cohort(said: dict[str, Any]) -> Occurrence:
    """Somebody, or several, who entered or left: `users` or one `user_id`."""
    users = said.get("users", [said])
    rows = [row if isinstance(row, dict) else {"user_id": row} for row in users] if isinstance(users, list) else []
    members = tuple(CohortMember(id=str(row["user_id"]), facts=row) for row in rows if row.get("user_id"))
    facts = {"body": said, "key": str(said.get("message_id") or key_of_all(said))}
    if not isinstance(said.get("in_cohort"), bool) or not said.get("cohort_id") or not members:
        return Occurrence(**facts, trouble="a cohort needs cohort_id, in_cohort and users with a user_id")
    page = CohortPage(
        cohort=str(said["cohort_id"])[:200],
        name=str(said.get("cohort_name") or "")[:200],
        action="add" if said["in_cohort"] else "remove",
        members=members,
    )
    return Occurrence(**facts, cohort=page)
