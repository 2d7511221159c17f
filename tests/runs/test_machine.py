"""What must stay true of the machine: directed tests."""

import uuid

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from apps.channels import deliveries
from apps.channels.models import Connection, Delivery
from apps.channels.sending import send
from apps.engine.contract.decisions import Next
from apps.engine.drawing.graph import parse_graph
from apps.events import store as events
from apps.events.models import Event
from apps.providers.contract import Result
from apps.runs.claims import claiming, recovery, settling, starting
from apps.runs.execution.executor import run_call
from apps.runs.models import Run
from apps.workflows import example
from apps.workflows.release import publishing
from tests.support import draw
from tests.support.clock import Clock, drain, finish
from tests.support.draw import rows
from tests.support.outside import Outside, fire


def begun(story, clock: Clock):
    _, answer = fire(story.webhook_live)
    held = starting.start_one(answer["request_id"], clock())
    assert held is not None
    return held


def test_an_event_starts_one_run_however_often_it_is_hinted(story, clock: Clock) -> None:
    _, answer = fire(story.webhook_live)
    assert starting.start_one(answer["request_id"], clock()) is not None
    assert starting.start_one(answer["request_id"], clock()) is None
    assert Run.objects.count() == 1


def test_a_working_run_cannot_be_claimed(story, clock: Clock) -> None:
    held = begun(story, clock)
    assert claiming.claim(str(held.run.pk), clock()) is None


def test_a_late_worker_changes_nothing(story, clock: Clock) -> None:
    late = begun(story, clock)
    clock.forward(seconds=61)
    recovery.reclaim_expired_leases(clock())
    owner = claiming.claim(str(late.run.pk), clock())
    assert owner is not None and owner.attempt == 2
    step = Next(outlet="success", why="late", output={"type": "power"})
    assert settling.settle(late, step, clock()) is None
    assert Run.objects.get().token == owner.token
    assert [s.outcome for s in Run.objects.get().steps.order_by("seq")] == ["done", "lost"]


def test_a_safe_call_whose_worker_died_is_repeated_with_the_same_key(story, outside: Outside, clock: Clock) -> None:
    begun(story, clock)
    clock.forward(seconds=61)
    drain(clock)
    assert Run.objects.get().state == "completed"


def test_a_call_that_loses_three_workers_is_given_up(story, clock: Clock) -> None:
    run = begun(story, clock).run
    for _ in range(3):
        clock.forward(seconds=100)
        recovery.reclaim_expired_leases(clock())
        clock.forward(seconds=recovery.APART_S)  # the last try is made apart from the others
        claiming.claim(str(run.pk), clock())
    run.refresh_from_db()
    assert (run.state, run.token) == ("failed", None)


def test_a_post_whose_answer_was_lost_is_never_repeated(published, outside: Outside, clock: Clock) -> None:
    url = published(draw.http_request("pay", method="POST", url=f"{outside.url}/pay"))
    outside.answer("/pay", (0, None))
    told = finish(url, clock)
    clock.forward(seconds=130)
    drain(clock)
    assert told.steps[0].outcome == "lost"
    assert len(outside.got) == 1
    assert Run.objects.get().state == "needs_attention"


def test_a_refused_post_is_tried_again_after_what_the_server_asks(published, outside: Outside, clock: Clock) -> None:
    settings = {"method": "POST", "url": {"text": f"{outside.url}/pay"}, "retry": {"waits_s": [7]}}
    url = published(draw.http_request("pay", **settings))
    outside.answer("/pay", (503, {}), (200, {"id": 5}))
    told = finish(url, clock)
    assert [s.outcome for s in told.steps] == ["retry", "done"]
    assert told.status == "completed"


def test_a_delay_waits_and_then_goes_on_once(published, clock: Clock) -> None:
    url = published(
        draw.delay("wait", amount=1, unit="days"),
        draw.transform("made", rows=rows(n="{{ amount }}")),
    )
    told = finish(url, clock)
    assert (told.status, [s.outcome for s in told.steps]) == ("waiting", ["waiting"])
    clock.forward(days=1)
    drain(clock)
    run = Run.objects.get()
    assert (run.state, [s.outcome for s in run.steps.order_by("seq")]) == ("completed", ["waiting", "resumed", "done"])
    assert run.steps.get(node="made").output == {"n": 1499.5}


def test_a_circle_with_a_delay_is_stopped_by_the_bound(published, clock: Clock) -> None:
    edges = [
        {"source": "start", "target": "wait"},
        {"source": "wait", "outlet": "next", "target": "again"},
        {"source": "again", "outlet": "next", "target": "wait"},
    ]
    again = draw.transform("again", rows=rows(x="1"))
    wait = draw.delay("wait", amount=1, unit="seconds")
    url = published(wait, again, edges=edges)
    _, answer = fire(url)
    for _ in range(15):
        drain(clock)
    assert Run.objects.get(event_id=answer["request_id"]).state == "failed"


