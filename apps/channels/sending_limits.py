"""How many messages an account at a provider takes now: its limits, and a circuit breaker. Pure."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from apps.providers.contract import Result

LAST, FAILING = 20, 10  # it opens when so many of the last calls failed
OPEN_S, LONGEST_S = 30.0, 600.0
PARTS = 1000  # a period is counted in so many parts
Sent = tuple[float, int]  # until when, in Unix seconds, so many messages went


@dataclass(frozen=True)
class Limits:
    """What people set: at most `rate` in any `period_s` seconds, and `at_once` under way; none: no limit."""

    paused: bool = False
    rate: int | None = None
    period_s: float = 1.0
    at_once: int | None = None


@dataclass(frozen=True)
class Standing:
    """What the machine knows, in Unix seconds: what it `sent` last, how many calls are `busy`, and the breaker."""

    sent: tuple[Sent, ...] = ()
    busy: int = 0
    open_until: float | None = None
    probe_until: float | None = None


@dataclass(frozen=True)
class Admitted:
    """How many may go. `probe`: this one tells whether the provider is back."""

    count: int
    probe: bool = False


def admitted(limits: Limits, standing: Standing, asked: int, now: float) -> Admitted:
    """How many of the asked may go now."""
    room = 0 if limits.paused else asked
    if limits.rate is not None:
        room = min(room, limits.rate - sum(count for _, count in recent(standing.sent, limits, now)))
    if limits.at_once is not None:
        room = min(room, limits.at_once - standing.busy)
    if standing.open_until is not None:
        waits = now < standing.open_until or (standing.probe_until is not None and now < standing.probe_until)
        return Admitted(0 if waits else min(room, 1), probe=not waits and room > 0)
    return Admitted(max(room, 0))


def recent(sent: Sequence[Sent], limits: Limits, now: float) -> list[Sent]:
    """What still counts."""
    return [(until, count) for until, count in sent if until > now - limits.period_s]


def counted(sent: Sequence[Sent], limits: Limits, now: float, more: int) -> list[Sent]:
    """With so many more that go now. They count from the end of their part of the period: never too many go."""
    kept, part = recent(sent, limits, now), limits.period_s / PARTS
    until = max([math.ceil(now / part) * part, now, *(until for until, _ in kept)])
    of_this_part = sum(count for end, count in kept if end == until)
    return [*((end, count) for end, count in kept if end != until), (until, of_this_part + more)]


def failed(result: Result) -> bool:
    """Whether the provider itself is in trouble: no answer, or one of the server's own errors."""
    return result.kind in ("temporary_failure", "unknown") and (result.http_status is None or result.http_status >= 500)


def trips(results: Sequence[bool]) -> bool:
    """Whether the breaker opens; `results` are the last calls, true where they failed."""
    return sum(results[-LAST:]) >= FAILING


def open_for(times: int) -> float:
    """Seconds until it is tried again, after it opened so many times in a row before."""
    return float(min(OPEN_S * 2**times, LONGEST_S))
