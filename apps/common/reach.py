"""What this process cannot connect to and others can.

A host without network fails fastest, so it would take the most and spoil it. What one process cannot connect to it
leaves to the others, as long as one of them does not say the same; when all say it, it is the other side's fault.
"""

import threading
import time
from collections.abc import Callable, Iterable
from uuid import UUID

from apps.common.addresses import Blocked, target_of
from apps.common.calls import Answer, HttpCall, Mail, NoAnswer

AGAIN_S, FORGET_S = 10.0, 60.0  # it is tried again after; what was not tried for so long is forgotten
LEFT_S = 20.0  # so long what we left is for others to take
AFTER_S = 1.0
MOST = 1000
_failed: dict[str, float] = {}
_left: dict[UUID, float] = {}
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
    return bool([*_others()])


def forget() -> None:
    """As a new process."""
    with _lock:
        _failed.clear()
        _left.clear()
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
    """What we could not connect to when we tried last."""
    now = time.monotonic()
    with _lock:
        return sorted(place for place, at in _failed.items() if now - at < FORGET_S)


def is_for_others(place: str) -> bool:
    """Whether we need not even try."""
    at = _failed.get(place)
    return at is not None and time.monotonic() - at < AGAIN_S and _others_may(place)


def learn(place: str, answer: Answer | NoAnswer) -> bool:
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
        _tell()
    return fails and _others_may(place)


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


def _others_may(place: str) -> bool:
    return any(place not in theirs for theirs in _others())


def _bounded(kept: dict) -> None:  # type: ignore[type-arg]
    while len(kept) > MOST:
        del kept[next(iter(kept))]
