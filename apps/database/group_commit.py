"""Commits that many share: a caller hands over what it wants written and goes on after its commit.

A *writer* takes a list of items and gives a list of results, inside a transaction. Without a started thread (tests,
the shell) each item is committed at once by the caller. A COMMIT without an answer raises `Doubtful`: read back.
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
MOST, GATHER_S = 256, 0.003  # under load, what comes within 3 ms shares a commit; without, nobody waits
WAIT_S, AGAIN_S = 20.0, 0.3
AWAY = (OperationalError, InterfaceError)
STUCK = "the database confirms no commit"
log = logging.getLogger(__name__)


class Doubtful(OperationalError):
    """Nobody knows whether it was committed; `result` holds if it was, and is None when not even that is known."""

    def __init__(self, result: Any = None) -> None:
        super().__init__("the database did not say whether it committed")
        self.result = result


class _Wish(NamedTuple):
    writer: Writer[Any, Any]
    item: Any
    done: Future[Any]


_wishes: SimpleQueue[_Wish] | None = None
_later: SimpleQueue[_Wish] = SimpleQueue()
_patience_s = WAIT_S
_began = math.inf  # when the commit that is under way began


def committed(writer: Writer[I, O], item: I) -> O:
    """The writer's result for this item, after the commit that holds it. Raises Doubtful."""
    refuse_while_stuck()
    done = submitted(writer, item)
    try:
        return done.result(_patience_s)
    except TooLong:
        if done.cancel():
            raise OperationalError(STUCK) from None
        raise Doubtful from None


def refuse_while_stuck() -> None:
    """Raise OperationalError while a commit hangs for longer than anybody waits: who comes now takes no thread."""
    if time.monotonic() - _began > _patience_s:
        raise OperationalError(STUCK)


def alone(writer: Writer[I, O], item: I) -> O:
    """As `committed`, in a transaction that nobody else's shares or waits for."""
    wish = _Wish(writer, item, Future())
    _write([wish])
    result: O = wish.done.result()
    return result


def insisted(writer: Writer[I, O], item: I, *, landed: Callable[[], O], until_s: float) -> O:
    """As `committed`, tried again while the database is away, for `until_s`. `landed` reads back what was in doubt;
    falsy: it is not there. It is asked before and after each further try: a slow first commit may land meanwhile."""
    until, in_doubt = time.monotonic() + until_s, False
    while True:
        try:
            if in_doubt and (found := landed()):
                return found
            result = committed(writer, item)
            return (in_doubt and landed()) or result
        except (Doubtful, *AWAY) as trouble:
            in_doubt |= isinstance(trouble, Doubtful)
            if time.monotonic() >= until:
                raise
        except Exception:
            if in_doubt and (found := landed()):
                return found
            raise
        close_old_connections()
        time.sleep(AGAIN_S)


def submitted(writer: Writer[I, O], item: I) -> "Future[O]":
    """As `committed`, without waiting for it."""
    wish = _Wish(writer, item, Future())
    if _wishes is None:
        _write([wish])
    else:
        _wishes.put(wish)
    return wish.done


def later(writer: Writer[I, O], item: I) -> "Future[O]":
    """As `submitted`, for what nobody waits for: written with the next commit, or after LATER_S without one."""
    if _wishes is None:
        return submitted(writer, item)
    wish = _Wish(writer, item, Future())
    _later.put(wish)
    return wish.done


def start(patience_s: float = WAIT_S) -> None:
    """From now on one thread of this process commits for all, and each waits for it so long."""
    global _wishes, _patience_s
    _wishes, _patience_s = SimpleQueue(), patience_s
    threading.Thread(target=_serve, args=(_wishes,), name="committer", daemon=True).start()


def _serve(wishes: SimpleQueue[_Wish]) -> None:
    global _began
    group: list[_Wish] = []
    while True:
        crowded, group = len(group) > 1, _waited(wishes)
        time.sleep(GATHER_S if crowded else 0)
        group += _at_hand(wishes, MOST - len(group))
        group += _at_hand(_later, MOST)
        _began = time.monotonic()
        _survived([wish for wish in group if wish.done.set_running_or_notify_cancel()])
        _began = math.inf


def _survived(group: list[_Wish]) -> None:
    """Write; whatever goes wrong, everybody is answered and the thread that all wait for lives on."""
    try:
        _write(group)
    except BaseException:
        log.exception("the committer stumbled and goes on")
        for wish in group:
            if not wish.done.done():
                wish.done.set_exception(Doubtful())


def _waited(wishes: SimpleQueue[_Wish]) -> list[_Wish]:
    """The next wish; none when LATER_S passed."""
    try:
        return [wishes.get(timeout=LATER_S)]
    except Empty:
        return []


def _at_hand(wishes: SimpleQueue[_Wish], most: int) -> list[_Wish]:
    found: list[_Wish] = []
    with contextlib.suppress(Empty):
        while len(found) < most:
            found.append(wishes.get_nowait())
    return found


def _write(group: list[_Wish]) -> None:
    """All in one commit; if that fails one by one, so that one item's trouble stays its own."""
    if not group:
        return
    results: list[Any] = []
    try:
        _in_one_commit(group, results)
    except BaseException as error:
        if _wishes is not None:
            close_old_connections()
        _failed(group, results, error)
        return
    for wish, result in zip(group, results, strict=True):
        wish.done.set_result(result)


def _failed(group: list[_Wish], results: list[Any], error: BaseException) -> None:
    if results and isinstance(error, AWAY):  # all was written and the COMMIT got no answer
        for wish, result in zip(group, results, strict=True):
            wish.done.set_exception(Doubtful(result))
    elif len(group) == 1:
        group[0].done.set_exception(error)
    else:
        for wish in group:
            _write([wish])


def _in_one_commit(group: list[_Wish], results: list[Any]) -> None:
    """`results` is filled when all but the COMMIT was done."""
    by_writer: dict[Any, list[int]] = {}
    for place, wish in enumerate(group):
        by_writer.setdefault(wish.writer, []).append(place)
    found: list[Any] = [None] * len(group)
    with transaction.atomic():
        with bulk.pipelined():
            for writer, places in by_writer.items():
                for place, result in zip(places, writer([group[p].item for p in places]), strict=True):
                    found[place] = result
        results += found
