"""How often a call is tried: a part of an HTTP request's settings."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from apps.common.values import Value
from apps.engine.fields import hint


class RetryPolicy(Value):
    """How often a call is tried, and what happens when its answer is lost."""

    model_config = ConfigDict(title="Retry")
    attempts: int = Field(default=5, title="Attempts", description="How often it is tried at most.", ge=1, le=10)
    waits_s: list[Annotated[float, Field(ge=0.1, le=86400)]] = Field(
        default=[10, 60, 300, 1200, 3600],
        title="Waits",
        description="Seconds before each next attempt; the last is used again.",
        min_length=1,
        max_length=10,
        json_schema_extra=hint(item="wait"),
    )
    repeat: Literal["auto", "safe", "once"] = Field(
        default="auto",
        title="When the answer is lost",
        description="Whether the call may be made again when the other side may have acted already.",
        json_schema_extra=hint(
            labels={
                "auto": "Repeat GET, HEAD, PUT and DELETE",
                "safe": "Repeat: the other side knows the Idempotency-Key",
                "once": "Never repeat: a person decides",
            }
        ),
    )

    def policy(self) -> Literal["idempotent", "at_most_once"]:
        """The word of the machine for what the drawing says; people's documents keep theirs."""
        return "idempotent" if self.repeat == "safe" else "at_most_once"
