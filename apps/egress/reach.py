"""What this process cannot connect to and others can.

A host without network fails fastest, so it would take the most and spoil it. What one process cannot connect to it
leaves to the others, as long as one of them does not say the same; when all say it, it is the other side's fault.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable
from uuid import UUID

from django.db import DatabaseError

from apps.common.effects import Answer, HttpCall, Mail, NoAnswer
from apps.egress.addresses import Blocked, target_of

AGAIN_S, FORGET_S = 10.0, 60.0  # it is tried again after; what was not tried for so long is forgotten
LEFT_S = 20.0  # so long what we left is for others to take
AFTER_S = 1.0
TIMES = 10  # so often one call is left to others; then a try of ours counts, for nobody may come
MAX_REMEMBERED, MAX_TOLD = 1000, 100
_failed: dict[str, float] = {}
_left: dict[UUID, float] = {}
_times: dict[str, int] = {}  # how often each call was left
log = logging.getLogger(__name__)
_lock = threading.Lock()


def nobody() -> tuple[frozenset[str], ...]:
    """There are no others, and nobody to tell."""
    return ()


_others: Callable[[], Iterable[frozenset[str]]] = nobody
_tell: Callable[[], object] = nobody
_me: UUID | None = None


def meet(me: UUID | None, others: Callable[[], Iterable[frozenset[str]]], tell: Callable[[], object]) -> None:
    """`others`: what each other live worker cannot connect to; `tell`: they are to know what `unreached` says now."""
    global _me, _others, _tell
    _me, _others, _tell = me, others, tell


def me() -> UUID | None:
    """The worker that this process is."""
    return _me


def are_others() -> bool:
    """Whether another worker lives."""
    return bool(_seen())


def forget() -> None:
    """As a new process."""
    with _lock:
        for kept in (_failed, _left, _times):
            kept.clear()
    meet(None, nobody, nobody)


def place_of(effect: HttpCall | Mail) -> str:
    """The host and port that it goes to; empty where the rules for addresses will refuse it."""
    if isinstance(effect, Mail):
        return f"{effect.host}:{effect.port}"
    try:
        target = target_of(effect.url)
    except Blocked:
        return ""
    return f"{target.host}:{target.port}"


def unreached() -> list[str]:
    """What we could not connect to when we tried last; if that is much, the newest of it."""
    now = time.monotonic()
    with _lock:
        return sorted([place for place, at in _failed.items() if now - at < FORGET_S][-MAX_TOLD:])


def is_for_others(place: str, call: str) -> bool:
    """Whether we need not even try this call."""
    at = _failed.get(place)
    return at is not None and time.monotonic() - at < AGAIN_S and _is_left(place, call)


def learn(place: str, call: str, answer: Answer | NoAnswer) -> bool:
    """Take note of what a call met. True: others may do better, so that this counts as no try."""
    fails = isinstance(answer, NoAnswer) and answer.unreached
    if not place or not (fails or place in _failed):
        return False
    with _lock:
        is_news = fails != (place in _failed)
        _failed.pop(place, None)
        if fails:
            _failed[place] = time.monotonic()
            _bounded(_failed)
    if is_news:
        _told()
    return fails and _is_left(place, call)


def leave(pk: UUID) -> None:
    """We gave it back: for a while it is for others to take."""
    with _lock:
        _left[pk] = time.monotonic() + LEFT_S
        _bounded(_left)


def left() -> list[UUID]:
    """What we do not take now."""
    if not _left:
        return []
    now = time.monotonic()
    with _lock:
        for pk in [pk for pk, until in _left.items() if until <= now]:
            del _left[pk]
        return list(_left)


def said(place: str) -> str:
    return f"this worker could not connect to {place}: it is left to another"


def _is_left(place: str, call: str) -> bool:
    """Whether another may reach it, and this call was not left too often."""
    if _times.get(call, 0) >= TIMES or all(place in theirs for theirs in _seen()):
        return False
    with _lock:
        _times[call] = _times.get(call, 0) + 1
        _bounded(_times)
    return True


def _seen() -> list[frozenset[str]]:
    """What the others say; nothing while the database does not tell."""
    try:
        return [*_others()]
    except DatabaseError:
        return []


def _told() -> None:
    """That they hear of it is none of the call's concern, which was made."""
    try:
        _tell()
    except DatabaseError:
        log.warning("the others do not hear what this worker cannot connect to")


def _bounded(kept: dict) -> None:  # type: ignore[type-arg]
    while len(kept) > MAX_REMEMBERED:
        del kept[next(iter(kept))]
