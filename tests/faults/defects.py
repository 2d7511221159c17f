"""Eight ways to break one rule of the machine each, for a process that is told to by DEFECT: the suite must see each."""

import sys
import threading
from collections.abc import Callable
from typing import Any

Break = Callable[[], None]


def no_conditional_update() -> None:
    """A claim takes what it read, whoever took it meanwhile."""
    from django.db.models import QuerySet  # noqa: PLC0415

    _moves_under("channels.Delivery", "TRUE")
    QuerySet.select_for_update = lambda rows, *_, **__: rows.all()  # type: ignore[method-assign]


def no_fence() -> None:
    """A settle does not ask whether the run is still its own."""
    _moves_under("runs.Run", "t.state = w.was")


def _moves_under(label: str, condition: str) -> None:
    """The rows of this model move under another condition than what they were known with."""
    from apps.database import leases  # noqa: PLC0415

    move, as_known = leases.move, leases.IS_AS_KNOWN

    def moved(model: Any, cursors: list[dict[str, Any]], asked: str = as_known) -> set[Any]:
        return move(model, cursors, condition if (model._meta.label, asked) == (label, as_known) else asked)

    leases.move = moved


def no_sweep() -> None:
    """Nobody frees what a dead worker held."""
    from apps.channels import deliveries  # noqa: PLC0415
    from apps.runs.claims import recovery  # noqa: PLC0415

    deliveries.reclaim_expired_leases = lambda now, limit=500: 0
    recovery.reclaim_expired_leases = lambda now, limit=500: None


def resend() -> None:
    """A message whose worker died is sent again, though nobody knows whether it went."""
    from apps.channels import deliveries  # noqa: PLC0415
    from apps.providers.contract import Result  # noqa: PLC0415

    settle = deliveries.settle

    def again(held: Any, result: Result, **facts: Any) -> bool:
        lost = result.kind == "unknown" and "worker stopped" in result.why
        return settle(held, Result(kind="temporary_failure", why=result.why) if lost else result, **facts)

    deliveries.settle = again


def no_dedupe() -> None:
    """A repeat of a sender is taken for news."""
    from apps.events import store  # noqa: PLC0415

    store._repeats = lambda entries: set()


def split_settle() -> None:
    """The cursor moves in one commit, the journal follows in another."""
    from apps.database import group_commit  # noqa: PLC0415
    from apps.runs.claims import writing  # noqa: PLC0415

    whole = writing._journal

    def write(lots: list[Any]) -> list[None]:
        for changes in lots:
            whole(changes)
        return [None] * len(lots)

    writing._journal = lambda changes: group_commit.commit_lazily(write, changes) and None


def early_answer() -> None:
    """The sender hears 202 before the event is committed."""
    from apps.events import recording  # noqa: PLC0415

    commit = recording.commit_until

    def soon(writer: Any, entry: Any, **facts: Any) -> str:
        threading.Timer(0.5, commit, (writer, entry), facts).start()
        return "written"

    recording.commit_until = soon


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
