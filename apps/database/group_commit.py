"""Commits that many share: a caller hands over what it wants written and goes on after its commit.

A *writer* takes a list of items and gives a list of results, inside a transaction. Without a started thread (tests,
the shell) each item is committed at once by the caller. A COMMIT without an answer raises `CommitOutcomeUnknown`:
read back.
"""

import contextlib
import logging
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLong
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar

from django.db import InterfaceError, OperationalError, close_old_connections, transaction

from apps.database import bulk

I, O = TypeVar("I"), TypeVar("O")  # noqa: E741
Writer = Callable[[list[I]], list[O]]
LATER_S = 0.25
MAX_IN_A_COMMIT, GATHER_S = 256, 0.003  # under load, what comes within 3 ms shares a commit; without, nobody waits
WAIT_S, AGAIN_S = 20.0, 0.3
DATABASE_ERRORS = (OperationalError, InterfaceError)
STUCK = "the database confirms no commit"
log = logging.getLogger(__name__)


class CommitOutcomeUnknown(OperationalError):
    """Nobody knows whether it was committed; `result` holds if it was, and is None when not even that is known."""

    def __init__(self, result: Any = None) -> None:
        super().__init__("the database did not say whether it committed")
        self.result = result


class _Pending(NamedTuple):
    writer: Writer[Any, Any]
    item: Any
    done: Future[Any]


_pending: SimpleQueue[_Pending] | None = None
_later: SimpleQueue[_Pending] = SimpleQueue()
_patience_s = WAIT_S
_began = math.inf  # when the commit that is under way began


def commit(writer: Writer[I, O], item: I) -> O:
    """The writer's result for this item, after the commit that holds it. Raises CommitOutcomeUnknown."""
    refuse_while_stuck()
    done = commit_async(writer, item)
    try:
        return done.result(_patience_s)
    except TooLong:
        if done.cancel():
            raise OperationalError(STUCK) from None
        raise CommitOutcomeUnknown from None


def refuse_while_stuck() -> None:
    """Raise OperationalError while a commit hangs for longer than anybody waits: who comes now takes no thread."""
    if time.monotonic() - _began > _patience_s:
        raise OperationalError(STUCK)


def alone(writer: Writer[I, O], item: I) -> O:
    """As `commit`, in a transaction that nobody else's shares or waits for."""
    wish = _Pending(writer, item, Future())
    _write([wish])
    result: O = wish.done.result()
    return result


def commit_until(writer: Writer[I, O], item: I, *, read_back_by: Callable[[], O], until_s: float) -> O:
    """As `commit`, tried again while the database is away, for `until_s`. `read_back_by` finds what was in doubt;
    falsy: it is not there. It is asked before and after each further try: a slow first commit may come meanwhile."""
    until, in_doubt = time.monotonic() + until_s, False
    while True:
        try:
            if in_doubt and (found := read_back_by()):
                return found
            result = commit(writer, item)
            return (in_doubt and read_back_by()) or result
        except (CommitOutcomeUnknown, *DATABASE_ERRORS) as trouble:
            in_doubt |= isinstance(trouble, CommitOutcomeUnknown)
            if time.monotonic() >= until:
                raise
        except Exception:
            if in_doubt and (found := read_back_by()):
                return found
            raise
        close_old_connections()
        time.sleep(AGAIN_S)


def commit_async(writer: Writer[I, O], item: I) -> "Future[O]":
    """As `commit`, without waiting for it."""
    wish = _Pending(writer, item, Future())
    if _pending is None:
        _write([wish])
    else:
        _pending.put(wish)
    return wish.done


def commit_lazily(writer: Writer[I, O], item: I) -> "Future[O]":
    """As `commit_async`, for what nobody waits for: written with the next commit, or after LATER_S without one."""
    if _pending is None:
        return commit_async(writer, item)
    wish = _Pending(writer, item, Future())
    _later.put(wish)
    return wish.done


def start(patience_s: float = WAIT_S) -> None:
    """From now on one thread of this process commits for all, and each waits for it so long."""
    global _pending, _patience_s
    _pending, _patience_s = SimpleQueue(), patience_s
    threading.Thread(target=_serve, args=(_pending,), name="committer", daemon=True).start()


def _serve(wishes: SimpleQueue[_Pending]) -> None:
    global _began
    group: list[_Pending] = []
    while True:
        crowded, group = len(group) > 1, _waited(wishes)
        time.sleep(GATHER_S if crowded else 0)
        group += _at_hand(wishes, MAX_IN_A_COMMIT - len(group))
        group += _at_hand(_later, MAX_IN_A_COMMIT)
        _began = time.monotonic()
        _survived([wish for wish in group if wish.done.set_running_or_notify_cancel()])
        _began = math.inf


def _survived(group: list[_Pending]) -> None:
    """Write; whatever goes wrong, everybody is answered and the thread that all wait for lives on."""
    try:
        _write(group)
    except BaseException:
        log.exception("the committer stumbled and goes on")
        for wish in group:
            if not wish.done.done():
                wish.done.set_exception(CommitOutcomeUnknown())


def _waited(wishes: SimpleQueue[_Pending]) -> list[_Pending]:
    """The next wish; none when LATER_S passed."""
    try:
        return [wishes.get(timeout=LATER_S)]
    except Empty:
        return []


def _at_hand(wishes: SimpleQueue[_Pending], most: int) -> list[_Pending]:
    found: list[_Pending] = []
    with contextlib.suppress(Empty):
        while len(found) < most:
            found.append(wishes.get_nowait())
    return found


def _write(group: list[_Pending]) -> None:
    """All in one commit; if that fails one by one, so that one item's trouble stays its own."""
    if not group:
        return
    results: list[Any] = []
    try:
        _in_one_commit(group, results)
    except BaseException as error:
        if _pending is not None:
            close_old_connections()
        _failed(group, results, error)
        return
    for wish, result in zip(group, results, strict=True):
        wish.done.set_result(result)


def _failed(group: list[_Pending], results: list[Any], error: BaseException) -> None:
    if results and isinstance(error, DATABASE_ERRORS):  # all was written and the COMMIT got no answer
        for wish, result in zip(group, results, strict=True):
            wish.done.set_exception(CommitOutcomeUnknown(result))
    elif len(group) == 1:
        group[0].done.set_exception(error)
    else:
        for wish in group:
            _write([wish])


def _in_one_commit(group: list[_Pending], results: list[Any]) -> None:
    """`results` is filled when all but the COMMIT was done."""
    by_writer: dict[Any, list[int]] = {}
    for index, wish in enumerate(group):
        by_writer.setdefault(wish.writer, []).append(index)
    found: list[Any] = [None] * len(group)
    with transaction.atomic():
        with bulk.pipelined():
            for writer, places in by_writer.items():
                for index, result in zip(places, writer([group[p].item for p in places]), strict=True):
                    found[index] = result
        results += found