def test_a_missing_value_fails_the_run_in_words(published, clock: Clock) -> None:
    url = published(draw.transform("made", rows=rows(n="Hi {{ nobody }}")))
    told = finish(url, clock)
    assert told.status == "failed" and "nobody" in told.error


def test_a_delivery_is_claimed_once(story, clock: Clock) -> None:
    run_call(begun(story, clock), clock)
    pk = str(Delivery.objects.earliest("pk").pk)
    assert deliveries.claim(pk, clock()) is not None
    assert deliveries.claim(pk, clock()) is None


def test_a_late_delivery_report_of_a_lost_worker_changes_nothing(story, clock: Clock) -> None:
    run_call(begun(story, clock), clock)
    held = deliveries.claim(str(Delivery.objects.earliest("pk").pk), clock())
    assert held is not None
    clock.forward(seconds=200)
    deliveries.reclaim_expired_leases(clock())
    accepted = Result(kind="accepted", why="late")
    assert deliveries.settle(held, accepted, captured=True, now=clock()) is False


def test_pausing_leaves_running_runs_alone_and_the_door_says_423(story, payments, owner, clock: Clock) -> None:
    held = begun(story, clock)
    publishing.pause(payments, by=owner)
    assert fire(story.webhook_live)[0] == 423
    run_call(held, clock)
    assert Run.objects.get().state == "completed"


def test_a_run_keeps_the_version_it_started_with(story, payments, owner, clock: Clock) -> None:
    held = begun(story, clock)
    stop = {"id": "stop", "kind": "stop", "settings": {}}
    graph = parse_graph(
        {
            "nodes": [draw.webhook("start"), stop],
            "edges": [{"source": "start", "target": "stop"}],
        }
    )
    publishing.go_live(publishing.save(payments, graph, by=owner, now=clock()), by=owner, now=clock())
    run_call(held, clock)
    assert Run.objects.get().steps.filter(node="confirmed").exists()
    told = finish(story.webhook_live, clock)
    assert (told.version, [s.node for s in told.steps]) == ("v2", ["stop"])


def test_blocks_that_were_only_moved_make_no_version_and_stay_where_they_were_put(
    payments, owner, clock: Clock
) -> None:
    before = payments.live
    drawn = before.drawing().placed(before.layout)
    moved = drawn.placed({"start": {"x": -40, "y": 7.5}})
    assert publishing.save(payments, moved, by=owner, now=clock()) == before
    before.refresh_from_db()
    assert before.drawing().placed(before.layout).node("start").position.model_dump() == {"x": -40, "y": 7.5}
    assert before.layout["status"] == drawn.layout()["status"]


@pytest.mark.parametrize("place", [{"x": float("nan"), "y": 0}, {"x": 1e300, "y": 0}])
def test_a_place_that_cannot_be_drawn_is_refused(place: dict) -> None:
    with pytest.raises(ValueError, match="position"):
        parse_graph({"nodes": [draw.webhook("start", at=place)]})


@pytest.mark.parametrize("status", [200, 404])
def test_the_answer_is_read_by_the_node(published, outside: Outside, clock: Clock, status: int) -> None:
    outside.answer("/x", (status, {"a": {"b": 7}}))
    settings = {"url": {"text": f"{outside.url}/x"}, "save": [{"name": "b", "path": "a.b"}]}
    told = finish(published(draw.http_request("x", **settings)), clock)
    assert told.steps[0].outlet == ("success" if status == 200 else "failure")


def test_an_unknown_event_is_left_alone(db, clock: Clock) -> None:
    assert starting.start_one(str(uuid.uuid4()), clock()) is None
    assert Event.objects.count() == 0


def test_a_door_that_is_remembered_answers_423_as_soon_as_it_is_paused(
    story, payments, owner, settings, clock: Clock
) -> None:
    settings.REMEMBER_S = 60
    assert fire(story.webhook_live)[0] == 202
    publishing.pause(payments, by=owner)
    assert fire(story.webhook_live)[0] == 423
    assert Event.objects.count() == 1


def test_a_message_for_the_inbox_whose_worker_died_is_kept_after_all(story, clock: Clock) -> None:
    run_call(begun(story, clock), clock)
    held = [deliveries.claim(str(pk), clock()) for pk in Delivery.objects.values_list("pk", flat=True)]
    assert None not in held
    clock.forward(seconds=200)
    drain(clock)
    assert {d.state for d in Delivery.objects.all()} == {"sent"}


