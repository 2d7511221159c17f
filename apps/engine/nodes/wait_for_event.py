"""Waits until an event is fired that concerns this run."""

from datetime import datetime, time, timedelta
from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from apps.common.values import Value
from apps.engine.contract.decisions import Ask, AwaitEvent, Next, Wait, Waited
from apps.engine.contract.node import NodeType, Read, StepContext, hurried
from apps.engine.fields import (
    JsonText,
    Text,
    TimeOfDay,
    Unit,
    Weekday,
    checked,
    clock_time,
    distinct,
    document_of,
    hint,
    some_weekdays,
    span,
)
from apps.engine.texts.templates import key_text
from apps.engine.values.data import RunData
from apps.engine.values.wall_clock import next_time

MAX = timedelta(days=365)
LOOK_AGAIN = timedelta(seconds=5)  # for an event whose commit and ours did not see each other
EVENT_NAME = r"^[A-Za-z0-9_.:-]{1,50}$"


class Match(Value):
    """A value that the event must have."""

    model_config = ConfigDict(title="Match")
    path: str = Field(
        title="Event field",
        description="Where it stands in the event's data, as order_id or order.id.",
        max_length=100,
        pattern=r"^[^.]+(\.[^.]+)?$",
    )
    value: Text = Field(title="must equal", description="What must stand there, as {{ order_id }}.")


class WaitForEvent(NodeType):
    """Wait for an event that concerns this run; one that came since the run began counts, too."""

    kind: ClassVar[str] = "wait_for_event"
    title: ClassVar[str] = "Wait for event"
    icon: ClassVar[str] = "hourglass"
    group: ClassVar[str] = "Flow"
    summary: ClassVar[str] = "{event}, at most {amount} {unit}"
    summaries: ClassVar[dict[str, str]] = {"until_time": "{event}, until {at}"}
    summarised_by: ClassVar[str] = "mode"
    fixed_outlets: ClassVar[tuple[str, ...]] = ("next", "timeout")
    waits: ClassVar[bool] = True
    has_output: ClassVar[bool] = True
    event: str = Field(
        title="Event", description="The name under which it is fired, as order.paid.", pattern=EVENT_NAME
    )
    match: list[Match] = Field(
        title="Which event belongs to this run?",
        description="All of these must hold.",
        min_length=1,
        max_length=5,
        json_schema_extra=hint(item="value"),
    )
    mode: Literal["for", "until_time"] = Field(
        default="for",
        title="It waits",
        description="When it goes on by timeout.",
        json_schema_extra=hint(labels={"for": "So long at most", "until_time": "Until a time of day at most"}),
    )
    amount: int = Field(
        default=1,
        title="At most",
        description="Then it goes on by timeout; 365 days at most. A day is 24 hours.",
        ge=1,
        json_schema_extra=hint(hide_when={"mode": ["until_time"]}),
    )
    unit: Unit = Field(
        default="days",
        title="Unit",
        description="Seconds, minutes, hours or days.",
        json_schema_extra=hint(hide_when={"mode": ["until_time"]}),
    )
    at: TimeOfDay = clock_time(["for"])
    weekdays: list[Weekday] = some_weekdays(["for"])
    sample: JsonText = Field(
        default="",
        title="Sample event",
        description="Its data as JSON, used only while drawing.",
        json_schema_extra=hint("code", language="json", collapsed=True),
    )

    @field_validator("match")
    @classmethod
    def _distinct(cls, match: list[Match]) -> list[Match]:
        return distinct(match, "path")

    @model_validator(mode="after")
    def _not_too_long(self) -> "WaitForEvent":
        if self.mode == "for":
            checked(self._span(), MAX)
        return self

    def _span(self) -> timedelta:
        return span(self.amount, self.unit)

    def reads(self) -> list[Read]:
        return [Read(field=f"match.{i}.value", text=row.value) for i, row in enumerate(self.match)]

    def gives(self) -> list[str]:
        return ["event_id", "name", "data"]

    def example(self, data: RunData) -> dict[str, Any]:
        found = document_of(self.sample)
        return {"event_id": "", "name": self.event, "data": found if isinstance(found, dict) else {}}

    def decide(self, data: RunData, ctx: StepContext) -> Ask | Wait | Next:
        return self._ask(data, {"until": self._until(data, ctx.now).isoformat()}, ctx.now)

    def on_timer(self, waited: Waited, data: RunData, ctx: StepContext) -> Ask | Wait | Next:
        return self._ask(data, waited.memo, ctx.now)

    def on_hurry(self, waited: Waited, data: RunData, ctx: StepContext) -> Ask | Wait | Next:
        """An event that came meanwhile counts; else it leaves by timeout."""
        return self._ask(data, {"until": ctx.now.isoformat(), "hurried_by": waited.hurried_by}, ctx.now)

    def awaits(self) -> str:
        return f"the event {self.event}"

    def awaited_event(self) -> str:
        return self.event

    def _until(self, data: RunData, now: datetime) -> datetime:
        if self.mode == "until_time":
            return next_time(now, time.fromisoformat(self.at), self.weekdays, data.zone())
        return now + self._span()

    def _ask(self, data: RunData, memo: dict[str, Any], now: datetime) -> Ask | Wait | Next:
        match = {row.path: key_text(row.value, data) for row in self.match}
        empty = next((path for path, value in match.items() if not value), "")
        return (
            self._alone(empty, memo, now)
            if empty
            else Ask(question=AwaitEvent(name=self.event, match=match), memo=memo)
        )

    def _alone(self, path: str, memo: dict[str, Any], now: datetime) -> Wait | Next:
        """With nothing to know it by, any event would be a stranger's."""
        until, why = datetime.fromisoformat(memo["until"]), f"the value for {path} is empty, so no event fits"
        if until <= now:
            return Next(outlet="timeout", why=why)
        waiting = f"{why}: waiting until {until:%Y-%m-%d %H:%M:%S} UTC"
        return Wait(until=until, outlet="timeout", why=waiting, memo=memo)

    def on_facts(self, facts: dict[str, Any], ctx: StepContext, memo: dict[str, Any]) -> Next | Wait:
        if facts["event"]:
            return Next(outlet="next", why=f"{self.event} came", output=facts["event"])
        until = datetime.fromisoformat(memo["until"])
        if until <= ctx.now:
            if memo.get("hurried_by"):
                return Next(outlet="timeout", why=hurried(memo["hurried_by"]))
            most = f"in {self.amount} {self.unit}" if self.mode == "for" else f"until {self.at}"
            return Next(outlet="timeout", why=f"{self.event} did not come {most}")
        again = ctx.now + LOOK_AGAIN if "looked" not in memo else until
        why = f"waiting for {self.event} until {until:%Y-%m-%d %H:%M:%S} UTC"
        memo = {**memo, "looked": True}
        return Wait(until=min(again, until), outlet="timeout", why=why, memo=memo, listens=True)
