"""What one worker alone cannot connect to is left to the others, and no try is used up."""

import socket
from datetime import timedelta

from django.db import OperationalError
from django.utils import timezone

from apps.common.effects import Answer, NoAnswer
from apps.database import clocks
from apps.egress import reach
from apps.runs.models import Run, Worker
from apps.runs.worker.heartbeat import Heartbeat
from apps.runs.worker.pools import call_pool, message_pool
from tests.support import draw
from tests.support.clock import Clock, drain
from tests.support.outside import fire

UNREACHED = NoAnswer(kind="not_sent", reason="could not connect", unreached=True)


def test_what_only_we_cannot_reach_is_left_to_others() -> None:
    told: list[list[str]] = []
    others = [frozenset[str]()]
    reach.meet(None, lambda: others, lambda: told.append(reach.unreached()))
    assert reach.learn("a:1", "call", UNREACHED) and reach.is_for_others("a:1", "call") and told == [["a:1"]]
    others[:] = [frozenset({"a:1"})]
    assert not reach.is_for_others("a:1", "call"), "all say so: it is the other side"
    assert not reach.learn("a:1", "call", UNREACHED)
    others[:] = []
    assert not reach.learn("b:1", "call", UNREACHED), "nobody else lives"
    assert not reach.learn("a:1", "call", Answer(status=200)) and reach.unreached() == ["b:1"] and told[-1] == ["b:1"]


def test_a_call_that_nobody_takes_is_not_left_for_ever() -> None:
    reach.meet(None, lambda: [frozenset()], reach.nobody)
    assert [reach.learn("a:1", "call", UNREACHED) for _ in range(12)] == [True] * 10 + [False] * 2
    assert not reach.is_for_others("a:1", "call") and reach.is_for_others("a:1", "another call")


def test_a_call_that_was_made_counts_though_nobody_can_be_told() -> None:
    def away() -> None:
        raise OperationalError("away")

    reach.meet(None, away, away)
    assert not reach.learn("a:1", "call", UNREACHED) and not reach.learn("a:1", "call", Answer(status=200))


def test_a_call_that_we_alone_cannot_connect_is_given_back_with_all_its_tries(published, clock: Clock) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/x"
    call = {"url": {"text": url}, "retry": {"attempts": 2}}
    door = published(draw.http_request("ask", **call))
    reach.meet(None, lambda: [frozenset()], reach.nobody)
    fire(door)
    drain(clock)
    run = Run.objects.get()
    assert (run.state, run.attempt, run.steps.count()) == ("ready", 0, 0) and "is left to another" in run.error
    reach.forget()
    for _ in range(4):
        drain(clock)
        clock.forward(minutes=5)
    run.refresh_from_db()
    assert run.state == "failed" and [s.outcome for s in run.steps.order_by("seq")].count("retry") == 1


def test_a_worker_hears_only_of_others_that_live(db) -> None:
    hearts = [Heartbeat(call_pool(1), message_pool(1), clocks.DatabaseClock()) for _ in range(3)]
    for heart in hearts:
        heart.beat()
    Worker.objects.filter(pk=hearts[0].id).update(seen_at=timezone.now() - timedelta(minutes=1))
    Worker.objects.filter(pk=hearts[1].id).update(unreached="a:1 b:1")
    assert hearts[2].others_unreached() == [frozenset({"a:1", "b:1"})]
