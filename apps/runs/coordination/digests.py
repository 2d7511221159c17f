"""Digests and throttles: what is gathered or counted for a key, in the transaction of the run that asks."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from apps.common.exact import plus
from apps.common.ids import ordered_id
from apps.database import bulk
from apps.engine.contract.decisions import Admit, Gather
from apps.runs.models import MAX_KEY_SHOWN, DigestItem, DigestWindow, Run, ThrottleCount, hashed

T = TypeVar("T")
MAX_ITEMS, MAX_BYTES, AT_ONCE = 100, 48 * 1024, 10  # of a digest that its step keeps, and read at once


def gather(asked: Gather, run: Run, node: str, now: datetime) -> dict[str, Any]:
    """Join the open window of the key, or open one: `opened`, `count`, `until`."""
    place = _place(run, node, asked.key, alone=not asked.key)
    until = now + timedelta(seconds=asked.window_s)
    new = {"run_id": run.pk, "open": True, "until": until, "count": 1, "sums": asked.sums}
    window = {**place, "id": ordered_id(), **new, "head": asked.item, "tail": asked.item}

    def opened() -> dict[str, Any] | None:
        if not bulk.insert_new(DigestWindow, [window], "id"):
            return None
        _bring(window["id"], run, asked)
        return {"opened": True, "count": 1, "until": until.isoformat()}

    return _either(lambda: _joined(asked, run, place), opened)


def _bring(window_id: UUID, run: Run, asked: Gather) -> None:
    """Keep what a run brought apart: it leaves again if the run is cancelled."""
    bulk.insert(DigestItem, [{"id": ordered_id(), "window_id": window_id, "run_id": run.pk, "sums": asked.sums}])


def _joined(asked: Gather, run: Run, place: dict[str, Any]) -> dict[str, Any] | None:
    window = next(iter(DigestWindow.objects.select_for_update().filter(**place, open=True)), None)
    if window is None:
        return None
    if Run.objects.filter(pk=window.run_id, ended_at__isnull=False).exists():  # nobody would go on with what we bring
        DigestWindow.objects.filter(pk=window.pk).update(open=False)
        return None
    after = {"count": window.count + 1, "tail": asked.item, "sums": with_numbers(window.sums, asked.sums)}
    DigestWindow.objects.filter(pk=window.pk).update(**after)
    _bring(window.pk, run, asked)
    return {"opened": False, "count": after["count"], "until": window.until.isoformat()}


def gathered(run: Run, node: str) -> dict[str, Any]:
    """Close the window of this run: what `Gathered` says."""
    window = DigestWindow.objects.select_for_update().get(run=run, node=node, open=True)
    items, not_added = _brought(window), _not_added(window)
    DigestItem.objects.filter(window=window).delete()
    DigestWindow.objects.filter(pk=window.pk).update(open=False)
    ends = {"first": window.head, "last": window.tail, "head": window.head, "tail": window.tail}
    facts = {"count": window.count, "items": items, "left_out": window.count - len(items), "sums": window.sums}
    return {**facts, "not_added": not_added, **ends}


def _brought(window: DigestWindow) -> list[dict[str, Any]]:
    """The first items whole, as many as a step may keep."""
    found: list[dict[str, Any]] = []
    room = MAX_BYTES
    for body in _bodies(window):
        room -= len(json.dumps(body, default=str))
        if room < 0:
            break
        found.append(body)
    return found


def _bodies(window: DigestWindow) -> Iterator[dict[str, Any]]:
    """A few at a time, for each may be large."""
    bodies = window.items.order_by("pk").values_list("run__event__body", flat=True)
    for begin in range(0, MAX_ITEMS, AT_ONCE):
        yield from bodies[begin : begin + AT_ONCE]


def _not_added(window: DigestWindow) -> dict[str, int]:
    """How many brought no number, by the name of a sum that others brought one for."""
    found = {name: window.count - window.items.filter(sums__has_key=name).count() for name in window.sums}
    return {name: count for name, count in found.items() if count}


def with_numbers(sums: dict[str, Any], numbers: dict[str, Any]) -> dict[str, Any]:
    """Sums and what comes to them, exact: numbers, or the digits of long ones."""
    return {**sums, **{name: plus(sums.get(name, 0), number) for name, number in numbers.items()}}


def admit(asked: Admit, run: Run, node: str, now: datetime) -> dict[str, Any]:
    """Count one more if there is room: `passed`, `count`, `free_at`."""
    place = _place(run, node, asked.key)
    first = {**place, "id": ordered_id(), "times": [now.timestamp()], "last_at": now}

    def begun() -> dict[str, Any] | None:
        return {"passed": True, "count": 1} if bulk.insert_new(ThrottleCount, [first], "id") else None

    return _either(lambda: _counted(asked, place, now), begun)


def _counted(asked: Admit, place: dict[str, Any], now: datetime) -> dict[str, Any] | None:
    found = next(iter(ThrottleCount.objects.select_for_update().filter(**place)), None)
    if found is None:
        return None
    times = [at for at in found.times if at > now.timestamp() - asked.period_s]
    if len(times) >= asked.most:
        free_at = datetime.fromtimestamp(times[-asked.most] + asked.period_s, now.tzinfo)
        return {"passed": False, "count": len(times), "free_at": f"{free_at:%Y-%m-%d %H:%M:%S} UTC"}
    ThrottleCount.objects.filter(pk=found.pk).update(times=[*times, now.timestamp()], last_at=now)
    return {"passed": True, "count": len(times) + 1}


def _place(run: Run, node: str, key: str, *, alone: bool = False) -> dict[str, Any]:
    where = {"workspace_id": run.workspace_id, "workflow_id": run.workflow_id, "environment": run.environment}
    return {
        **where,
        "node": node,
        "key": key[:MAX_KEY_SHOWN],
        "key_hash": hashed("", str(run.pk)) if alone else hashed(key),
    }


def _either(found: Callable[[], T | None], made: Callable[[], T | None]) -> T:
    """What is there, or what we make: another may make it, or end it, at the same moment."""
    for _ in range(5):
        answer = found() or made()
        if answer is not None:
            return answer
    raise RuntimeError("a shared row came and went five times")
