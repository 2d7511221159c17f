"""What a drawing says of events as Segment tells them: their type and name."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.engine.fields import hint
from apps.sources import tracking
from apps.sources.source_rule import SourceRule

TYPE_WORDS = {"any": "Any"} | {name: name.capitalize() for name in tracking.TYPES}


class TrackingRule(SourceRule):
    """An event of this type and name."""

    summary: ClassVar[str] = "{type} of {source}"
    first_fields: ClassVar[tuple[str, ...]] = ("source", "type", "name", "sample")
    type: Literal["any", "track", "identify", "page", "screen", "group", "alias"] = Field(
        default="track", title="Type", description="Which calls start it.", json_schema_extra=hint(labels=TYPE_WORDS)
    )
    name: str = Field(
        default="",
        title="Event",
        description="The event's name, as Order Completed; of a page or screen its name. Empty: any.",
        max_length=200,
    )

    def rule_key(self) -> str:
        return tracking.key_of("" if self.type == "any" else self.type, self.name)

    def fits(self, body: dict[str, Any]) -> bool:
        return body.get("type") != tracking.DELETE
