"""Walk first, then write: others wait only for the second.

PostgreSQL keeps what was read from the other workers until it is written, in a transaction of our own that nobody else
waits for. SQLite has one writer at a time: there we read outside, and look again before we write.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from apps.database import bulk, leases
from apps.database.group_commit import alone
from apps.runs.claims.writing import those_there
from apps.runs.coordination import shared_state
from apps.runs.interpreter.checkpoint import apply
from apps.runs.interpreter.interpreter import AtAsk, Outcome, resume_with_facts
from apps.runs.journal.claim_values import StartedRun
from apps.runs.journal.journal import Journal

A, W = TypeVar("A"), TypeVar("W")


@dataclass(frozen=True)
class ReadAhead:
    """A run that was carried to where it must stop. `answer` is what it asks there, to be called in the commit."""

    journal: Journal
    stop: Outcome
    attempt: int
    answer: shared_state.Answer | None = None


def read_ahead(journal: Journal, stop: Outcome, attempt: int, now: datetime) -> ReadAhead:
    answer = shared_state.answer_for(stop.question, journal, stop.node, now) if isinstance(stop, AtAsk) else None
    return ReadAhead(journal, stop, attempt, answer)


def checkpointed(one: ReadAhead, now: datetime) -> StartedRun:
    """Where it stands, its question answered; called in the commit, which may be tried again."""
    journal, stop = one.journal.copied(), one.stop
    if isinstance(stop, AtAsk) and (answer := one.answer):
        graph = journal.run.version.drawing()
        stop = resume_with_facts(graph, stop, lambda: answer(journal), journal, now)
    return StartedRun(journal, apply(journal, stop, one.attempt, now))


def claimed(walk: Callable[[A], list[W]], write: Callable[[list[W]], list[StartedRun]], asked: A) -> list[StartedRun]:
    """What `write` places of what `walk` found. What was written when a COMMIT got no answer is read back."""

    def written(found: list[Any]) -> list[list[StartedRun]]:
        return [write(one) for one in found]

    def all_of_it(asks: list[A]) -> list[list[StartedRun]]:
        return [write(walk(one)) for one in asks]

    if not bulk.is_sqlite():
        return leases.claim(all_of_it, asked, those_there, by=alone)
    found = walk(asked)
    return leases.claim(written, found, those_there) if found else []
