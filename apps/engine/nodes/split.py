"""Sends people down different ways by percentage, each person always down the same."""

import hashlib
from typing import Any, ClassVar

from pydantic import ConfigDict, Field, field_validator

from apps.common.values import Value
from apps.engine.contract.decisions import Next
from apps.engine.contract.node import NodeType, Read, StepContext
from apps.engine.fields import Text, distinct, hint
from apps.engine.texts.templates import key_text
from apps.engine.values.data import RunData

PARTS = 10_000


class Share(Value):
    """A way out and how many of a hundred take it. `id` is stable and names the outlet."""

    model_config = ConfigDict(title="Way")
    id: str = Field(
        title="Id",
        description="Names the outlet; it stays when the way is renamed.",
        pattern=r"^[a-z0-9_]{1,40}$",
        json_schema_extra=hint("hidden", generate="id"),
    )
    name: str = Field(title="Way", description="What people read on the outlet.", min_length=1, max_length=50)
    percent: float = Field(title="Percent", description="Of all who come here; two decimals count.", ge=0, le=100)

    def parts(self) -> int:
        return round(self.percent * PARTS / 100)


class Split(NodeType):
    """Split people by percentage. The same person always takes the same way of this block."""

    kind: ClassVar[str] = "split"
    title: ClassVar[str] = "Split"
    icon: ClassVar[str] = "git-branch"
    group: ClassVar[str] = "Flow"
    summary: ClassVar[str] = "{ways.*.percent} percent"
    fixed_outlets: ClassVar[tuple[str, ...]] = ()
    branching: ClassVar[str] = "ways"
    ways: list[Share] = Field(
        title="Ways",
        description="Their percentages make 100 together.",
        min_length=2,
        max_length=20,
        json_schema_extra=hint(item="way", ordered=True),
    )
    person: Text = Field(
        title="Person",
        description="What tells people apart, as {{ customer_id }}. A person keeps to one way; who is none to none.",
    )
    salt: str = Field(
        default="",
        title="Experiment",
        description="Same name: each person gets the same way in every block. New name: people are shuffled again.",
        max_length=50,
        json_schema_extra=hint(collapsed=True),
    )

    @field_validator("ways")
    @classmethod
    def _whole(cls, ways: list[Share]) -> list[Share]:
        total = sum(way.parts() for way in ways)
        if total != PARTS:
            raise ValueError(f"the percentages make {total / 100:g} together: make them 100")
        return distinct(distinct(ways, "id"))

    def reads(self) -> list[Read]:
        return [Read(field="person", text=self.person)]

    def gives(self) -> list[str]:
        return ["way"]

    def example(self, data: RunData) -> dict[str, Any]:
        return {"way": self.ways[0].name}

    def decide(self, data: RunData, ctx: StepContext) -> Next:
        person = key_text(self.person, data)
        part = part_of(f"{self.salt or ctx.block_ref}\0{person or ctx.key}")
        way = self._way_at(part)
        why = f"{person or 'nobody is named, so ctx run'} stands at {part / 100:.2f} of 100 → {way.name}"
        return Next(outlet=way.id, why=why, output={"way": way.name})

    def _way_at(self, part: int) -> Share:
        end = 0
        for way in self.ways:
            end += way.parts()
            if part < end:
                return way
        return self.ways[-1]


def part_of(text: str) -> int:
    """A stable number from 0 to 9,999 for a text, evenly spread."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) % PARTS
