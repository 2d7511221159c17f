"""How much work a text or a condition may cost: counted in steps and sizes, never by the clock, so that a preview, a
dry run and a run agree. A unit is about twenty nanoseconds: what it takes to copy a hundred characters.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from apps.common.trouble import Refused

MAX_WORK = 10_000_000  # of one block with all its texts, or of one text by itself
STEP, ITEM, COMPARED = 100, 10, 300  # of a filter or a placeholder; of a list's item handled; of one compared
PER_CHARACTER = 8  # between the braces of what a loop repeats
PER_INSTRUCTION = 40  # of a compiled pattern
COUNTED = 10**15  # a budget that only counts


class TooMuch(Refused):
    """The work is not done; the message says what to do."""


class Postponed(Exception):
    """Too much for here, not too much for ever: nothing is wrong with it, and nobody may take it for an answer."""


@dataclass
class Account:
    most: int
    beyond: type[Exception] = TooMuch
    spent: int = 0


_open: ContextVar[tuple[Account, ...]] = ContextVar("open", default=())


@contextmanager
def budget(most: int = MAX_WORK, beyond: type[Exception] = TooMuch) -> Iterator[Account]:
    """A budget for all that is done within, however deep; it also counts for those around it."""
    account, around = Account(most, beyond), _open.get()
    token = _open.set((*around, account))
    try:
        yield account
    finally:
        _open.reset(token)


def spend(units: int) -> None:
    """Say what is about to be done. Raises what lies beyond the first budget that is used up."""
    for account in _open.get():
        account.spent += units
        if account.spent > account.most:
            raise account.beyond("too much work: use fewer or shorter values, filters, loops or tests here")
