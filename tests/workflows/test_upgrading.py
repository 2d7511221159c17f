"""What changes is named; and while old and new workers run side by side, a block that only the new know is theirs."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from apps.engine.drawing.graph import parse_graph
from apps.notifications.models import Content
from apps.runs.interpreter import interpreter
from apps.runs.models import Run
from apps.workflows.release import publishing
from tests.support import draw
from tests.support.clock import Clock, drain
from tests.support.draw import rows
from tests.support.outside import fire

WAIT = draw.delay("wait", amount=1, unit="hours")


@pytest.fixture
def old_worker(monkeypatch: pytest.MonkeyPatch):
    """Whether the worker is one that does not know the block yet."""
    known, seen = interpreter._Scope._block, {"is_old": True}
    monkeypatch.setattr(interpreter._Scope, "_block", lambda walk, node: None if seen["is_old"] else known(walk, node))
    return seen


def test_a_block_that_only_a_newer_worker_knows_is_left_to_it(published, old_worker, clock: Clock) -> None:
    fire(published(draw.transform("made", rows=rows(n="1"))))
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
    fire(published(draw.transform("made", rows=rows(n="1"))))
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


def test_the_workflows_and_templates_that_do_something_else_are_named(payments, workspace) -> None:
    when = {"type": "group", "items": [{"type": "test", "field": "paid_at", "op": "within_last_hours", "value": "1"}]}
    branches = [{"id": "a", "name": "A", "when": when}]
    nodes = [
        draw.webhook("start"),
        draw.condition("if", named="Just paid?", branches=branches),
        draw.throttle("few", named="Few", key="{{ x | round }}"),
    ]
    workflow = publishing.create(workspace, "Old rules")
    publishing.save(workflow, parse_graph({"nodes": nodes, "edges": []}), by=None, now=timezone.now())
    content = Content.objects.first()
    content.text = "{% if name == blank %}x{% endif %}"
    content.save()
    out = StringIO()
    call_command("what_changes", stdout=out)
    said = [line for line in out.getvalue().splitlines() if "Old rules" in line or "template" in line]
    zone = "reads a date without a time zone by the clocks of the workspace, not of UTC"
    assert f"{workspace} › Old rules v1 › Just paid? {zone}" in said
    assert f"{workspace} › Old rules v1 › Few lets pass where its key is empty" in said
    assert f"{workspace} › Old rules v1 › Few rounds 2.5 to 3 and 2.675 to 2.68 (half away from zero)" in said
    assert [
        line for line in said if line.endswith(f"{content.channel} takes a missing value, null and false for blank")
    ]
    assert out.getvalue().splitlines()[-1].endswith("places to look at")
