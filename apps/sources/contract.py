"""The contract of a trigger type. The class is the settings of a graph's trigger node."""

from datetime import datetime
from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from apps.common.values import Value
from apps.engine.about import MAX_ABOUT, About, identities_in
from apps.engine.contract.node import EntryNode
from apps.engine.fields import hint
from apps.engine.values.identities import Identity
from apps.ingress.request import IncomingRequest


class Arrival(Value):
    """A request at an endpoint, the time, and the secrets of its guard: none, one, or two while one is rotated."""

    request: IncomingRequest
    secrets: tuple[str, ...] = ()
    now: datetime


class Fired(Value):
    """It starts a run with this data. A request with the same `signature` again is a repeat; empty: not signed.

    `key` is the sender's own id of this event, which makes a repeat, too; `said` is what the request itself says: an
    honest repeat says the same.
    """

    body: dict[str, Any]
    signature: str = ""
    key: str = ""
    said: dict[str, Any] | None = None


class Echo(Value):
    """It starts none: the sender only made sure of the URL, and is given its word back."""

    text: str


class Refusal(Value):
    """It does not; `status` and `message` are answered, and the `field` of the payload that is at fault."""

    status: int
    message: str
    field: str = ""


class Rate(Value):
    """How many requests an endpoint takes."""

    model_config = ConfigDict(title="Rate", json_schema_extra={"description": "How many requests this URL takes."})
    per_second: float = Field(
        title="Steady rate", description="Requests a second, for a long time.", gt=0, le=100_000, allow_inf_nan=False
    )
    burst: int = Field(
        title="Short bursts up to", description="Requests in one go after a quiet time.", ge=1, le=1_000_000
    )


class TriggerType(EntryNode):
    """What starts a run. Subclasses live one a folder in `apps/sources/`, in its `settings.py`."""

    kind: ClassVar[str]
    title: ClassVar[str]
    icon: ClassVar[str]
    group: ClassVar[str] = "Triggers"
    summary: ClassVar[str]
    first_fields: ClassVar[tuple[str, ...]] = ()  # in a form, before the others
    first_settings: ClassVar[dict[str, Any]] = {}  # of a workflow that is just begun
    hears_messages: ClassVar[bool] = False  # it must be told what becomes of messages
    has_url: ClassVar[bool] = True  # senders call the workflow's own URL
    about: About = Field(
        default=[],
        title="Who it is about",
        description="By what a run knows its person, whose profile blocks can read. The first that is found counts.",
        max_length=MAX_ABOUT,
        json_schema_extra=hint(item="identity", collapsed=True),
    )
    rate: Rate | None = Field(
        default=None,
        title="Rate",
        description="Limit how many requests this URL accepts. Empty: the default of this installation.",
    )

    def knows_person(self) -> bool:
        return bool(self.about)

    def identities(self, body: dict[str, Any], country: str) -> list[Identity]:
        """By what the person is known whom this data is about. `country`: of phone numbers without a code."""
        return identities_in(self.about, body, country)

    def index_key(self, workspace_id: int, token: str) -> str:
        """By what the index of what starts workflows finds it: the token of its URL."""
        return token

    def exit_key(self, workspace_id: int) -> str:
        """By what the index finds what its runs end with, wherever they stand; empty: nothing."""
        return ""

    def hears(self) -> dict[str, list[Any]]:
        """Of which notification events it must be told, and which steps of their messages' life."""
        return {}

    def wants_secret(self) -> bool:
        """Whether its guard lets nobody in before the trigger has a secret."""
        return False

    def secret_names(self) -> list[str]:
        """The secrets of the workspace that the drawing names for it; none: those of the trigger's row are taken."""
        return []

    def takes(self, method: str) -> bool:
        """Whether a request of this method may start a run."""
        return True

    def status(self) -> int:
        """What a sender is answered whose event was taken."""
        return 202

    def fire(self, body: dict[str, Any], signature: str = "") -> Fired | Refusal:
        """The data of a run from what a request says, or why it starts none."""
        raise NotImplementedError

    def read(self, arrival: Arrival) -> Fired | Echo | Refusal:
        """Check the guard, then read the data."""
        raise NotImplementedError
