"""A digest outlives the run that opened it: when that is cancelled, or fails, the next one that brought something takes
the window over and waits again. Only what the ended run brought leaves."""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.runs.coordination.digests import with_numbers
from apps.runs.interpreter.checkpoint import LEASE_CLEARED, set_cursor, write_of
from apps.runs.journal.claim_values import RunWrite
from apps.runs.journal.journal import read_back
from apps.runs.models import DigestItem, DigestWindow, Run

State = Run.State


def heirs(ended: list[UUID], now: datetime) -> list[RunWrite]:
    """What is to be written of the runs that go on in place of those that ended, in the commit that ends them."""
    windows = DigestWindow.objects.filter(run__in=ended, open=True).order_by("pk")
    return [change for window in windows.select_for_update() for change in _passed_on(window, now)]


def _passed_on(window: DigestWindow, now: datetime) -> list[RunWrite]:
    """To the first whose run still stands where it brought its item; without one nobody waits for the window."""
    left = window.run_id
    DigestItem.objects.filter(window=window, run=left).delete()
    items = list(window.items.order_by("pk").values_list("run_id", "sums"))
    there = Run.objects.filter(pk__in=[run for run, _ in items], state=State.COMPLETED, code="digested")
    alive = set(there.values_list("pk", flat=True))
    heir = there.filter(pk=next((run for run, _ in items if run in alive), None))
    for journal in read_back(heir.select_related("version", "workspace", "event").select_for_update(of=("self",))):
        _inherit(window, journal.run, items)
        until = f"{window.until:%Y-%m-%d %H:%M:%S} UTC"
        why = f"takes over the digest of run {left}, which has ended: gathering until {until}"
        journal.append(window.node, "waiting", now, outlet="next", why=why)
        visit = journal.visits[window.node] + 1
        cursor = {"node": window.node, "visit": visit, "attempt": 0, "losses": 0, "due_at": window.until}
        set_cursor(journal, state=State.WAITING, code="", ended_at=None, **cursor, **LEASE_CLEARED)
        return [write_of(journal, State.COMPLETED, None)]
    DigestWindow.objects.filter(pk=window.pk).update(open=False)
    return []


def _inherit(window: DigestWindow, heir: Run, items: list[tuple[UUID, dict[str, Any]]]) -> None:
    """The window as if the run that left had never brought anything."""
    sums: dict[str, Any] = {}
    for _, numbers in items:
        sums = with_numbers(sums, numbers)
    facts = {"run": heir, "count": len(items), "head": heir.event.body, "sums": sums}
    DigestWindow.objects.filter(pk=window.pk).update(**facts)
