"""What is gathered for a key, in the transaction of the run that asks."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from apps.common.exact import plus
from apps.common.ids import ordered_id
from apps.database import bulk
from apps.engine.contract.decisions import Gather
from apps.runs.coordination.keyed_rows import found_or_made, where_it_lies
from apps.runs.models import DigestItem, DigestWindow, Run

MAX_ITEMS, MAX_BYTES, AT_ONCE = 100, 48 * 1024, 10  # of a digest that its step keeps, and read at once


def gather(asked: Gather, run: Run, node: str, now: datetime) -> dict[str, Any]:
    """Join the open window of the key, or open one: `opened`, `count`, `until`."""
    place = where_it_lies(run, node, asked.key, alone=not asked.key)
    until = now + timedelta(seconds=asked.window_s)
    new = {"run_id": run.pk, "open": True, "until": until, "count": 1, "sums": asked.sums}
    window = {**place, "id": ordered_id(), **new, "head": asked.item, "tail": asked.item}

    def opened() -> dict[str, Any] | None:
        if not bulk.insert_new(DigestWindow, [window], "id"):
            return None
        _bring(window["id"], run, asked)
        return {"opened": True, "count": 1, "until": until.isoformat()}

    return found_or_made(lambda: _joined(asked, run, place), opened)


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
