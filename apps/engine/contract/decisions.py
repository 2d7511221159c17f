"""What a node may decide: frozen shapes, read with `match`."""

from datetime import datetime
from typing import Any, Literal

from apps.common.effects import HttpCall
from apps.common.values import Value
from apps.engine.values.profiles import ProfileChange


class Next(Value):
    """Go on by `outlet`. `why` is shown to people."""

    outlet: str
    why: str
    output: dict[str, Any] = {}
    outcome: Literal["done", "refused", "failed"] = "done"
    http_status: int | None = None


class Wait(Value):
    """Stay until `until`, then ask the node, which finds its `memo` again; by itself it goes on by `outlet`.

    `listens`: an event may end it, too. Whoever asked for one with `AwaitEvent` or `StartSubworkflow` says so: the
    machine closes the row by which the event finds the run when the block is left by another way.
    """

    until: datetime
    outlet: str
    why: str
    memo: dict[str, Any] = {}
    listens: bool = False


class Waited(Value):
    """What a `Wait` left behind for when it ends. `unread_since`: no worker could read the block from then on (ISO).
    `hurried_by`: a person had it end before its time.
    """

    outlet: str
    memo: dict[str, Any] = {}
    listens: bool = False
    unread_since: str = ""
    hurried_by: str = ""

    @classmethod
    def kept(cls, outlet: str, output: dict[str, Any]) -> "Waited":
        """As the row of a step has it; its words are those of before there were fields."""
        memo = {name: value for name, value in output.items() if name not in _OF_WAITED}
        return cls(
            outlet=outlet,
            memo=memo,
            listens=bool(output.get("listens")),
            unread_since=output.get("left_since", ""),
            hurried_by=output.get("hurried_by", ""),
        )

    def output(self) -> dict[str, Any]:
        """What the row of a step keeps of it."""
        since = {"left_since": self.unread_since} if self.unread_since else {}
        hurried = {"hurried_by": self.hurried_by} if self.hurried_by else {}
        return {**self.memo, **({"listens": True} if self.listens else {}), **since, **hurried}


_OF_WAITED = ("listens", "left_since", "hurried_by")


class Admit(Value):
    """May one more pass for this key? At most `most` in any `period_s`. Learnt: `passed`, `count`, `free_at`."""

    key: str
    most: int
    period_s: float


class Gather(Value):
    """Put `item` with the others of this key. Learnt: `opened` and `until` of its window, `count` so far.

    An empty key concerns nobody else: the window is this run's alone. `sums` are numbers, or the digits of long ones;
    a name that is not there has no number to add.
    """

    key: str
    window_s: float
    item: dict[str, Any]
    sums: dict[str, int | float | str]


class Gathered(Value):
    """Close the window that this run opened. Learnt: `count`, `first`, `last`, `items`, `left_out` (how many items are
    not among them), `sums`, `not_added` (how many of a sum were no number); `head` and `tail` as `first` and `last`."""


class AwaitEvent(Value):
    """Hear of an event of this name in which each path has its value, an early one too. Learnt: `event`, if any yet."""

    name: str
    match: dict[str, str]


class StartSubworkflow(Value):
    """Start another workflow with this data. Learnt: `request_id`."""

    workflow: str
    data: dict[str, Any]
    listens: bool


class ChangeProfile(Value):
    """Change the profile of whom the run is about. Learnt: `before` and `after` of what is other now, and `kept`:
    whether it was written; a test only shows it. Refused where nobody is known."""

    changes: tuple[ProfileChange, ...]


Question = Admit | Gather | Gathered | AwaitEvent | StartSubworkflow | ChangeProfile


class Ask(Value):
    """Ask what several runs share; answered in the run's own commit, then `on_facts` says what follows."""

    question: Question
    memo: dict[str, Any] = {}


class Call(Value):
    """Make an outside call, then ask the node to read the answer. `policy`: may it be repeated when unknown?"""

    call: HttpCall
    policy: Literal["idempotent", "at_most_once"]


class Notify(Value):
    """Say something to somebody: rows written in the run's own checkpoint. `troubles`: why a channel has no address."""

    event: str
    addresses: dict[str, str]
    troubles: dict[str, str] = {}
    data: dict[str, Any]


class End(Value):
    """The run is over. `code` is the author's own result word."""

    code: str
    why: str
    failed: bool = False


class Retry(Value):
    """Try the same call again after `after_s`."""

    after_s: float
    why: str
    http_status: int | None = None


class Unknown(Value):
    """The answer was lost and the call must not be repeated."""

    why: str


Decision = Next | Wait | Ask | Call | Notify | End
Conclusion = Next | Retry | Unknown
