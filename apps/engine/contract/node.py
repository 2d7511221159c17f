"""The contract of a node type. The class is its settings: a frozen pydantic model, unknown keys refused."""

from datetime import datetime
from typing import Any, ClassVar

from apps.common.effects import Answer, NoAnswer
from apps.common.values import Value
from apps.engine.contract.decisions import Ask, Conclusion, Decision, End, Next, Wait, Waited
from apps.engine.fields import Text
from apps.engine.values.data import RunData


class StepContext(Value):
    """Which attempt this is (from 1), the stable keys of the effect and of the block, and the time."""

    attempt: int
    key: str
    now: datetime
    block_ref: str = ""


class Read(Value):
    """What a field reads: the names in a text with placeholders, or one bare path."""

    field: str
    text: str | Text = ""
    path: str = ""


class EntryNode(Value):
    """What a drawing must know of a trigger type; the types live above the engine."""

    def knows_person(self) -> bool:
        """Whether its runs may be about a person."""
        return False

    def uses(self) -> list[tuple[str, str, str]]:
        """What else must exist, as a node says it."""
        return []

    def gives(self) -> list[str] | None:
        """Names that its data has; None when it cannot be known before a run."""
        return None

    def example(self) -> dict[str, Any]:
        """Data as a run would have it, from the sample."""
        return {}

    def unset_secret(self) -> str:
        """The dotted field in which the secret should be named by which it checks who calls; empty: nothing lacks."""
        return ""


class NodeType(Value):
    """A block of the drawing. Subclasses live one a file in `apps/engine/nodes/`.

    `fixed_outlets`: the ways out that it always has; `branching`: the setting whose rows are further ways, each with an
    `id` and a `name`, drawn before the fixed ones. `summary`: the line under its name, with `{path}` for what the
    settings say there; `summaries`: other lines, by what the setting `summarised_by` says. `failure_outlets`: ways out
    whose open end fails the run; `minor_outlets`: others that are seldom taken. Both are drawn thin. `has_output`: what
    comes after it can read what it gives.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    icon: ClassVar[str]
    group: ClassVar[str]
    summary: ClassVar[str]
    summarised_by: ClassVar[str] = ""
    summaries: ClassVar[dict[str, str]] = {}
    fixed_outlets: ClassVar[tuple[str, ...]] = ("next",)
    branching: ClassVar[str] = ""
    has_output: ClassVar[bool] = False
    waits: ClassVar[bool] = False
    failure_outlets: ClassVar[tuple[str, ...]] = ()
    minor_outlets: ClassVar[tuple[str, ...]] = ()
    changes_profile: ClassVar[bool] = False  # its output's `after` is what the profile has from then on

    def outlets(self) -> tuple[str, ...]:
        """The stable ids of the ways out, in the order they are drawn."""
        return (*(way.id for way in self._branches()), *self.fixed_outlets)

    def label(self, outlet: str) -> str:
        """What people read on an outlet."""
        return next((str(way.name) for way in self._branches() if way.id == outlet), outlet)

    def _branches(self) -> list[Any]:
        return getattr(self, self.branching) if self.branching else []

    def reads(self) -> list[Read]:
        """Everything that is read from the run's data, with the dotted path of its field."""
        return []

    def uses(self) -> list[tuple[str, str, str]]:
        """What else must exist: (field, what, name), as ("auth.secret", "secret", "SHOP_TOKEN")."""
        return []

    def warns(self, data: RunData) -> list[tuple[str, str]]:
        """What is allowed and may surprise, by the samples before it: (field, a sentence)."""
        return []

    def gives(self) -> list[str] | None:
        """Names that the output surely has; None when it cannot be known before a run."""
        return []

    def example(self, data: RunData) -> dict[str, Any]:
        """An output as a run would have it, from samples. Raises Refused where a value is missing."""
        return {}

    def decide(self, data: RunData, ctx: StepContext) -> Decision:
        """What to do here. Raises Refused when a person must mend something."""
        raise NotImplementedError

    def on_answer(self, answer: Answer | NoAnswer, ctx: StepContext) -> Conclusion:
        """What the answer of the call that `decide` asked for means."""
        raise TypeError(f"{self.kind} makes no call")

    def on_facts(self, facts: dict[str, Any], ctx: StepContext, memo: dict[str, Any]) -> "Next | Wait | End":
        """What follows from the answer to an `Ask`, or from news that came while it waits."""
        raise TypeError(f"{self.kind} asks nothing")

    def on_timer(self, waited: Waited, data: RunData, ctx: StepContext) -> "Next | Wait | Ask":
        """What follows when the time of a `Wait` has come."""
        return Next(outlet=waited.outlet, why="the time has come")

    def on_hurry(self, waited: Waited, data: RunData, ctx: StepContext) -> "Next | Wait | Ask":
        """What follows when a person ends a `Wait` before its time: by itself, as when its time had come."""
        return Next(outlet=waited.outlet, why=hurried(waited.hurried_by))

    def awaits(self) -> str:
        """What a `Wait` of this block waits for, after the words *waits for*; empty: only for a time."""
        return ""

    def awaited_event(self) -> str:
        """The name of the event that ends a `Wait` of this block when somebody fires it; empty: none does."""
        return ""

    def on_notified(self, outcome: dict[str, Any], trouble: str) -> Conclusion:
        """What follows when the rows of `Notify` were written (`trouble` empty) or refused."""
        raise TypeError(f"{self.kind} says nothing")


def hurried(by: str) -> str:
    """Why a block was left that a person had go on."""
    return f"{by} had it go on before its time"
