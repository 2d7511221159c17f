"""How often an endpoint may be used: a token bucket each, in the database, so that all web processes share it.

A process takes tokens by the handful, so most requests cost no query; after a refusal it does not ask again before a
handful can have come.
"""

import math
import threading
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db.models import F, FloatField, Value
from django.db.models.functions import Greatest, Least

from apps.database import bulk
from apps.sources.contract import Rate
from apps.triggers.models import Bucket

MAX_LIMITERS = 10_000
EndpointKey = tuple[int, str]


@dataclass
class _Hand:
    """What this process holds of one bucket."""

    tokens: int = 0
    shut_until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


_hands: dict[EndpointKey, _Hand] = {}


def wait_s(trigger_id: int, environment: str, rate: Rate | None, now: datetime) -> int:
    """Seconds until the sender should try again; 0: come in."""
    rate = rate or _of_installation()
    return _wait_s((trigger_id, environment), rate, now.timestamp()) if rate else 0


def forget() -> None:
    """Put back nothing and hold nothing: as a new process."""
    _hands.clear()


def _of_installation() -> Rate | None:
    if settings.DOOR_PER_S <= 0:
        return None
    return Rate(per_second=settings.DOOR_PER_S, burst=settings.DOOR_BURST)


def _wait_s(endpoint: EndpointKey, rate: Rate, now: float) -> int:
    if len(_hands) > MAX_LIMITERS:
        _hands.clear()
    hand = _hands.setdefault(endpoint, _Hand())
    handful = max(1, min(int(rate.per_second / 10), rate.burst // 10))
    with hand.lock:
        if hand.tokens == 0 and hand.shut_until <= now:
            hand.tokens = handful if _taken(endpoint, rate, handful, now) else 0
            hand.shut_until = 0.0 if hand.tokens else now + handful / rate.per_second
        if hand.tokens:
            hand.tokens -= 1
            return 0
        return min(3600, max(1, math.ceil(hand.shut_until - now)))


def _taken(endpoint: EndpointKey, rate: Rate, wanted: int, now: float) -> bool:
    """Take so many from the bucket, if it holds them."""
    with bulk.unconfirmed():
        if _take(endpoint, rate, wanted, now):
            return True
        full = {"tokens": float(rate.burst), "filled_at": now}
        _, is_new = Bucket.objects.get_or_create(trigger_id=endpoint[0], environment=endpoint[1], defaults=full)
        return is_new and _take(endpoint, rate, wanted, now)


def _take(endpoint: EndpointKey, rate: Rate, wanted: int, now: float) -> bool:
    passed = Greatest(_number(0), _number(now) - F("filled_at"), output_field=FloatField())
    level = Least(_number(rate.burst), F("tokens") + passed * _number(rate.per_second), output_field=FloatField())
    full_enough = Bucket.objects.alias(level=level).filter(
        trigger_id=endpoint[0], environment=endpoint[1], level__gte=float(wanted)
    )
    filled_at = Greatest(F("filled_at"), _number(now), output_field=FloatField())
    return full_enough.update(tokens=level - _number(wanted), filled_at=filled_at) == 1


def _number(value: float) -> Value:
    return Value(float(value), output_field=FloatField())
