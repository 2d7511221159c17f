"""Eight ways to break one rule of the machine each, for a process that is told to by DEFECT: the suite must see each."""

import sys
import threading
from collections.abc import Callable
from typing import Any

Break = Callable[[], None]


def no_conditional_update() -> None:
    """A claim takes what it read, whoever took it meanwhile."""
    from django.db.models import QuerySet  # noqa: PLC0415

    from apps.channels import deliveries  # noqa: PLC0415

    deliveries.FREE = "TRUE"
    QuerySet.select_for_update = lambda rows, *_, **__: rows.all()  # type: ignore[method-assign]


def no_fence() -> None:
    """A settle does not ask whether the run is still its own."""
    from apps.runs.claims import settling  # noqa: PLC0415

    settling.MINE = "t.state = w.was"


def no_sweep() -> None:
    """Nobody frees what a dead worker held."""
    from apps.channels import deliveries  # noqa: PLC0415
    from apps.runs.claims import settling  # noqa: PLC0415

    deliveries.lose_expired = lambda now, limit=500: 0
    settling.sweep = lambda now, limit=500: None


def resend() -> None:
    """A message whose worker died is sent again, though nobody knows whether it went."""
    from apps.channels import deliveries  # noqa: PLC0415
    from apps.providers.contract import Result  # noqa: PLC0415

    settle = deliveries.settle

    def again(held: Any, result: Result, **facts: Any) -> bool:
        lost = result.kind == "unknown" and "worker stopped" in result.why
        return settle(held, Result(kind="refused", why=result.why) if lost else result, **facts)

    deliveries.settle = again


def no_dedupe() -> None:
    """A repeat of a sender is taken for news."""
    from apps.events import store  # noqa: PLC0415

    store._repeats = lambda entries: set()


def split_settle() -> None:
    """The cursor moves in one commit, the journal follows in another."""
    from apps.database import group_commit  # noqa: PLC0415
    from apps.runs.claims import settling  # noqa: PLC0415

    whole = settling._journal

    def write(lots: list[Any]) -> list[None]:
        for changes in lots:
            whole(changes)
        return [None] * len(lots)

    settling._journal = lambda changes: group_commit.later(write, changes) and None


def early_answer() -> None:
    """The sender hears 202 before the event is committed."""
    from apps.events import recording  # noqa: PLC0415

    commit = recording.insisted

    def soon(writer: Any, entry: Any, **facts: Any) -> str:
        threading.Timer(0.5, commit, (writer, entry), facts).start()
        return "written"

    recording.insisted = soon


def hints_are_work() -> None:
    """The machine looks only when it is told to."""
    from apps.runs.worker import loop  # noqa: PLC0415

    loop.PERIOD_S = float(sys.maxsize // 10**9)
    loop.TIDY_S = loop.PERIOD_S


DEFECTS: dict[str, Break] = {
    broken.__name__: broken
    for broken in (
        no_conditional_update,
        no_fence,
        no_sweep,
        resend,
        no_dedupe,
        split_settle,
        early_answer,
        hints_are_work,
    )
}
