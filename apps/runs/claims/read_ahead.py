"""Walk first, then write: others wait only for the second.

PostgreSQL keeps what was read from the other workers until it is written, in a transaction of our own that nobody else
waits for. SQLite has one writer at a time: there we read outside, and look again before we write.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from apps.database import bulk
from apps.database.group_commit import alone, committed
from apps.runs.claims.settling import sure
from apps.runs.coordination import shared_state
from apps.runs.interpreter.checkpoint import place
from apps.runs.interpreter.interpreter import AtAsk, Stop, learn
from apps.runs.journal.claim_values import Placed
from apps.runs.journal.journal import Journal

A, W = TypeVar("A"), TypeVar("W")


@dataclass(frozen=True)
class Walked:
    """A run that was carried to where it must stop. `answer` is what it asks there, to be called in the commit."""

    journal: Journal
    stop: Stop
    attempt: int
    answer: shared_state.Answer | None = None


def walked(journal: Journal, stop: Stop, attempt: int, now: datetime) -> Walked:
    answer = shared_state.ready(stop.question, journal, stop.node, now) if isinstance(stop, AtAsk) else None
    return Walked(journal, stop, attempt, answer)


def placed(one: Walked, now: datetime) -> Placed:
    """Where it stands, its question answered; called in the commit, which may be tried again."""
    journal, stop = one.journal.copied(), one.stop
    if isinstance(stop, AtAsk) and (answer := one.answer):
        graph = journal.run.version.drawing()
        stop = learn(graph, stop, lambda: answer(journal), journal, now)
    return Placed(journal, place(journal, stop, one.attempt, now))


def taken(walk: Callable[[A], list[W]], write: Callable[[list[W]], list[Placed]], asked: A) -> list[Placed]:
    """What `write` places of what `walk` found. What was written when a COMMIT got no answer is read back."""

    def written(found: list[Any]) -> list[list[Placed]]:
        return [write(one) for one in found]

    def all_of_it(asks: list[A]) -> list[list[Placed]]:
        return [write(walk(one)) for one in asks]

    if not bulk.is_sqlite():
        return sure(all_of_it, asked, alone)
    found = walk(asked)
    return sure(written, found, committed) if found else []
