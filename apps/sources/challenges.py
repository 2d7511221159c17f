"""How a sender makes sure that a URL is ours, before it sends anything: it wants a word of its own back."""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from apps.common.trouble import Malformed
from apps.common.values import Value
from apps.engine.values.data import RunData
from apps.engine.values.paths import MISSING
from apps.ingress import form_body
from apps.sources.contract import Arrival, Echo, Refusal
from apps.sources.signatures import same

MAX_WORD = 1000


class NoChallenge(Value):
    """No sender asks for its word back."""

    model_config = ConfigDict(title="None")
    type: Literal["none"] = Field(default="none", title="Kind", description="No sender asks for its word back.")

    def to_query(self, arrival: Arrival) -> Echo | Refusal | None:
        """What a request is answered for its query alone, before its signature is looked at."""
        return None

    def to_body(self, body: dict[str, Any]) -> Echo | None:
        """What a request that may come in is answered for what it says."""
        return None


class QueryChallenge(NoChallenge):
    """A word of the query, as Meta and Microsoft Graph send it."""

    model_config = ConfigDict(title="A word of the query")
    type: Literal["query"] = Field(  # type: ignore[assignment]
        default="query", title="Kind", description="The word stands in the query, as Meta and Microsoft Graph send it."
    )
    name: str = Field(
        default="hub.challenge",
        title="Name",
        description="Which value is given back: hub.challenge of Meta, validationToken of Microsoft Graph.",
        min_length=1,
        max_length=100,
    )
    token: str = Field(
        default="hub.verify_token",
        title="Token",
        description="Which value must be a secret of this trigger; empty: none is asked for.",
        max_length=100,
    )

    def to_query(self, arrival: Arrival) -> Echo | Refusal | None:
        said = _query(arrival.request.query)
        if self.name not in said:
            return None
        shown = str(said.get(self.token, ""))
        if self.token and not any([same(shown, secret) for secret in arrival.secrets]):
            return Refusal(status=403, message=f"{self.token} is no secret of this trigger.")
        return Echo(text=str(said[self.name])[:MAX_WORD])


def _query(raw: str) -> dict[str, Any]:
    try:
        return form_body.urlencoded(raw.encode())
    except Malformed:
        return {}


class BodyChallenge(NoChallenge):
    """A word of the body, as Slack sends it."""

    model_config = ConfigDict(title="A word of the body")
    type: Literal["body"] = Field(  # type: ignore[assignment]
        default="body", title="Kind", description="The word stands in the body, as Slack sends it."
    )
    path: str = Field(
        default="challenge", title="Path", description="Where the word stands.", min_length=1, max_length=200
    )
    when: str = Field(
        default="type",
        title="When",
        description="Which place says that it is such a check; empty: the word alone.",
        max_length=200,
    )
    value: str = Field(
        default="url_verification", title="Says", description="What stands there in a check.", max_length=200
    )

    def to_body(self, body: dict[str, Any]) -> Echo | None:
        data = RunData(trigger=body)
        word = data.lookup(f"trigger.{self.path}")
        is_check = not self.when or data.lookup(f"trigger.{self.when}") == self.value
        return Echo(text=str(word)[:MAX_WORD]) if is_check and word is not MISSING else None


Challenge = Annotated[NoChallenge | QueryChallenge | BodyChallenge, Field(discriminator="type")]
