"""What a drawing says of events by name and of cohorts: which of both starts the workflow."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from apps.engine.fields import hint
from apps.sources.cohorts import COHORT_KIND, ENTERED, LEFT, cohort_key
from apps.sources.source_rule import SourceRule


class CohortRule(SourceRule):
    """An event of this name, or somebody who enters or leaves this cohort."""

    summary: ClassVar[str] = "an event of {source}"
    summarised_by: ClassVar[str] = "on"
    summaries: ClassVar[dict[str, str]] = {
        "event": "an event of {source}",
        ENTERED: "somebody enters a cohort of {source}",
        LEFT: "somebody leaves a cohort of {source}",
    }
    first_fields: ClassVar[tuple[str, ...]] = ("source", "on", "event", "cohort", "sample")
    on: Literal["event", "entered", "left"] = Field(
        default="event",
        title="Starts with",
        description="What starts it.",
        json_schema_extra=hint(
            labels={"event": "An event", ENTERED: "Somebody enters a cohort", LEFT: "Somebody leaves a cohort"}
        ),
    )
    event: str = Field(
        default="",
        title="Event",
        description="The event's name, as Order Completed. Empty: any.",
        max_length=200,
        json_schema_extra=hint(hide_when={"on": [ENTERED, LEFT]}),
    )
    cohort: str = Field(
        default="",
        title="Cohort",
        description="By its name or id. Empty: any.",
        max_length=200,
        json_schema_extra=hint(hide_when={"on": ["event"]}),
    )

    def rule_key(self) -> str:
        return f"event:{self.event}" if self.on == "event" else cohort_key(self.cohort, self.on)

    def fits(self, body: dict[str, Any]) -> bool:
        return (body.get("kind") == COHORT_KIND) == (self.on != "event")
