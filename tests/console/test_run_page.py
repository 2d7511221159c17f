"""The page of a run tells the truth: what was taken, what it waits for and until when; and what a person can do there."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from apps.channels.models import Delivery
from apps.engine.drawing.graph import parse_graph
from apps.events.models import Event
from apps.runs.models import Run, Step
from apps.runs.worker.poller import poll_once
from apps.workflows.models import Workflow
from apps.workflows.release import publishing
from tests.support import draw
from tests.support.clock import Clock, drain, finish
from tests.support.outside import fire
from tests.support.people import at_the_door

MATCH = [{"path": "cart_id", "value": {"text": "{{ cart }}"}}]
WAIT = draw.wait_for_event(
    "wait", named="Ordered within the hour?", event="order_placed", match=MATCH, amount=60, unit="minutes"
)
ENDS = [draw.stop("ordered", code="ordered"), draw.stop("late", code="late")]
EDGES = [("start", "next", "wait"), ("wait", "next", "ordered"), ("wait", "timeout", "late")]


@pytest.fixture
def client(owner) -> Client:
    return at_the_door(owner)


@pytest.fixture
def waiting(published, clock: Clock) -> Run:
    edges = [{"source": a, "outlet": outlet, "target": b} for a, outlet, b in EDGES]
    fire(published(WAIT, *ENDS, edges=edges), {"cart": "C-1"})
    while poll_once(clock):
        pass
    return Run.objects.get()


def page_of(client: Client, run: Run) -> str:
    return client.get(reverse("run", args=[run.workspace.wsid, run.pk])).content.decode()


def said(client: Client, run: Run, verdict: str) -> str:
    url = reverse("decide", args=[run.workspace.wsid, run.pk])
    return client.post(url, {"verdict": verdict}, follow=True).content.decode()


def taken(client: Client, run: Run) -> set[str]:
    """The names of the ways that the picture shows as taken."""
    picture = client.get(reverse("run", args=[run.workspace.wsid, run.pk])).context["picture"]
    return {line.outlet for line in picture.lines if line.passed}


def test_a_waiting_run_says_for_what_and_until_when_and_shows_no_way_out_as_taken(client, waiting, clock) -> None:
    page = page_of(client, waiting)
    until = waiting.created_at + timedelta(hours=1)
    assert "Ordered within the hour?" in page and "the event order_placed" in page
    assert f"{until:%Y-%m-%d %H:%M}" in page and "(in " in page
    assert "→ timeout" not in page and not {"timeout"} & taken(client, waiting)
    box = next(
        b
        for b in client.get(reverse("run", args=[waiting.workspace.wsid, waiting.pk])).context["picture"].boxes
        if b.id == "wait"
    )
    assert box.now and not box.passed


def test_the_deadline_does_not_slide_when_the_run_looks_again(client, waiting, clock) -> None:
    before = client.get(reverse("run", args=[waiting.workspace.wsid, waiting.pk])).context["wait"].until
    clock.forward(seconds=8)
    while poll_once(clock):
        pass
    after = client.get(reverse("run", args=[waiting.workspace.wsid, waiting.pk])).context["wait"].until
    assert before == after == waiting.created_at + timedelta(hours=1)


def test_after_the_event_the_way_that_was_taken_is_shown_and_not_the_other(client, waiting, workspace, clock) -> None:
    url = reverse("fire-for", args=[workspace.wsid, waiting.pk])
    assert json.loads(client.get(reverse("run", args=[workspace.wsid, waiting.pk])).context["wait"].sample) == {
        "cart_id": "C-1"
    }
    page = client.post(url, {"data": '{"cart_id": "C-1"}'}, follow=True).content.decode()
    assert "order_placed is fired" in page
    drain(clock)
    waiting.refresh_from_db()
    assert (waiting.state, waiting.code) == ("completed", "ordered")
    assert "timeout" not in taken(client, waiting) and "next" in taken(client, waiting)
    assert Step.objects.filter(run=waiting, outcome="decided", why="owner@example.com fires order_placed").exists()


def test_go_on_now_leaves_an_event_wait_by_timeout_and_says_who(client, waiting, clock) -> None:
    assert "It goes on." in said(client, waiting, "go-on")
    drain(clock)
    waiting.refresh_from_db()
    assert waiting.code == "late" and "timeout" in taken(client, waiting)
    page = page_of(client, waiting)
    assert "owner@example.com had it go on before its time" in page and "did not come" not in page
    assert "There was nothing to decide any more." in said(client, waiting, "go-on")


def test_an_event_that_came_before_go_on_now_counts(client, waiting, workspace, clock) -> None:
    client.post(reverse("fire-for", args=[workspace.wsid, waiting.pk]), {"data": '{"cart_id": "C-1"}'})
    said(client, waiting, "go-on")
    drain(clock)
    waiting.refresh_from_db()
    assert waiting.code == "ordered"


@pytest.mark.parametrize(
    "node",
    [
        draw.delay("wait", amount=3, unit="days"),
        {"id": "wait", "kind": "delay", "settings": {"mode": "until_time", "at": "09:00"}},
        draw.digest("wait", key="x", amount=3, unit="days"),
    ],
)
def test_go_on_now_ends_every_kind_of_wait(client, published, clock, node) -> None:
    fire(published(node, draw.stop("end", code="over")), {"a": 1})
    while poll_once(clock):
        pass
    run = Run.objects.get()
    assert run.state == "waiting"
    said(client, run, "go-on")
    drain(clock)
    run.refresh_from_db()
    assert (run.state, run.code) == ("completed", "over")


def test_go_on_now_ends_the_wait_for_another_workflow_by_failure(client, workspace, published, clock) -> None:
    published(draw.delay("long", amount=3, unit="days"))
    other = Workflow.objects.get()
    start = draw.start_workflow("go", workflow=other.slug, wait=True)
    edges = [{"source": "start", "target": "go"}, {"source": "go", "outlet": "failure", "target": "late"}]
    fire(published(start, ENDS[1], edges=edges), {"a": 1})
    while poll_once(clock):
        pass
    run = Run.objects.exclude(workflow=other).get()
    assert "the end of the workflow that it started" in page_of(client, run)
    said(client, run, "go-on")
    clock.forward(seconds=5)
    while poll_once(clock):
        pass
    run.refresh_from_db()
    assert run.code == "late"


def test_a_call_that_is_to_be_tried_again_is_tried_at_once(client, published, outside, clock) -> None:
    outside.answer("/x", (503, {}), (200, {}))
    fire(published(draw.http_request("call", url=f"{outside.url}/x"), draw.stop("end")), {"a": 1})
    while poll_once(clock):
        pass
    run = Run.objects.get()
    assert run.state == "ready" and "the next try of its call" in page_of(client, run)
    said(client, run, "go-on")
    clock.forward(seconds=2)
    while poll_once(clock):
        pass
    run.refresh_from_db()
    assert run.state == "completed"


@pytest.mark.parametrize(
    ("data", "words"), [("{", "the data is no JSON"), ("[]", "must be a JSON object"), ("x" * 30_000, "no JSON")]
)
def test_an_event_with_bad_data_is_not_fired(client, waiting, workspace, data: str, words: str) -> None:
    page = client.post(reverse("fire-for", args=[workspace.wsid, waiting.pk]), {"data": data}, follow=True)
    assert words in page.content.decode() and not Event.objects.filter(kind="custom.fired").exists()


def test_where_nothing_is_waited_for_nothing_is_fired(client, waiting, workspace, clock) -> None:
    said(client, waiting, "cancel")
    page = client.post(reverse("fire-for", args=[workspace.wsid, waiting.pk]), {"data": "{}"}, follow=True)
    assert "waits for no event any more" in page.content.decode()
    assert not Event.objects.filter(kind="custom.fired").exists()
    assert not {"timeout", "next"} & (taken(client, waiting) - {"next"})


def test_reasons_have_the_readers_zone_and_the_blocks_name(client, waiting, workspace, owner) -> None:
    type(owner).objects.filter(pk=owner.pk).update(time_zone="Asia/Kolkata")
    until = waiting.created_at + timedelta(hours=6, minutes=30)
    assert f"waiting for order_placed until {until:%Y-%m-%d %H:%M}" in page_of(client, waiting)
    Run.objects.filter(pk=waiting.pk).update(error="wait: a value is missing: cart_id")
    assert "Ordered within the hour?: a value is missing: cart_id" in page_of(client, waiting)


# Run again


@pytest.fixture
def told(story, clock) -> Run:
    finish(story.webhook_live, clock)
    return Run.objects.get()


def again(client: Client, run: Run, **data: str) -> UUID:
    """The id of the event that it makes."""
    url = reverse("run-again", args=[run.workspace.wsid, run.pk])
    answer = client.post(url, data)
    assert answer.status_code == 302
    return UUID(answer["Location"].rsplit("/", 1)[1])


def test_a_button_that_is_pressed_twice_begins_one_run(client, told, clock) -> None:
    page = client.get(reverse("run-again", args=[told.workspace.wsid, told.pk]))
    once = str(page.context["once"])
    assert f'name="once" value="{once}"' in page.content.decode()
    assert again(client, told, once=once) == again(client, told, once=once)
    drain(clock)
    assert Run.objects.count() == 2


def test_an_event_that_is_fired_twice_from_one_page_is_one(client, waiting, workspace) -> None:
    page = client.get(reverse("run", args=[workspace.wsid, waiting.pk]))
    given = {"data": '{"cart_id": "C-1"}', "once": str(page.context["once"])}
    url = reverse("fire-for", args=[workspace.wsid, waiting.pk])
    for _ in range(2):
        client.post(url, given)
    assert Event.objects.filter(kind="custom.fired").count() == 1
    again_ = client.post(url, {**given, "data": "{}"}, follow=True).content.decode()
    assert "it was fired already from this page" in again_


def test_run_again_tells_what_it_repeats_before_it_does(client, told) -> None:
    page = client.get(reverse("run-again", args=[told.workspace.wsid, told.pk])).content.decode()
    assert "it may do again" in page and "E-mail to asha@example.com: Order A-1 confirmed" in page
    assert Run.objects.count() == 1


def test_run_again_is_a_new_run_with_the_same_data_and_says_who_wanted_it(client, told, clock) -> None:
    again(client, told)
    drain(clock)
    new = Run.objects.exclude(pk=told.pk).get()
    assert new.event.body == told.event.body and new.state == "completed" and new.version == told.version
    assert Delivery.objects.filter(run_id=new.pk).count() == Delivery.objects.filter(run_id=told.pk).count() == 2
    assert "owner@example.com ran the run of" in page_of(client, new)


def test_the_version_live_now_is_run_unless_the_old_one_is_chosen(client, told, payments, owner, clock) -> None:
    graph = parse_graph(draw.payment(power={"name": "Strong customer?"}))
    version = publishing.save(payments, graph, by=owner, now=clock.now)
    publishing.go_live(version, by=owner, now=clock.now)
    begun = [again(client, told), again(client, told, version=str(told.version.number))]
    drain(clock)
    assert [Run.objects.get(event_id=pk).version for pk in begun] == [version, told.version]


def test_no_version_of_another_workflow_is_run(client, told, published, clock) -> None:
    published(draw.stop("other"))
    other = Workflow.objects.exclude(pk=told.workflow_id).get()
    again(client, told, version="99")
    drain(clock)
    assert not Run.objects.filter(workflow=other).exists()


def test_a_paused_workflow_runs_nothing_again(client, told, workspace, payments) -> None:
    client.post(reverse("set-paused", args=[workspace.wsid, payments.slug]), {"paused": "yes"})
    page = client.post(reverse("run-again", args=[workspace.wsid, told.pk]), {}, follow=True).content.decode()
    assert "Not started" in page and Event.objects.count() == 1


def test_what_was_deleted_for_its_age_is_not_run_again(client, told, workspace) -> None:
    Event.objects.update(body={}, raw=b"")
    page = client.post(reverse("run-again", args=[workspace.wsid, told.pk]), {}, follow=True).content.decode()
    assert "its data was deleted because of its age" in page


def test_a_viewer_neither_hurries_fires_nor_runs_again(waiting, workspace, viewer) -> None:
    client = at_the_door(viewer)
    page = page_of(client, waiting)
    assert "the event order_placed" in page and "Go on now" not in page and "Fire" not in page
    for name in ("decide", "fire-for", "run-again"):
        assert client.post(reverse(name, args=[workspace.wsid, waiting.pk]), {"verdict": "go-on"}).status_code == 403
