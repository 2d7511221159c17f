"""Stories as data, and how one is played."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from apps.channels.models import Delivery
from apps.events.firing import Custom
from apps.events.firing import fire as fire_event
from apps.runs.models import Run, Step
from apps.workflows.models import Workflow
from apps.workspaces.models import Workspace
from tests.support.clock import Clock, drain
from tests.support.outside import Outside, fire

UNITS = ("seconds", "minutes", "hours", "days")
STORIES = sorted((Path(__file__).parents[1] / "stories").glob("*.json"))


def play(path: Path, story, published, outside: Outside, clock: Clock) -> dict[str, Any]:
    """Let it happen."""
    child = Workflow.objects.get(name="Payments").slug
    tale = json.loads(path.read_text().replace("WORLD", outside.url).replace("CHILD", child))
    outside.answers = {place: [tuple(answer) for answer in answers] for place, answers in tale["world"].items()}
    url = story.webhook_live if "example" in tale else published_as(tale, published)
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


def published_as(tale: dict[str, Any], published: Any) -> str:
    start, *blocks = tale["nodes"]
    return published(*blocks, edges=tale["edges"], trigger=start.get("settings"))


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
    told = {name: facts[name] for name in wanted}
    assert told == wanted, told
    for channel, reason in then.get("skipped", {}).items():
        assert reason in skipped[channel]
    assert [step.seq for step in run.steps.order_by("seq")] == list(range(1, run.steps_done + 1))


def _words(step: Step) -> str:
    """`node → outlet`; an outcome that is no plain passage stands behind the node."""
    passed = step.outcome in ("done", "failed", "refused")
    node = step.node if passed else f"{step.node}: {step.outcome}"
    return f"{node} → {step.outlet}" if step.outlet and step.outcome != "waiting" else node
