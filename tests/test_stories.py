"""Stories in JSON: a drawing, what happens, and what must have happened (tests/stories).

A story names the `example` or has `nodes` and `edges`; `world` is what the outside answers by path, `WORLD` its URL;
`after` moves the clock, posts another request or fires an event, each time with what must be true `then`. CHILD is the
example's workflow. What is checked is read back from the database: of the first run, and how many `runs` ended how.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from apps.channels.models import Delivery
from apps.engine.registry import NODES
from apps.events.firing import Custom
from apps.events.firing import fire as fire_event
from apps.runs.models import Run, Step
from apps.sources.registry import TRIGGERS
from apps.workflows import example
from apps.workflows.models import Workflow
from apps.workspaces.models import Workspace
from tests.cast import Clock, Outside, drain, fire

UNITS = ("seconds", "minutes", "hours", "days")
STORIES = sorted((Path(__file__).parent / "stories").glob("*.json"))


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_ends_as_it_says(path: Path, story, published, outside: Outside, clock: Clock) -> None:
    tale = play(path, story, published, outside, clock)
    check(tale["then"], outside)


def play(path: Path, story, published, outside: Outside, clock: Clock) -> dict[str, Any]:
    """Let it happen."""
    child = Workflow.objects.get(name="Payments").slug
    tale = json.loads(path.read_text().replace("WORLD", outside.url).replace("CHILD", child))
    outside.answers = {place: [tuple(answer) for answer in answers] for place, answers in tale["world"].items()}
    url = story.webhook_live if "example" in tale else published(*tale["nodes"][1:], edges=tale["edges"])
    post(url, tale["request"], clock)
    for pause in tale.get("after", []):
        clock.forward(**{unit: amount for unit, amount in pause.items() if unit in UNITS})
        drain(clock)
        if "post" in pause:
            post(url, pause["post"], clock)
        if "event" in pause:
            news(pause["event"], clock)
        check(pause.get("then", {}), outside)
    return tale


def post(url: str, request: Any, clock: Clock) -> None:
    status, answer = fire(url, request)
    assert status == 202, answer
    drain(clock)


def news(event: dict[str, Any], clock: Clock) -> None:
    fire_event(Workspace.objects.get(), Custom(**event), clock())
    drain(clock)


def check(then: dict[str, Any], outside: Outside) -> None:
    """What the story says, against the rows that are there."""
    run, sent = Run.objects.order_by("created_at").first(), Delivery.objects.filter(state="sent")
    ends = Counter(f"{row.state} {row.code}" for row in Run.objects.all())
    skipped = {row.channel: row.reason for row in Delivery.objects.filter(state="skipped")}
    facts = {
        "status": run.state,
        "code": run.code,
        "path": [_words(step) for step in run.steps.order_by("seq")],
        "calls": [f"{got['method']} {got['path']}" for got in outside.got],
        "keys": len({got["headers"]["idempotency-key"] for got in outside.got}),
        "runs": dict(ends),
        "output": {step.node: step.output for step in run.steps.order_by("seq") if step.node in then.get("output", {})},
        "messages": {row.channel: row.content["text"] for row in sent},
    }
    wanted = {name: value for name, value in then.items() if name != "skipped"}
    assert {name: facts[name] for name in wanted} == wanted
    for channel, reason in then.get("skipped", {}).items():
        assert reason in skipped[channel]
    assert [step.seq for step in run.steps.order_by("seq")] == list(range(1, run.steps_done + 1))


def _words(step: Step) -> str:
    """`node → outlet`; an outcome that is no plain passage stands behind the node."""
    passed = step.outcome in ("done", "failed", "refused")
    node = step.node if passed else f"{step.node}: {step.outcome}"
    return f"{node} → {step.outlet}" if step.outlet and step.outcome != "waiting" else node


def test_each_node_and_trigger_has_a_story() -> None:
    drawings = [json.loads(path.read_text()) for path in STORIES]
    told = {node["kind"] for tale in drawings for node in tale.get("nodes", [])}
    told |= {node["kind"] for node in json.loads(example.DRAWING.read_text())["nodes"]}
    assert told >= {*NODES.all(), *TRIGGERS.all()}
