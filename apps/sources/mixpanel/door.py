"""What Mixpanel's SDKs send to /track and /engage, and its cohort sync to a custom webhook.

SDKs send a form or a query whose `data` is JSON, or base64 of it, one or a list; they read `1`, or with `verbose=1`
`{"status": 1, "error": null}`, and no HTTP status (mixpanel for Python 5.4.1, for Node 0.24.0). Cohort sync:
mixpanel.com/docs, cohort-sync/webhooks: 400, 401, 403 and 404 pause a customer's sync, so they are for a wrong secret.
"""

import base64
import binascii
import json
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from apps.common import bounded_json
from apps.common.trouble import Malformed
from apps.engine.about import IdentityAt
from apps.ingress import form_body
from apps.ingress.request import IncomingRequest
from apps.sources.cohorts import COHORT_KIND, cohort_keys, cohort_words
from apps.sources.doors import Accepted, Answered, Door, DoorArrival, Occurrence, TurnedAway, fits_any, key_of_all
from apps.sources.mixpanel.cohort_sync import cohort_page, sync_answer
from apps.sources.request_facts import basic_pair
from apps.sources.signatures import same

PATHS = ("/track", "/engage", "/import")
MOST_EVENTS, MOST_KEYS = 20_000, 1_000_000
ENGAGED = "profile"  # the key of what says something of a person


class MixpanelDoor(Door):
    """Takes events and profiles of SDKs, and cohorts."""

    kind: ClassVar[str] = "mixpanel"
    title: ClassVar[str] = "Mixpanel"
    icon: ClassVar[str] = "activity"
    first_about: ClassVar[tuple[IdentityAt, ...]] = (
        IdentityAt(kind="distinct_id", path="mixpanel_distinct_id"),
        IdentityAt(kind="distinct_id", path="properties.distinct_id"),
        IdentityAt(kind="distinct_id", path="$distinct_id"),
        IdentityAt(kind="email", path="email"),
        IdentityAt(kind="email", path="$email"),
        IdentityAt(kind="email", path="properties.$email"),
        IdentityAt(kind="phone", path="phone_number"),
        IdentityAt(kind="phone", path="phone"),
        IdentityAt(kind="phone", path="$phone"),
        IdentityAt(kind="mixpanel", path="properties.$device_id"),
    )
    steps: ClassVar[tuple[str, ...]] = (
        "For cohorts: in Mixpanel open Data Management, Integrations, Custom Webhook, and connect it with the URL "
        "{url} and the user name and password below. Mixpanel does not let the URL be changed later.",
        "Then open a cohort and choose Export to, Custom Webhook.",
        "For an SDK: set its API host so that it sends to {url}/track, and its token to the one below.",
    )
    user: str = Field(default="", title="User name", description="That a cohort sync signs in with.", max_length=100)
    password: SecretStr = Field(
        default=SecretStr(""),
        title="Password",
        description="Of the cohort sync; empty: whoever knows the URL may call it.",
    )
    token: SecretStr = Field(
        default=SecretStr(""),
        title="Project token",
        description="Which SDKs must show; empty: whoever knows the URL may call it.",
    )

    def refuse(self, status: int, why: str) -> Answered:
        return Answered(status=status, body={"status": 0, "error": why})

    def read(self, arrival: DoorArrival) -> Accepted | TurnedAway:
        path = arrival.request.path.rstrip("/")
        if path in PATHS:
            return self._tracked(arrival.request, path)
        if path:
            return self.turn_away(404, "There is no such path: send to the URL itself, or to /track behind it.")
        return self._synced(arrival.request)

    def _tracked(self, request: IncomingRequest, path: str) -> Accepted | TurnedAway:
        given = _given(request)
        verbose = str(given.get("verbose", "")) == "1"
        try:
            rows = _rows(given.get("data"))
        except Malformed as error:
            return TurnedAway(why=str(error), answer=_refused(200, str(error), verbose))
        if not self._shows_token(request, rows):
            why = "The token is not that of this source."
            return TurnedAway(why=why, answer=_refused(401, why, verbose))
        found = tuple(_engaged(row) if path == "/engage" else _event(row) for row in rows)
        body: Any = {"status": 1, "error": None} if verbose else 1
        return Accepted(occurrences=found, answer=Answered(body=body))

    def _shows_token(self, request: IncomingRequest, rows: list[Any]) -> bool:
        """In each event, or as the user of Basic, as /import has it."""
        if not self.token.get_secret_value():
            return True
        if fits_any(basic_pair(request)[0], [self.token], same):
            return True
        return bool(rows) and all([fits_any(_token_of(row), [self.token], same) for row in rows])

    def _synced(self, request: IncomingRequest) -> Accepted | TurnedAway:
        try:
            said = bounded_json.loads(request.body or b"null", MOST_KEYS, lenient=True)
        except Malformed as error:
            return TurnedAway(why=str(error), answer=sync_answer("", 422, str(error)))
        action = str(said.get("action", "")) if isinstance(said, dict) else ""
        if self.password.get_secret_value() and not self._signs_in(request):
            why = "The user name or the password is not that of this source."
            return TurnedAway(why=why, answer=sync_answer(action, 401, why))
        try:
            page, key = cohort_page(said)
        except Malformed as error:
            kept = Occurrence(body=said if isinstance(said, dict) else {"body": said}, key=key_of_all(said))
            kept = kept.model_copy(update={"trouble": str(error)})
            return Accepted(occurrences=(kept,), answer=sync_answer(action, 200))
        return Accepted(occurrences=(Occurrence(body=said, key=key, cohort=page),), answer=sync_answer(action, 200))

    def _signs_in(self, request: IncomingRequest) -> bool:
        user, password = basic_pair(request)
        return all([same(user, self.user), fits_any(password, [self.password], same)])

    @classmethod
    def rule_keys(cls, body: dict[str, Any]) -> tuple[str, ...]:
        if body.get("kind") == COHORT_KIND:
            return cohort_keys(body)
        name = body.get("event")
        return (f"event:{name}", "event:") if isinstance(name, str) else (ENGAGED,)

    @classmethod
    def words_of(cls, body: dict[str, Any]) -> str:
        return cohort_words(body) or str(body.get("event") or "a profile")

    def sample(self, mark: str) -> IncomingRequest:
        properties = {"token": self.token.get_secret_value(), "distinct_id": "c-42", "$insert_id": mark}
        event = {"event": "Order Completed", "properties": {**properties, "order_id": "A-1", "total": 1499.5}}
        body = json.dumps([event]).encode()
        return IncomingRequest(method="POST", path="/track", content_type="application/json", body=body)


