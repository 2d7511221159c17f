"""While old and new workers run side by side, a block that only the new ones know is left to them."""

import pytest

from apps.runs import walking
from apps.runs.models import Run
from tests.cast import Clock, drain, fire, rows

WAIT = {"id": "wait", "kind": "delay", "settings": {"amount": 1, "unit": "hours"}}


@pytest.fixture
def old_worker(monkeypatch: pytest.MonkeyPatch):
    """Whether the worker is one that does not know the block yet."""
    known, seen = walking._Walk._block, {"is_old": True}
    monkeypatch.setattr(walking._Walk, "_block", lambda walk, node: None if seen["is_old"] else known(walk, node))
    return seen


def test_a_block_that_only_a_newer_worker_knows_is_left_to_it(published, old_worker, clock: Clock) -> None:
    fire(published({"id": "made", "kind": "transform", "settings": {"rows": rows(n="1")}}))
    for _ in range(5):
        drain(clock)
        clock.forward(minutes=3)
    run = Run.objects.get()
    assert (run.state, run.node) == ("ready", "made") and "waits for one that can" in run.steps.get().why
    old_worker["is_old"] = False
    drain(clock)
    clock.forward(minutes=1)
    drain(clock)
    run.refresh_from_db()
    assert run.state == "completed" and [s.outcome for s in run.steps.order_by("seq")] == ["waiting", "done"]


def test_a_block_that_no_worker_knows_for_a_day_fails_its_run(published, old_worker, clock: Clock) -> None:
    fire(published({"id": "made", "kind": "transform", "settings": {"rows": rows(n="1")}}))
    drain(clock)
    clock.forward(hours=25)
    drain(clock)
    run = Run.objects.get()
    assert run.state == "failed" and "cannot be read by this installation" in run.error


def test_a_wait_that_an_old_worker_cannot_end_does_not_begin_again(published, old_worker, clock: Clock) -> None:
    old_worker["is_old"] = False
    fire(published(WAIT))
    drain(clock)
    old_worker["is_old"] = True
    clock.forward(hours=1)
    drain(clock)
    run = Run.objects.get()
    assert run.state == "waiting"
    old_worker["is_old"] = False
    clock.forward(minutes=1)
    drain(clock)
    run.refresh_from_db()
    assert run.state == "completed"
