"""Gathers what comes for a key during a window; what follows runs once for all of it."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from pydantic import Field, model_validator

from apps.engine.data import RunData
from apps.engine.decisions import Ask, End, Gather, Gathered, Next, Wait, Waited
from apps.engine.fields import NamedPaths, Text, Unit, checked, hint, span
from apps.engine.node import NodeType, Read, Try
from apps.engine.numerals import NotReadable, as_number
from apps.engine.texts.templates import render

MAX = timedelta(days=7)


class Digest(NodeType):
    """Gather triggers for a while. Above it each trigger runs; below it runs once for all of a window."""

    kind: ClassVar[str] = "digest"
    title: ClassVar[str] = "Digest"
    icon: ClassVar[str] = "layers"
    group: ClassVar[str] = "Flow"
    summary: ClassVar[str] = "all within {amount} {unit}"
    waits: ClassVar[bool] = True
    sets: ClassVar[bool] = True
    key: Text = Field(title="For each", description="What is gathered together, as {{ customer_id }}.")
    amount: int = Field(default=1, title="Window", description="Counted from the first; 7 days at most.", ge=1)
    unit: Unit = Field(default="hours", title="Unit", description="Seconds, minutes, hours or days.")
    sums: NamedPaths = Field(
        default=[],
        title="Sums",
        description="Numbers that are added up, read later as steps.<this step>.sums.<name>.",
        max_length=20,
        json_schema_extra=hint(item="sum"),
    )

    @model_validator(mode="after")
    def _not_too_long(self) -> "Digest":
        checked(self._window(), MAX)
        return self

    def _window(self) -> timedelta:
        return span(self.amount, self.unit)

    def reads(self) -> list[Read]:
        paths = [Read(field=f"sums.{i}.path", path=row.path) for i, row in enumerate(self.sums)]
        return [Read(field="key", text=self.key), *paths]

    def gives(self) -> list[str]:
        return ["count", "head", "tail", "sums"]

    def example(self, data: RunData) -> dict[str, Any]:
        return {"count": 1, "head": data.trigger, "tail": data.trigger, "sums": self._numbers(data)}

    def decide(self, data: RunData, this: Try) -> Ask:
        key, span = render(self.key, data), self._window().total_seconds()
        return Ask(question=Gather(key=key, window_s=span, item=data.trigger, sums=self._numbers(data)))

    def learnt(self, facts: dict[str, Any], this: Try, memo: dict[str, Any]) -> Next | Wait | End:
        if "head" in facts:
            return Next(outlet="next", why=f"the window closed with {facts['count']}", output=facts)
        if facts["opened"]:
            until = this.now + self._window()
            return Wait(until=until, outlet="next", why=f"gathering until {until:%Y-%m-%d %H:%M:%S} UTC")
        until = datetime.fromisoformat(facts["until"])
        why = f"number {facts['count']} of a digest that is sent at {until:%Y-%m-%d %H:%M:%S} UTC"
        return End(code="digested", why=why)

    def woken(self, waited: Waited, data: RunData, this: Try) -> Ask:
        return Ask(question=Gathered())

    def _numbers(self, data: RunData) -> dict[str, float]:
        """What is no number adds nothing."""
        return {row.name: _number(data.lookup(row.path)) for row in self.sums}


def _number(value: Any) -> float:
    try:
        return float(as_number(value))
    except (NotReadable, OverflowError):
        return 0.0
