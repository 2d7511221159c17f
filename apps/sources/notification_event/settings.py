"""A step in the life of a notification event starts the workflow: the beginning of a journey."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from apps.engine.conditions import ConditionGroup, evaluate
from apps.engine.fields import hint
from apps.engine.values.data import RunData
from apps.engine.values.paths import MISSING
from apps.engine.values.to_text import to_text
from apps.sources.lifecycle import BY_NAME, MESSAGE_KIND, Step, exit_key, heard_key
from apps.sources.source_rule import FiredRule

MAX_IDENTIFIER = 255
STEP_WORDS = {
    "fired": "Fired",
    "sent": "Sent",
    "failed": "Not delivered",
    "skipped": "Skipped",
    "unknown": "May have arrived",
}
REENTRY_WORDS = {"always": "Always", "after_end": "After its run ended", "once": "Once only"}
EXIT_WORDS = {
    "none": "Nothing ends it early",
    "notification": "A notification event",
    "custom": "An event fired by name",
}


class NotificationEventStep(FiredRule):
    """A notification event of this workspace was fired, or one of its messages was sent, failed, skipped."""

    kind: ClassVar[str] = MESSAGE_KIND
    hears_messages: ClassVar[bool] = True
    title: ClassVar[str] = "Notification event"
    icon: ClassVar[str] = "bell"
    summary: ClassVar[str] = "{event} {steps}"
    first_fields: ClassVar[tuple[str, ...]] = ("event", "steps", "only_if", "identifier", "reentry", "exit_on")
    event: str = Field(
        default="",
        title="Notification event",
        description="Whose life starts it.",
        max_length=100,
        json_schema_extra=hint("choice", source="events"),
    )
    steps: list[Annotated[Step, Field(json_schema_extra=hint(labels=STEP_WORDS))]] = Field(
        default=["fired"],
        title="Steps",
        description="Fired: once, when a workflow says it. The others: for each message.",
        min_length=1,
        max_length=5,
        json_schema_extra=hint(item="step"),
    )
    only_if: list[ConditionGroup] = Field(
        default=[],
        title="Only if",
        description="Who enters; without it everybody does.",
        max_length=1,
        json_schema_extra=hint(item="condition", collapsed=True),
    )
    identifier: str = Field(
        default="",
        title="Identifier",
        description="What makes two entries the same, as data.order_id. Empty: the person.",
        max_length=200,
        json_schema_extra=hint("variable"),
    )
    reentry: Literal["always", "after_end", "once"] = Field(
        default="always",
        title="May enter again",
        description="With the same identifier.",
        json_schema_extra=hint(labels=REENTRY_WORDS),
    )
    exit_on: Literal["none", "notification", "custom"] = Field(
        default="none",
        title="Ends with",
        description="What ends a run of the same identifier wherever it stands; messages not sent yet are called off.",
        json_schema_extra=hint(labels=EXIT_WORDS),
    )
    exit_event: str = Field(
        default="",
        title="Its name",
        description="Of the event that ends it.",
        max_length=100,
        json_schema_extra=hint(hide_when={"exit_on": ["none"]}),
    )
    exit_identifier: str = Field(
        default="",
        title="Its identifier",
        description="Where that event has the identifier, as data.order_id. Empty: as above.",
        max_length=200,
        json_schema_extra=hint("variable", hide_when={"exit_on": ["none"]}),
    )

    def index_key(self, workspace_id: int, token: str) -> str:
        return heard_key(workspace_id, self.event)

    def exit_key(self, workspace_id: int) -> str:
        """By what the index finds what it ends with; empty: nothing ends it."""
        if self.exit_on == "none" or not self.exit_event:
            return ""
        return exit_key(workspace_id, self.exit_on, self.exit_event)

    def hears(self) -> dict[str, list[Step]]:
        """Of which notification events it must be told, and which steps."""
        found: dict[str, list[Step]] = {self.event: [*self.steps]}
        if self.exit_on == "notification" and self.exit_event:
            found[self.exit_event] = [*found.get(self.exit_event, []), "fired"]
        return found

    def uses(self) -> list[tuple[str, str, str]]:
        ends = [("exit_event", "notification event", self.exit_event)] if self.exit_on == "notification" else []
        return [("event", "notification event", self.event), *ends]

    def fits(self, body: dict[str, Any]) -> bool:
        return body.get("step") in self.steps and body.get("event") == self.event

    def lets_in(self, body: dict[str, Any], now: datetime) -> bool:
        """Whether the entry condition holds."""
        return all(evaluate(group, RunData(trigger=body), now).holds for group in self.only_if)

    def identity_of(self, body: dict[str, Any]) -> str:
        """What makes two entries the same; empty: nothing does."""
        return _identifier(self.identifier, body) if self.identifier else str(body.get("person") or "")

    def reentry_rule(self) -> str:
        return self.reentry

    def is_noted(self) -> bool:
        return self.reentry != "always" or self.exit_on != "none"

    def leaving_identity_of(self, body: dict[str, Any]) -> str:
        path = self.exit_identifier or self.identifier
        if not path:
            return str(body.get("person") or "")
        return _identifier(path if self.exit_on == "notification" else path.removeprefix("data."), body)

    def gives(self) -> list[str]:
        return [*BY_NAME, *(row.name for row in self.names)]

    def example(self) -> dict[str, Any]:
        return self._body({**BY_NAME, "event": self.event, "step": self.steps[0], **self._sampled()})


def _identifier(path: str, body: dict[str, Any]) -> str:
    found = RunData(trigger=body).lookup(path)
    text = "" if found is MISSING else to_text(found).strip()
    return text if len(text) <= MAX_IDENTIFIER else ""
