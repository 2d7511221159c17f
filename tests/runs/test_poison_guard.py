"""After a worker died, work is taken one by one; who lives through a try is not held to be what kills."""

import logging
import os
import platform
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from apps.database.clocks import DatabaseClock
from apps.events import store as events
from apps.events.models import Event
from apps.runs.claims import claiming, recovery, starting
from apps.runs.execution import executor
from apps.runs.execution.jobs import INLINE
from apps.runs.models import Run, Worker
from apps.runs.worker import poison_guard
from apps.runs.worker.heartbeat import Heartbeat
from apps.runs.worker.pools import call_pool, message_pool
from tests.support.clock import Clock, drain
from tests.support.outside import fire


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)


def cared(clock: Clock) -> poison_guard.PoisonGuard:
    """Of a worker that starts after another died."""
    care = poison_guard.PoisonGuard()
    care.begin(clock())
    return care


def test_what_is_due_is_taken_one_by_one_and_counts_as_nothing_when_it_lives(story, clock: Clock) -> None:
    fire(story.webhook_live)
    fire(story.webhook_live)
    care = cared(clock)
    care.take(clock, INLINE, INLINE)
    assert set(Run.objects.values_list("state", "losses")) == {("completed", 0)} and Run.objects.count() == 2
    Run.objects.update(state="ready", due_at=clock(), ended_at=None, token=None, lease_until=None)
    care.take(clock, INLINE, INLINE)
    assert set(Run.objects.values_list("state", "losses")) == {("completed", 0)}


def test_care_ends_with_what_was_due_when_it_began_and_what_comes_later_does_not_wait(story, clock: Clock) -> None:
    fire(story.webhook_live)
    care = cared(clock)
    clock.forward(seconds=10)
    Event.objects.update(received_at=clock())
    fire(story.webhook_live)
    assert care.is_taken()
    care.take(clock, INLINE, INLINE)
    assert care.is_taken() and Run.objects.count() == 1, "the newer one is left to the others"
    care.take(clock, INLINE, INLINE)
    assert not care.is_taken()


def test_a_process_that_lives_on_counts_what_it_tries_once(story, clock: Clock, monkeypatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("the database is away")

    fire(story.webhook_live)
    fire(story.webhook_live)
    starting.start_due(1, clock(), lambda workspace: 1, lambda workspace: 1)
    Run.objects.update(state="ready", due_at=clock(), token=None, lease_until=None)
    care = cared(clock)
    with monkeypatch.context() as trouble:
        trouble.setattr(starting, "_walked", away)
        trouble.setattr(claiming, "_walked", away)
        for _ in range(9):
            care.take(clock, INLINE, INLINE)
    assert Event.objects.get(state="received").tries == events.DEATH
    assert Run.objects.get().losses == 1
    care.take(clock, INLINE, INLINE)
    assert set(Run.objects.values_list("state", flat=True)) == {"completed"}


def test_what_was_begun_three_times_and_never_ended_is_put_aside(story, clock: Clock) -> None:
    """Each `Care` is a process of its own, that died."""
    request = fire(story.webhook_live)[1]["request_id"]
    counted = [events.record_risky_attempt(Event.objects.get().pk, timezone.now()) for _ in range(4)]
    assert counted == [True, True, True, False]
    assert Event.objects.get(pk=request).state == "failed"
    assert events.replay([Event.objects.get().pk], "me") == 1
    starting.start_due(1, clock(), lambda workspace: 1, lambda workspace: 1)
    Run.objects.update(state="ready", due_at=clock(), token=None, lease_until=None, losses=3)
    cared(clock).take(clock, INLINE, INLINE)
    run = Run.objects.get()
    assert (run.state, run.error) == ("failed", "the worker stopped when it took up the run, 3 times")
    assert run.steps_done == run.steps.count()


@pytest.mark.django_db(transaction=True)
def test_what_a_paused_worker_still_locks_is_passed_over(story, clock: Clock, caplog) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite locks no rows")
    fire(story.webhook_live)
    fire(story.webhook_live)
    first = Event.objects.earliest("received_at")

    def others() -> None:
        cared(clock).take(clock, INLINE, INLINE)
        connection.close()

    caplog.set_level(logging.ERROR)
    with transaction.atomic(), ThreadPoolExecutor(1) as other:
        Event.objects.select_for_update().get(pk=first.pk)
        other.submit(others).result()
    assert not caplog.records, "nobody waited for the lock until it was too long"
    assert Run.objects.count() == 1 and Event.objects.get(pk=first.pk).tries == 0


def test_a_run_that_lost_two_workers_at_one_block_may_lose_two_at_the_next(story, clock: Clock) -> None:
    fire(story.webhook_live)
    starting.start_due(1, clock(), lambda workspace: 1, lambda workspace: 1)
    for _ in range(2):
        clock.forward(minutes=10)
        recovery.reclaim_expired_leases(clock())
        clock.forward(minutes=1)
        run = Run.objects.get()
        held = claiming.claim(str(run.pk), clock())
    assert held is not None and Run.objects.get().losses == 2
    after = executor._stepped(held, clock)
    assert after is not None and after.node != held.node and Run.objects.get().losses == 0
    drain(clock)


def test_a_worker_knows_that_one_before_it_died(db) -> None:
    heart = Heartbeat(call_pool(1), message_pool(1), DatabaseClock())
    heart.beat()
    assert not heart.follows_a_death()
    now = timezone.now()
    facts = {"started_at": now, "hands": 1, "busy": 0, "message_hands": 1, "message_busy": 0}
    old = Worker.objects.create(host=platform.node()[:100], pid=2**22 + 1, seen_at=now, **facts)
    assert heart.follows_a_death()
    Worker.objects.update(pid=os.getppid())
    assert not heart.follows_a_death(), "one that lives"
    Worker.objects.filter(pk=old.pk).update(pid=os.getpid())
    assert heart.follows_a_death(), "a container's processes have the same number each time"
    Worker.objects.filter(pk=old.pk).update(seen_at=now - timedelta(minutes=6))
    assert not heart.follows_a_death()
