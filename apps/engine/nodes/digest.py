"""Gathers what comes for a key during a window; what follows runs once for all of it."""

from datetime import datetime, time, timedelta
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from apps.common.exact import kept
from apps.engine.contract.decisions import Ask, End, Gather, Gathered, Next, Wait, Waited
from apps.engine.contract.node import NodeType, Read, StepContext
from apps.engine.fields import (
    NamedPaths,
    Text,
    TimeOfDay,
    Unit,
    Weekday,
    checked,
    clock_time,
    hint,
    some_weekdays,
    span,
)
from apps.engine.texts.templates import key_text
from apps.engine.values.data import RunData
from apps.engine.values.numerals import NotReadable, as_number
from apps.engine.values.paths import MISSING
from apps.engine.values.wall_clock import next_time

MAX = timedelta(days=7)
ENDS = {"for": "So long after the first", "until_time": "At a time of day"}


class Digest(NodeType):
    """Collect several events and continue once for all of them."""

    kind: ClassVar[str] = "digest"
    title: ClassVar[str] = "Digest"
    icon: ClassVar[str] = "layers"
    group: ClassVar[str] = "Flow"
    summary: ClassVar[str] = "all within {amount} {unit}"
    summaries: ClassVar[dict[str, str]] = {"until_time": "all until {at}"}
    summarised_by: ClassVar[str] = "mode"
    waits: ClassVar[bool] = True
    has_output: ClassVar[bool] = True
    key: Text = Field(
        title="For each",
        description="What is gathered together, as {{ customer_id }}; an empty value is gathered with nothing.",
    )
    mode: Literal["for", "until_time"] = Field(
        default="for",
        title="It ends",
        description="When what was gathered goes on.",
        json_schema_extra=hint(labels=ENDS),
    )
    amount: int = Field(
        default=1,
        title="Window",
        description="Counted from the first; 7 days at most. A day is 24 hours.",
        ge=1,
        json_schema_extra=hint(hide_when={"mode": ["until_time"]}),
    )
    unit: Unit = Field(
        default="hours",
        title="Unit",
        description="Seconds, minutes, hours or days.",
        json_schema_extra=hint(hide_when={"mode": ["until_time"]}),
    )
    at: TimeOfDay = clock_time(["for"])
    weekdays: list[Weekday] = some_weekdays(["for"])
    sums: NamedPaths = Field(
        default=[],
        title="Sums",
        description="Numbers that are added up, read later as steps.<this step>.sums.<name>.",
        max_length=20,
        json_schema_extra=hint(item="sum"),
    )

    @model_validator(mode="after")
    def _not_too_long(self) -> "Digest":
        if self.mode == "for":
            checked(span(self.amount, self.unit), MAX)
        return self

    def reads(self) -> list[Read]:
        paths = [Read(field=f"sums.{i}.path", path=row.path) for i, row in enumerate(self.sums)]
        return [Read(field="key", text=self.key), *paths]

    def warns(self, data: RunData) -> list[tuple[str, str]]:
        found = [(i, row.path, data.lookup(row.path)) for i, row in enumerate(self.sums)]
        return [
            (f"sums.{i}.path", f"{path} is no number that can be read in the sample: it adds nothing.")
            for i, path, value in found
            if value is not MISSING and _number(value) is None
        ]

    def gives(self) -> list[str]:
        return ["count", "items", "first", "last", "left_out", "sums", "not_added", "head", "tail"]

    def example(self, data: RunData) -> dict[str, Any]:
        one = {name: data.trigger for name in ("first", "last", "head", "tail")}
        sums = {row.name: 0 for row in self.sums} | self._numbers(data)
        return {"count": 1, "items": [data.trigger], "left_out": 0, "sums": sums, "not_added": {}, **one}

    def decide(self, data: RunData, ctx: StepContext) -> Ask:
        key = key_text(self.key, data)
        window_s = (self._until(data, ctx.now) - ctx.now).total_seconds()
        question = Gather(key=key, window_s=window_s, item=data.trigger, sums=self._numbers(data))
        return Ask(question=question, memo={"alone": not key, "unread": self._unread(data)})

    def on_facts(self, facts: dict[str, Any], ctx: StepContext, memo: dict[str, Any]) -> Next | Wait | End:
        if "head" in facts:
            whole = self._with_all_sums(facts)
            return Next(outlet="next", why=self._closed(whole), output=whole)
        until = datetime.fromisoformat(facts["until"])
        unread = "".join(f"; {name} is no number and adds nothing" for name in memo.get("unread", []))
        if facts["opened"]:
            alone = "For each is empty, so nothing else joins: " if memo.get("alone") else ""
            why = f"{alone}gathering until {until:%Y-%m-%d %H:%M:%S} UTC{unread}"
            return Wait(until=until, outlet="next", why=why)
        why = f"number {facts['count']} of a digest that is sent at {until:%Y-%m-%d %H:%M:%S} UTC{unread}"
        return End(code="digested", why=why)

    def on_timer(self, waited: Waited, data: RunData, ctx: StepContext) -> Ask:
        return Ask(question=Gathered())

    def on_hurry(self, waited: Waited, data: RunData, ctx: StepContext) -> Ask:
        return Ask(question=Gathered())

    def awaits(self) -> str:
        return "more to gather"

    def _with_all_sums(self, facts: dict[str, Any]) -> dict[str, Any]:
        """A sum for which nobody brought a number is 0."""
        unknown = [row.name for row in self.sums if row.name not in facts["sums"]]
        if not unknown:
            return facts
        none, all_of = dict.fromkeys(unknown, 0), dict.fromkeys(unknown, facts["count"])
        return {**facts, "sums": {**facts["sums"], **none}, "not_added": {**facts.get("not_added", {}), **all_of}}

    def _closed(self, facts: dict[str, Any]) -> str:
        why = f"the window closed with {facts['count']}"
        if facts.get("left_out"):
            why += f"; items has the first {facts['count'] - facts['left_out']} of them"
        absent = [f"{count} without a number for {name}" for name, count in facts.get("not_added", {}).items()]
        return "; ".join([why, *absent])

    def _until(self, data: RunData, now: datetime) -> datetime:
        if self.mode == "until_time":
            return next_time(now, time.fromisoformat(self.at), self.weekdays, data.zone())
        return now + span(self.amount, self.unit)

    def _numbers(self, data: RunData) -> dict[str, int | float | str]:
        found = {row.name: _number(data.lookup(row.path)) for row in self.sums}
        return {name: number for name, number in found.items() if number is not None}

    def _unread(self, data: RunData) -> list[str]:
        return [row.name for row in self.sums if _number(data.lookup(row.path)) is None]


def _number(value: Any) -> int | float | str | None:
    try:
        return kept(as_number(value))
    except NotReadable:
        return None
