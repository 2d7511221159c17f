"""What a drawing says of a source: which of its occurrences start the workflow. Each kind of source has a rule of its
own; this is what they share. Pure.
"""

import hashlib
from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import Field

from apps.engine.fields import JsonText, NamedPaths, document_of, hint
from apps.engine.values.data import with_aliases
from apps.sources.contract import Arrival, Echo, Fired, Refusal, TriggerType

SourceName = Annotated[str, Field(max_length=100)]
ELSEWHERE = "This workflow is not started at this URL: its source has one of its own."


def source_named(kind: str) -> Any:
    """The setting that names the source."""
    return Field(
        default="",
        title="Source",
        description="Where its events come from; made under Settings, Sources.",
        json_schema_extra=hint("choice", source=f"sources_{kind}"),
    )


class FiredRule(TriggerType):
    """Something that happened, told as an event, starts the workflow; nobody calls a URL of its own."""

    has_url: ClassVar[bool] = False
    sample: JsonText = Field(
        default="",
        title="Sample",
        description="Paste an example event. Its fields can then be picked in every block.",
        json_schema_extra=hint("code", language="json"),
    )
    names: NamedPaths = Field(
        default=[],
        title="Short names",
        description="Short names for places deep in the event.",
        max_length=200,
        json_schema_extra=hint(item="name", collapsed=True),
    )

    def fits(self, body: dict[str, Any]) -> bool:
        """Whether what has the rule's key fits in all else, too."""
        return True

    def lets_in(self, body: dict[str, Any], now: datetime) -> bool:
        """Whether it may enter at all."""
        return True

    def identity_of(self, body: dict[str, Any]) -> str:
        """What makes two entries the same; empty: nothing does."""
        return ""

    def reentry_rule(self) -> str:
        """Whether the same may enter again: always, after_end, once."""
        return "always"

    def is_noted(self) -> bool:
        """Whether it must be known who entered."""
        return False

    def leaving_identity_of(self, body: dict[str, Any]) -> str:
        """Whose run an event ends; empty: nobody's."""
        return ""

    def knows_person(self) -> bool:
        return True

    def gives(self) -> list[str] | None:
        known = document_of(self.sample)
        return [*known, *(row.name for row in self.names)] if isinstance(known, dict) else None

    def example(self) -> dict[str, Any]:
        return self._body(self._sampled())

    def takes(self, method: str) -> bool:
        return False

    def fire(self, body: dict[str, Any], signature: str = "") -> Fired | Refusal:
        return Fired(body=self._body(body))

    def read(self, arrival: Arrival) -> Fired | Echo | Refusal:
        return Refusal(status=404, message=ELSEWHERE)

    def _sampled(self) -> dict[str, Any]:
        known = document_of(self.sample)
        return known if isinstance(known, dict) else {}

    def _body(self, body: dict[str, Any]) -> dict[str, Any]:
        return with_aliases(body, {row.name: row.path for row in self.names})


class SourceRule(FiredRule):
    """An occurrence at a source starts the workflow."""

    source: SourceName = ""

    def rule_key(self) -> str:
        """By what the index finds this rule; see `Door.rule_keys`."""
        raise NotImplementedError

    def index_key(self, workspace_id: int, token: str) -> str:
        return index_key(workspace_id, self.kind, self.source, self.rule_key())

    def uses(self) -> list[tuple[str, str, str]]:
        return [("source", "source", self.source)]


def index_key(workspace_id: int, kind: str, source: str, rule_key: str) -> str:
    """By what the rules of one source are found; its name is part of it, so a drawing needs no id."""
    return hashlib.sha256("\0".join((str(workspace_id), kind, source, rule_key)).encode()).hexdigest()
