"""An event or a campaign of MoEngage starts the workflow."""

from typing import ClassVar, Literal

from pydantic import Field

from apps.engine.fields import hint
from apps.sources.source_rule import SourceName, SourceRule, source_named


class MoEngage(SourceRule):
    """An event that a MoEngage source tells of, by its name or by its campaign."""

    kind: ClassVar[str] = "moengage"
    title: ClassVar[str] = "MoEngage"
    icon: ClassVar[str] = "activity"
    summary: ClassVar[str] = "{by} of {source}"
    first_fields: ClassVar[tuple[str, ...]] = ("source", "by", "name", "sample")
    source: SourceName = source_named("moengage")
    by: Literal["event", "campaign"] = Field(
        default="event",
        title="Starts with",
        description="An event by its name or code, or whatever is of a campaign.",
        json_schema_extra=hint(labels={"event": "An event", "campaign": "A campaign"}),
    )
    name: str = Field(
        default="",
        title="Name",
        description="Of the event, as Order Placed, or of the campaign; its code or id will do. Empty: any.",
        max_length=200,
    )

    def rule_key(self) -> str:
        return f"{self.by}:{self.name}"
