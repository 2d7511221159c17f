"""Lets so many pass for a key in a period."""

from datetime import timedelta
from typing import Any, ClassVar

from pydantic import Field, model_validator

from apps.engine.contract.decisions import Admit, Ask, Next
from apps.engine.contract.node import NodeType, Read, StepContext
from apps.engine.fields import Text, Unit, checked, span
from apps.engine.texts.templates import key_text
from apps.engine.values.data import RunData

MAX = timedelta(days=30)


class Throttle(NodeType):
    """Limit how often this happens per customer. Anything above the limit leaves by *over*."""

    kind: ClassVar[str] = "throttle"
    title: ClassVar[str] = "Throttle"
    icon: ClassVar[str] = "gauge"
    group: ClassVar[str] = "Flow"
    summary: ClassVar[str] = "{most} per {amount} {unit}"
    fixed_outlets: ClassVar[tuple[str, ...]] = ("next", "over")
    key: Text = Field(title="For each", description="What is counted apart, as {{ customer_id }}; an empty one passes.")
    most: int = Field(default=1, title="At most", description="How many may pass.", ge=1, le=1000)
    amount: int = Field(
        default=1, title="Within", description="Counted over any period of this length (up to 30 days).", ge=1
    )
    unit: Unit = Field(default="days", title="Unit", description="Seconds, minutes, hours or days.")

    @model_validator(mode="after")
    def _not_too_long(self) -> "Throttle":
        checked(self._period(), MAX)
        return self

    def _period(self) -> timedelta:
        return span(self.amount, self.unit)

    def reads(self) -> list[Read]:
        return [Read(field="key", text=self.key)]

    def gives(self) -> list[str]:
        return ["count"]

    def example(self, data: RunData) -> dict[str, Any]:
        return {"count": 1}

    def decide(self, data: RunData, ctx: StepContext) -> Ask | Next:
        key = key_text(self.key, data)
        if not key:
            return Next(outlet="next", why="For each is empty, so nobody is counted: let pass", output={"count": 0})
        return Ask(question=Admit(key=key, most=self.most, period_s=self._period().total_seconds()))

    def on_facts(self, facts: dict[str, Any], ctx: StepContext, memo: dict[str, Any]) -> Next:
        span = f"{self.most} in {self.amount} {self.unit}"
        if facts["passed"]:
            return Next(outlet="next", why=f"number {facts['count']} of {span}", output={"count": facts["count"]})
        why = f"{span} have passed; the next may at {facts['free_at']}"
        return Next(outlet="over", why=why, output={"count": facts["count"]})
