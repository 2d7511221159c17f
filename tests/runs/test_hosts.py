"""On several machines: a connection that died, a commit that failed, a server of yesterday, keys of another host."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from celery import current_app
from django.core.exceptions import ImproperlyConfigured
from django.core.signals import request_started
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django_celery_beat.models import PeriodicTask
from django_celery_beat.schedulers import DatabaseScheduler

from apps.channels.models import Delivery
from apps.database import bulk, clocks, commit_check
from apps.database.postgresql import base as postgresql
from apps.notifications.models import Notification
from apps.runs.claims import starting
from apps.runs.execution.executor import run_claimed
from apps.runs.execution.jobs import INLINE
from apps.runs.journal.journal import Journal
from apps.runs.models import Beat, Leader, Run
from apps.runs.upkeep import queue_status
from apps.runs.worker import scheduling
from apps.runs.worker.scheduling import OneScheduler
from apps.runs.worker.watchdog import LIMIT_S, Watchdog
from apps.workflows import example
from fynoflow.env import database
from tests.support.clock import Clock, drain
from tests.support.outside import Outside, fire
from tests.support.threads import direct, on_postgresql


@contextmanager
def refusing(table: str) -> Iterator[None]:
    """The database itself refuses new rows of a table."""
    names = {"table": table, "name": f"no_{table}"}
    if bulk.is_sqlite():
        make = "CREATE TRIGGER {name} BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'not today'); END"
        drop = "DROP TRIGGER {name}"
    else:
        make = "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK (false) NOT VALID"
        drop = "ALTER TABLE {table} DROP CONSTRAINT {name}"
    with connection.cursor() as cursor:
        cursor.execute(make.format(**names))
    yield
    with connection.cursor() as cursor:
        cursor.execute(drop.format(**names))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", ["notifications_notification", "channels_delivery"])
def test_a_settle_that_the_database_refuses_sends_nothing_of_what_it_said(
    outside: Outside, clock: Clock, table
) -> None:
    loaded = example.load(outside.url, timezone.now(), f"{outside.url}/send")
    outside.answer("/customers", (200, {"type": "power"}))
    fire(loaded.webhook_live)
    (placed,) = starting.start_due(1, clock(), INLINE.capacity_for, INLINE.capacity_for)
    with refusing(table):
        run_claimed(placed, clock)
    drain(clock)
    assert [got["path"].split("?")[0] for got in outside.got] == ["/customers", "/orders/c-42"]
    assert (Run.objects.get().state, Delivery.objects.count(), Notification.objects.count()) == ("failed", 0, 0)


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_server_that_is_read_only_is_away_for_statements_of_django_and_of_ours(none_rests) -> None:
    with psycopg.connect(**direct(), autocommit=True) as link:
        link.execute(f"ALTER DATABASE {connection.settings_dict['NAME']} SET default_transaction_read_only = on")
    try:
        with pytest.raises(OperationalError, match="read-only"):
            Beat.mark("sweep", timezone.now())
        assert commit_check.trouble() == "is read-only"
    finally:
        with psycopg.connect(**direct(), autocommit=True) as link:
            link.execute("SET default_transaction_read_only = off")
            link.execute(f"ALTER DATABASE {connection.settings_dict['NAME']} RESET default_transaction_read_only")
    with pytest.raises(OperationalError, match="read-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL default_transaction_read_only = on")
        cursor.execute("SET TRANSACTION READ ONLY")
        bulk.insert(Beat, [{"name": "ours", "at": timezone.now()}])
    Beat.mark("sweep", timezone.now())


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_primary_of_yesterday_is_away(none_rests, monkeypatch: pytest.MonkeyPatch) -> None:
    Beat.mark("sweep", timezone.now())
    monkeypatch.setattr(postgresql, "_newest", {cluster: seen + 1 for cluster, seen in postgresql._newest.items()})
    Beat.mark("sweep", timezone.now())
    connection.close()
    commit_check.forget()
    with pytest.raises(OperationalError, match="old primary"):
        Beat.mark("sweep", timezone.now())
    assert "old primary" in commit_check.trouble()
    monkeypatch.undo()


def test_timelines_are_told_apart_by_their_cluster() -> None:
    postgresql.refuse_older(-1, 3)
    postgresql.refuse_older(-2, 1)
    postgresql.refuse_older(-1, 4)
    with pytest.raises(OperationalError, match="timeline is 3, and 4 was seen"):
        postgresql.refuse_older(-1, 3)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://u:p%40@a:5433/n?sslmode=verify-full", {"sslmode": "verify-full"}),
        ("postgresql://u@a,b:5433/n", {"target_session_attrs": "read-write"}),
        ("postgresql://u@a,b/n?target_session_attrs=primary", {"target_session_attrs": "primary"}),
        ("postgresql://u@a/n?connect_timeout=9", {"connect_timeout": "9"}),
    ],
)
def test_what_the_query_of_the_url_says_counts(url: str, told: dict[str, str]) -> None:
    options = database(url)["OPTIONS"]
    assert isinstance(options, dict) and options.items() >= told.items()
    assert "statement_timeout=5000" in options["options"]


def test_several_hosts_and_a_socket_are_places() -> None:
    found = database("postgresql://u:p%40ss@a,b:5433/n")
    assert (found["HOST"], found["PORT"], found["NAME"], found["PASSWORD"]) == ("a,b", ",5433", "n", "p@ss")
    assert database("postgresql:///n?host=/run/postgresql")["HOST"] == "/run/postgresql"
    assert "-c lock_timeout=2000 -c lock_timeout=1" in database("postgresql:///n?options=-c%20lock_timeout%3D1")[
        "OPTIONS"
    ]["options"].replace(" -c idle_in_transaction_session_timeout=10000 -c TimeZone=UTC", "")


@pytest.mark.parametrize(
    "url", ["postgresql://u:s3cret@h/n?sslmod=x", "postgresql://u:s3cret@[h/n", "mysql://u:s3cret@h/n"]
)
def test_a_url_that_cannot_be_read_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        database(url)
    assert "s3cret" not in str(refused.value) and "DATABASE_URL" in str(refused.value)
    assert refused.value.__cause__ is None and refused.value.__context__ is None


@pytest.fixture
def schedulers(transactional_db: None) -> list[OneScheduler]:
    return [OneScheduler(app=current_app, lazy=True) for _ in range(2)]


def test_of_two_schedulers_one_sends(schedulers: list[OneScheduler], monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[int] = []
    plain = DatabaseScheduler.tick
    monkeypatch.setattr(DatabaseScheduler, "tick", lambda self: sent.append(schedulers.index(self)) or plain(self))
    first, second = schedulers
    assert first.tick() <= scheduling.LOOK_S and second.tick() == scheduling.LOOK_S and sent == [0]
    Leader.objects.update(until=timezone.now() - timedelta(seconds=1))
    second.tick()
    assert first.tick() == scheduling.LOOK_S and sent == [0, 1], "who slept past its lease has lost it"
    second.close()
    first.tick()
    assert sent == [0, 1, 0]


def test_what_one_scheduler_sent_the_next_does_not_send_again(schedulers: list[OneScheduler], monkeypatch) -> None:
    sent: list[str] = []
    monkeypatch.setattr(OneScheduler, "apply_async", lambda self, entry, **_: sent.append(entry.name))
    first, second = schedulers
    for one in schedulers:
        one.setup_schedule()
    PeriodicTask.objects.update(last_run_at=timezone.now() - timedelta(hours=2))
    first._schedule = first.all_as_schedule()
    for _ in range(6):
        first.tick()
    before = list(sent)
    assert "mark-beat" in before
    first.close()
    for _ in range(6):
        second.tick()
    assert sent == before


class Loop:
    """What a watchdog looks at, with what it did at the end."""

    def __init__(self) -> None:
        self.watchdog = Watchdog(lambda seconds: None)

    def ticks(self, count: int) -> bool:
        return [self.watchdog.is_stuck() for _ in range(count)][-1]


def test_a_loop_that_comes_round_is_left_alone_and_one_that_does_not_is_stuck() -> None:
    loop = Loop()
    assert not loop.ticks(LIMIT_S - 1)
    loop.watchdog.came_round()
    assert not loop.ticks(LIMIT_S)
    assert loop.ticks(1)


STUCK = """
import threading, time
from apps.runs.worker import watchdog
watchdog.TICK_S = 0.02
watchdog.LIMIT_S = 0.1
watchdog.Watchdog(lambda seconds: print("drained", seconds, flush=True)).watch(threading.Event())
time.sleep(20)
"""


def test_a_process_whose_loop_is_stuck_ends_so_that_it_is_started_again(tmp_path) -> None:
    env = {**os.environ, "DATA_DIR": str(tmp_path), "DATABASE_URL": "", "DJANGO_SETTINGS_MODULE": "fynoflow.settings"}
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", STUCK], env=env, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 70 and "drained 10.0" in done.stdout and "has not come round" in done.stderr


def test_a_slow_answer_of_the_clock_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = clocks.DatabaseClock()
    clock.measure()
    true, counted = clock(), clocks.seconds()
    asked = iter([counted, counted + 3])
    monkeypatch.setattr(clocks, "_told", lambda: true - timedelta(seconds=40))
    monkeypatch.setattr(clocks, "seconds", lambda: next(asked, counted + 3))
    clock.measure()
    assert abs((clock() - true).total_seconds() - 3) < 0.5


@on_postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("read", [Beat.objects.count, queue_status.unconfirmed], ids=["by Django", "by ours"])
def test_a_page_after_a_failover_finds_a_new_connection(read) -> None:
    read()
    with psycopg.connect(**direct(), autocommit=True) as link:
        link.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    request_started.send(sender=None)
    assert read() == 0


@pytest.mark.django_db(transaction=True)
def test_an_error_after_the_words_were_claimed_sends_nothing_either(outside: Outside, clock, monkeypatch) -> None:
    loaded = example.load(outside.url, timezone.now(), f"{outside.url}/send")
    outside.answer("/customers", (200, {"type": "power"}))
    fire(loaded.webhook_live)
    (placed,) = starting.start_due(1, clock(), INLINE.capacity_for, INLINE.capacity_for)
    plain = Journal.claim_deliveries

    def claim_deliveries(journal: Journal, now) -> None:
        plain(journal, now)
        if journal.claimed_deliveries:
            raise ValueError("a bug of ours, just then")

    monkeypatch.setattr(Journal, "claim_deliveries", claim_deliveries)
    run_claimed(placed, clock)
    monkeypatch.undo()
    assert not [got for got in outside.got if got["path"] == "/send"]
    assert (Run.objects.get().state, Delivery.objects.count()) == ("failed", 0)


@on_postgresql
@pytest.mark.django_db
def test_a_web_whose_clock_is_ahead_goes_by_the_databases(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, true = clocks.DatabaseClock(), timezone.now
    monkeypatch.setattr(clocks, "CLOCK", clock)
    monkeypatch.setattr(timezone, "now", lambda: true() + timedelta(minutes=10))
    assert clocks.now() > true() + timedelta(minutes=9), "nobody has asked yet"
    off = clock.measure()
    assert abs((clocks.now() - true()).total_seconds()) < 5 and off < timedelta(minutes=-9)


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_only_a_transaction_of_its_own_waits_for_nobody() -> None:
    asked = "SELECT current_setting('synchronous_commit')"
    with bulk.unconfirmed():
        assert bulk.read(asked) == [("off",)]
    assert bulk.read(asked) == [("on",)]
    with transaction.atomic():
        with bulk.unconfirmed():
            assert bulk.read(asked) == [("on",)]
        assert bulk.read(asked) == [("on",)]
