"""An error of our own, or a COMMIT without an answer, stops only what it concerns, and is seen."""

import json
import logging
from concurrent.futures import Future

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from apps.channels import deliveries
from apps.channels.models import Delivery
from apps.database import group_commit
from apps.database.ttl_cache import cached
from apps.engine.nodes.http_request import HttpRequest
from apps.engine.nodes.send import Send
from apps.events.models import Event, IdempotencyKey
from apps.runs.claims import claiming, recovery, settling, starting, writing
from apps.runs.execution.executor import run_by_id, run_call
from apps.runs.models import Run
from apps.runs.worker.poller import poll_once
from apps.triggers.models import Binding
from apps.workflows.models import Version
from tests.support import draw
from tests.support.clock import Clock, drain, finish
from tests.support.outside import PAYMENT, Outside, fire

WAIT = draw.delay("wait", amount=1, unit="hours")
CHEAT = {"number": 99, "layout": {}, "content_hash": "x", "created_at": timezone.now()}


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


@pytest.fixture
def silent_commit(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """While it holds something, a COMMIT goes through and its answer is lost."""
    plain, left = connection.commit, []

    def commit() -> None:
        plain()
        if left:
            left.pop()
            raise OperationalError("the connection broke")

    monkeypatch.setattr(connection, "commit", commit)
    return left


def broken_version(workflow) -> Version:
    """A version that no installation can read."""
    return Version.objects.create(workflow=workflow, graph='{"nodes": 7}', **CHEAT)


def test_an_event_that_cannot_be_routed_keeps_no_other_waiting_and_is_given_up(
    story, payments, outside: Outside, clock: Clock
) -> None:
    live = Binding.objects.get(trigger=payments.trigger, environment="test")
    live.version_id = broken_version(payments).pk
    live.save()
    _, bad = fire(story.webhook_test)
    good = finish(story.webhook_live, clock)
    assert good.status == "completed"
    row = Event.objects.get(pk=bad["request_id"])
    assert (row.state, row.tries, row.reason) == ("failed", 5, "an error in Fynoflow itself")
    assert Run.objects.count() == 1


def test_a_run_that_cannot_go_on_keeps_no_other_waiting_and_is_given_up(published, payments, clock: Clock) -> None:
    url = published(WAIT)
    fire(url)
    fire(url)
    drain(clock)
    bad, good = Run.objects.order_by("pk")
    bad.version = broken_version(payments)
    bad.save()
    clock.forward(hours=1)
    drain(clock)
    bad.refresh_from_db()
    good.refresh_from_db()
    assert good.state == "completed"
    assert bad.state == "failed" and "an error in Fynoflow itself" in bad.error


def test_an_answer_that_a_node_cannot_read_fails_its_run_and_is_seen(
    story, outside: Outside, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(HttpRequest, "on_answer", broken)
    told = finish(story.webhook_live, clock)
    assert told.status == "failed" and told.error == "an error in Fynoflow itself: ZeroDivisionError"
    assert [s.outcome for s in told.steps] == ["done", "failed"] and len(outside.got) == 1


def test_a_node_that_breaks_after_a_call_fails_its_run_and_the_call_is_not_made_again(
    story, outside: Outside, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Send, "decide", broken)
    told = finish(story.webhook_live, clock)
    clock.forward(minutes=10)
    drain(clock)
    assert told.status == "failed" and told.error == "an error in Fynoflow itself: ZeroDivisionError"
    assert [(s.node, s.outcome) for s in told.steps][-1] == ("cod", "failed")
    assert [got["method"] for got in outside.got] == ["GET", "PUT"] and told.deliveries == ()


def test_what_is_known_goes_on_while_the_database_is_away(settings) -> None:
    answers: list[object] = ["first", OperationalError("away"), "second"]

    @cached
    def read() -> object:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    settings.REMEMBER_S = 0
    assert [read(), read(), read()] == ["first", "first", "second"]


@pytest.mark.django_db(transaction=True)
def test_a_start_whose_commit_got_no_answer_goes_on_with_what_is_there(
    story, outside: Outside, clock: Clock, silent_commit: list[int]
) -> None:
    _, answer = fire(story.webhook_live)
    silent_commit.append(1)
    held = starting.start_one(answer["request_id"], clock())
    assert held is not None and Run.objects.get().token == held.token


@pytest.mark.django_db(transaction=True)
def test_a_claim_whose_commit_got_no_answer_is_ours_if_it_is_there(
    published, clock: Clock, silent_commit: list[int]
) -> None:
    fire(published(draw.http_request("ask", url="http://127.0.0.1:9/")))
    poll_once(clock)
    clock.forward(hours=1)
    silent_commit.append(1)
    held = claiming.claim(str(Run.objects.get().pk), clock())
    assert held is not None and Run.objects.get().token == held.token


@pytest.mark.django_db(transaction=True)
def test_a_request_whose_commit_got_no_answer_is_accepted_once(story, clock: Clock, silent_commit: list[int]) -> None:
    fire(story.webhook_live)
    silent_commit.append(1)
    status, answer = fire(story.webhook_live, PAYMENT, **{"Idempotency-Key": "k-1"})
    assert status == 202
    assert fire(story.webhook_live, PAYMENT, **{"Idempotency-Key": "k-1"})[1] == answer
    assert silent_commit == []
    assert (Event.objects.count(), IdempotencyKey.objects.count()) == (2, 1)


@pytest.mark.django_db(transaction=True)
def test_a_claim_of_messages_whose_commit_got_no_answer_is_ours_if_it_is_there(
    story, clock: Clock, silent_commit: list[int]
) -> None:
    finish(story.webhook_live, clock)
    Delivery.objects.update(state="ready", due_at=clock.now, ended_at=None)
    silent_commit.append(1)
    held = deliveries.claim_due(10, clock(), lambda workspace: 10)
    assert silent_commit == [] and len(held) == 2
    assert {h.token for h in held} == set(Delivery.objects.values_list("token", flat=True))


@pytest.mark.django_db(transaction=True)
def test_messages_of_a_settle_whose_commit_was_slow_go_out(
    story, outside: Outside, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first commit lands after its caller has tried again: the second moves nothing, and still it is ours."""
    _, answer = fire(story.webhook_live)
    held = starting.start_one(answer["request_id"], clock())
    plain, slow = group_commit.commit_async, [1]

    def submitted(writer, item):
        done = plain(writer, item)
        if writer is writing.write and slow:
            slow.pop()
            monkeypatch.setattr(settling, "is_there", late)
            failed: Future[None] = Future()
            failed.set_exception(group_commit.CommitOutcomeUnknown())
            return failed
        return done

    there, asked = writing.is_there, []

    def late(cursor) -> bool:
        asked.append(1)
        return len(asked) > 1 and there(cursor)

    monkeypatch.setattr(group_commit, "commit_async", submitted)
    run_call(held, clock)
    assert Run.objects.get().state == "completed" and len(outside.got) == 2 and len(asked) >= 2
    assert {row.state for row in Delivery.objects.all()} <= {"sent", "ready"}
    drain(clock)
    assert {row.state for row in Delivery.objects.all()} == {"sent"}


def test_a_message_whose_connection_was_deleted_while_a_worker_died_is_unknown(story, clock: Clock) -> None:
    finish(story.webhook_live, clock)
    row = Delivery.objects.earliest("pk")
    Delivery.objects.filter(pk=row.pk).update(state="ready", due_at=clock.now, connection=None, ended_at=None)
    assert deliveries.claim(str(row.pk), clock()) is not None
    clock.forward(minutes=5)
    assert deliveries.reclaim_expired_leases(clock()) == 1
    assert Delivery.objects.get(pk=row.pk).state == "unknown"


def test_a_body_of_one_event_is_kept_as_it_came(story) -> None:
    raw = json.dumps(PAYMENT).encode()
    _, answer = fire(story.webhook_live, raw)
    assert bytes(Event.objects.get(pk=answer["request_id"]).raw) == raw


def test_trouble_of_the_database_is_no_stumble_of_an_event_or_a_run(story, clock: Clock, monkeypatch) -> None:
    _, answer = fire(story.webhook_live)

    def locked(*args: object) -> None:
        raise OperationalError("canceling statement due to lock timeout")

    with monkeypatch.context() as away:
        away.setattr(starting, "_walked", locked)
        for _ in range(6):
            assert starting.start_due(10, clock(), lambda workspace: 10, lambda workspace: 10) == []
    assert Event.objects.values_list("state", "tries").get(pk=answer["request_id"]) == ("received", 0)
    held = starting.start_one(answer["request_id"], clock())
    assert held is not None
    clock.forward(seconds=61)
    recovery.reclaim_expired_leases(clock())
    with monkeypatch.context() as away:
        away.setattr(claiming, "_walked", locked)
        for _ in range(4):
            run_by_id(str(held.run.pk), clock)
    drain(clock)
    assert Run.objects.get().state == "completed"