def by_gateway(outside: Outside) -> None:
    example.load(outside.url, timezone.now(), f"{outside.url}/messages")
    outside.answer("/messages", (200, {}))


def test_a_claimed_message_is_unknown_after_a_crash_and_never_sent_again(story, outside: Outside, clock: Clock) -> None:
    by_gateway(outside)
    run_call(begun(story, clock), clock)
    first = Delivery.objects.earliest("pk")
    sent = len(outside.got)
    held = deliveries.claim(str(first.pk), clock())
    assert held is not None
    clock.forward(seconds=200)
    drain(clock)
    assert Delivery.objects.get(pk=first.pk).state == "unknown"
    assert len(outside.got) == sent + 1  # the other message


def test_a_worker_that_was_paused_before_a_message_sends_nothing_and_says_so(
    story, outside: Outside, clock: Clock
) -> None:
    by_gateway(outside)
    run_call(begun(story, clock), clock)
    late = deliveries.claim(str(Delivery.objects.earliest("pk").pk), clock())
    clock.forward(seconds=200)
    drain(clock)
    assert late is not None and Delivery.objects.get(pk=late.delivery.pk).state == "unknown"
    before = len(outside.got)
    assert send(late, clock)
    assert len(outside.got) == before
    assert Delivery.objects.get(pk=late.delivery.pk).state == "ready"
    drain(clock)
    assert Delivery.objects.get(pk=late.delivery.pk).state == "sent" and len(outside.got) == before + 1


@pytest.mark.parametrize(("seconds", "sent"), [(39, 1), (41, 0)])
def test_a_message_is_not_sent_when_its_claim_is_old(story, outside, clock: Clock, seconds: int, sent: int) -> None:
    by_gateway(outside)
    run_call(begun(story, clock), clock)
    held = deliveries.claim(str(Delivery.objects.earliest("pk").pk), clock())
    before = len(outside.got)
    clock.forward(seconds=seconds)
    assert held is not None and send(held, clock)
    assert len(outside.got) == before + sent


def test_a_connection_that_no_longer_decrypts_stops_no_sweep(story, workspace, outside: Outside, clock: Clock) -> None:
    by_gateway(outside)
    run_call(begun(story, clock), clock)
    held = [deliveries.claim(str(pk), clock()) for pk in Delivery.objects.values_list("pk", flat=True)]
    assert None not in held
    Connection.objects.filter(workspace=workspace).update(sealed="broken")
    clock.forward(seconds=200)
    assert deliveries.reclaim_expired_leases(clock()) == 2
    assert {d.state for d in Delivery.objects.all()} == {"unknown"}


@pytest.mark.parametrize("late", [False, True])
def test_a_worker_that_was_paused_before_its_call_does_not_call(
    story, outside: Outside, clock: Clock, late: bool
) -> None:
    held = begun(story, clock)
    clock.forward(seconds=held.lease_s - held.call.call.timeout_s - (4 if late else 6))
    run_call(held, clock)
    assert bool(outside.got) is not late


@pytest.mark.django_db(transaction=True)
def test_an_answered_call_whose_settle_meets_a_broken_database_is_settled_later(
    story, outside: Outside, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, plain, broken = begun(story, clock), connection.commit, [1, 1]

    def commit() -> None:
        if broken:
            broken.pop()
            connection.rollback()
            raise OperationalError("the connection broke")
        plain()

    monkeypatch.setattr(connection, "commit", commit)
    run_call(held, clock)
    assert Run.objects.get().state == "completed"
    assert len(outside.got) == 2 and broken == []


def test_a_long_row_of_blocks_is_walked_in_more_than_one_commit(published, clock: Clock) -> None:
    made = [draw.transform(f"m{n}", rows=rows(n=str(n))) for n in range(120)]
    url = published(*made)
    _, answer = fire(url)
    assert starting.start_one(answer["request_id"], clock()) is None
    run = Run.objects.get()
    assert (run.state, run.node, run.steps_done) == ("ready", "m50", 50)
    drain(clock)
    run.refresh_from_db()
    assert (run.state, run.steps_done) == ("completed", 120)
    assert list(run.steps.order_by("seq").values_list("seq", flat=True)) == list(range(1, 121))


def test_an_event_that_moved_while_it_was_read_starts_no_second_run(story, clock: Clock) -> None:
    _, answer = fire(story.webhook_live)
    assert starting.start_one(answer["request_id"], clock()) is not None
    with pytest.raises(RuntimeError, match="moved"):
        events.dispatch([uuid.UUID(answer["request_id"])])
    assert Run.objects.count() == 1
