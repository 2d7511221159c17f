"""A dry run goes the way that a real run goes, and sends nothing."""

import json
from pathlib import Path

import pytest
from django.utils import timezone

from apps.channels.models import Delivery
from apps.common.bounded_json import Malformed
from apps.common.trouble import Refused
from apps.engine.drawing.graph import parse_graph
from apps.events.models import Event
from apps.runs import trial
from apps.runs.models import Run
from apps.workflows.models import Workflow
from apps.workspaces.models import Secret
from tests.support import draw
from tests.support.clock import drain, finish
from tests.support.outside import PAYMENT
from tests.support.stories import STORIES, play

PASSED = ("done", "failed", "refused", "resumed")


def way(steps) -> list[tuple[str, str]]:
    return [(s.node, s.outlet) for s in steps if s.outcome in PASSED]


def without_samples(graph):
    drawing = graph.model_dump()
    for node in drawing["nodes"]:
        node["settings"].pop("sample", "")
    return parse_graph(drawing)


def dry(workflow, graph=None, payload=PAYMENT, **given):
    graph = graph or workflow.live.drawing()
    facts = trial.RunData(workspace=workflow.workspace.facts(), run={"request_id": "r"})
    answers = {node: trial.TrialInput(**answer) for node, answer in given.items()}
    return trial.dry(workflow, graph, payload, facts, answers, timezone.now())


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_dry_run_of_a_story_goes_the_way_of_its_run(path: Path, story, published, outside, clock) -> None:
    tale = play(path, story, published, outside, clock)
    run = Run.objects.select_related("workflow", "version").order_by("created_at")[0]
    if run.state not in ("completed", "failed"):
        pytest.skip("the story stops half way")
    if "dry_run" in tale:
        pytest.skip(tale["dry_run"])
    real = list(run.steps.order_by("seq"))
    answered = {s.node: s for s in real if s.http_status}
    given = {
        node: {"status": s.http_status, "body": json.dumps(s.output.get("body", ""))} for node, s in answered.items()
    }
    events, messages = Event.objects.count(), Delivery.objects.count()
    walked = dry(run.workflow, run.version.drawing(), tale["request"], **given)
    ended = [s for s in real if s.outcome in PASSED and not s.outlet]
    assert way(walked.steps) == way([s for s in real if s.outlet or s in ended])
    assert (walked.ending, walked.code) == (run.state, run.code)
    assert (Event.objects.count(), Delivery.objects.count()) == (events, messages)


def test_a_dry_run_shows_the_messages_it_would_send(payments) -> None:
    walked = dry(payments, payload={**PAYMENT, "status": "success"})
    (message, *_) = walked.steps[-1].input["messages"]
    assert (message["channel"], message["fate"]) == ("email", "would be sent")
    assert message["text"] == "We received 1499.5 for order A-1."


def test_without_an_answer_the_dry_run_asks_and_goes_on_with_one_given_by_hand(payments, outside) -> None:
    graph = without_samples(payments.live.drawing())
    walked = dry(payments, graph)
    assert (walked.ending, walked.steps[-1].node) == ("asks", "customers")
    walked = dry(payments, graph, customers={"status": 200, "body": '{"type": "normal"}'})
    assert walked.ending == "completed"
    walked = dry(payments, graph, customers={"lost": True})
    assert "retry" in [s.outcome for s in walked.steps]
    assert not outside.got


def test_an_answer_that_a_run_got_is_used_again(payments, story, clock) -> None:
    finish(story.webhook_live, clock)
    graph = without_samples(payments.live.drawing())
    walked = dry(payments, graph)
    assert walked.ending == "completed"


def test_a_call_that_may_not_be_repeated_ends_where_a_person_decides(payments) -> None:
    call = draw.http_request("pay", method="POST", url="https://x.example/")
    nodes = [draw.webhook("start"), call]
    graph = parse_graph({"nodes": nodes, "edges": [{"source": "start", "target": "pay"}]})
    walked = dry(payments, graph, pay={"lost": True})
    assert walked.ending == "unknown" and "not repeated" in walked.error


def test_a_circle_of_delays_ends_at_the_bound(payments) -> None:
    nodes = [draw.webhook("start"), draw.delay("again")]
    edges = [{"source": "start", "target": "again"}, {"source": "again", "target": "again"}]
    walked = dry(payments, parse_graph({"nodes": nodes, "edges": edges}))
    assert walked.ending == "failed" and "more than" in walked.error


def test_what_the_trigger_refuses_is_said(payments) -> None:
    schema = '{"type": "object", "required": ["order_id"]}'
    graph = parse_graph({"nodes": [draw.webhook("start", payload_schema=schema)]})
    with pytest.raises(Refused, match="422"):
        dry(payments, graph, {})
    with pytest.raises(Refused, match="no trigger"):
        dry(payments, parse_graph({}), {})
    with pytest.raises(Malformed):
        trial.payload_of("{")


def test_one_call_is_tried_for_real_and_tells_no_secret(workspace, payments, outside) -> None:
    secret = Secret(workspace=workspace, name="SHOP", hosts="127.0.0.1")
    secret.put("c4nary-token")
    secret.save()
    outside.answer("/echo", (200, {"you": "Bearer c4nary-token"}))
    auth = {"type": "bearer", "secret": {"secret": "SHOP"}}
    call = draw.http_request("api", url=f"{outside.url}/echo", auth=auth)
    tried = trial.try_call(payments, parse_graph({"nodes": [call]}), "api", trial.RunData(), timezone.now())
    assert tried.status == 200 and "c4nary" not in tried.body
    assert outside.got[-1]["headers"]["authorization"] == "Bearer c4nary-token"
    call["settings"]["auth"]["secret"]["secret"] = "GONE"
    with pytest.raises(Refused, match="secret"):
        trial.try_call(payments, parse_graph({"nodes": [call]}), "api", trial.RunData(), timezone.now())


def test_a_run_for_the_test_list_is_real_and_reaches_only_that_list(client, workspace, payments, owner, clock) -> None:
    client.force_login(owner)
    url = f"/w/{workspace.wsid}/workflows/{payments.slug}/canvas/fire"
    asked = {"payload": json.dumps({**PAYMENT, "status": "success", "email": "stranger@example.com"})}
    answer = client.post(url, asked, content_type="application/json").json()
    drain(clock)
    run = Run.objects.get(event_id=answer["request_id"])
    assert (run.environment, run.state) == ("test", "completed")
    assert {d.channel: d.state for d in Delivery.objects.all()}["email"] == "skipped"
    Workflow.objects.update(test=None)
    assert "save first" in client.post(url, asked, content_type="application/json").json()["error"]