def _refused(status: int, why: str, verbose: bool) -> Answered:
    return Answered(status=status, body={"status": 0, "error": why} if verbose else 0)


def _token_of(row: Any) -> str:
    inside = row.get("properties") if isinstance(row, dict) else None
    shown = row.get("$token") if isinstance(row, dict) else None
    return str(shown or (inside.get("token") if isinstance(inside, dict) else "") or "")


def _given(request: IncomingRequest) -> dict[str, Any]:
    """The names of the query and the form; a body that is JSON is the `data`."""
    query: dict[str, Any] = form_body.urlencoded(request.query.encode())
    if request.method == "GET":
        return query
    if request.body.lstrip()[:1] in (b"[", b"{"):
        return {**query, "data": request.body}
    return {**query, **form_body.urlencoded(request.body)}


def _rows(data: Any) -> list[Any]:
    """The events. Raises Malformed."""
    if not isinstance(data, str | bytes):
        raise Malformed("there is no data: send it as JSON, or as base64 of it")
    found = bounded_json.loads(_plain(data), MOST_KEYS, lenient=True)
    rows = found if isinstance(found, list) else [found]
    if len(rows) > MOST_EVENTS:
        raise Malformed(f"more than {MOST_EVENTS} events in one request")
    return rows


def _plain(data: str | bytes) -> bytes:
    """JSON, or what base64 makes of it: in either alphabet, with or without its end."""
    if isinstance(data, bytes):
        return data
    if data.lstrip()[:1] in ("[", "{"):
        return data.encode()
    text = data.strip().replace(" ", "+").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("data is neither JSON nor base64 of it") from None


def _event(said: Any) -> Occurrence:
    """Mixpanel takes an event once by its `$insert_id`, with whom, what and when it says."""
    if not isinstance(said, dict) or not isinstance(said.get("event"), str) or not said["event"]:
        body = said if isinstance(said, dict) else {"event": said}
        return Occurrence(body=body, key=key_of_all(said), trouble="it has no event")
    inside = said["properties"] if isinstance(said.get("properties"), dict) else {}
    insert_id = inside.get("$insert_id")
    key = f"{inside.get('distinct_id', '')}:{said['event']}:{insert_id}" if insert_id else key_of_all(said)
    return Occurrence(body=said, key=key if len(key) <= 255 else key_of_all(key))


def _engaged(said: Any) -> Occurrence:
    if not isinstance(said, dict) or not said.get("$distinct_id"):
        body = said if isinstance(said, dict) else {"profile": said}
        return Occurrence(body=body, key=key_of_all(said), trouble="it has no $distinct_id")
    return Occurrence(body=said, key="")
