"""On several machines: paused hosts, failovers, servers that only read or do not confirm, and other keys."""

import os
import re
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.faults.checker import Checker
from tests.faults.load import SOON_S, Load, goes_on, loaded
from tests.faults.pooler import PGBOUNCER, Pooler
from tests.faults.postgres import PG_CTL, Postgres
from tests.faults.system import DATABASE, System, free_port, until

pytestmark = [
    pytest.mark.skipif(not DATABASE or not PG_CTL, reason="needs a PostgreSQL server, and pg_ctl for others"),
    pytest.mark.timeout(300),
    pytest.mark.xdist_group("faults-4"),
]
long = pytest.mark.skipif("FAULT_DEFECTS" not in os.environ, reason="long: make faults")
TERMINATE = """
SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
UNKNOWN = "SELECT COUNT(*) FROM channels_delivery WHERE state = 'unknown'"
NOT_ACCEPTED = "SELECT COUNT(*) FROM channels_attempt WHERE outcome <> 'accepted'"
OPEN_TIME = "idle_in_transaction_session_timeout"
NO_NETWORK = ("unshare", "--net")
ALONE = bool(DATABASE and shutil.which("unshare")) and subprocess.run([*NO_NETWORK, "true"]).returncode == 0


@pytest.fixture
def server() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.close()


@pytest.fixture
def apart(tmp_path: Path, server: Postgres) -> Iterator[System]:
    """A system on a server of its own."""
    system = System(tmp_path, free_port(), server.url())
    system.env["METRICS_TOKEN"] = "t"
    yield system
    system.close()


def asked(system: System, path: str, method: str = "GET") -> int:
    headers = {"Authorization": "Bearer t"}
    return requests.request(method, f"http://127.0.0.1:{system.port}{path}", headers=headers, timeout=20).status_code


def test_a_worker_that_wakes_to_dead_connections_works_again(system: System) -> None:
    """Paused for so long that its next beat is due, whether it was idle or had its hands full."""
    system.start("web")
    system.start("worker")
    for turn in ("idle", "busy") if "FAULT_DEFECTS" in os.environ else ("busy",):
        loaded(system, 2, turn)
        if turn == "idle":
            system.settled()
        system.running["worker"].send_signal(signal.SIGSTOP)
        system.check.ask(TERMINATE)
        time.sleep(11)
        system.running["worker"].send_signal(signal.SIGCONT)
        until(lambda: not system.check.open_work(), SOON_S + 15 * (turn == "busy"), "its leases end, and it goes on")
        goes_on(system, turn)
    assert system.check.violations(system.fired) == []


def test_a_server_that_is_read_only_for_a_while_is_away_and_no_message_is_unknown(
    apart: System, server: Postgres
) -> None:
    apart.start("web")
    apart.start("worker")
    load = Load(apart, "load")
    time.sleep(2)
    server.configure("default_transaction_read_only", "on")
    until(lambda: asked(apart, "/health/door") == 503, 3, "the door says so")
    time.sleep(6)  # a request waits for three seconds whether it comes back
    there = {path: asked(apart, path) for path in ("/health/live", "/health/ready", "/metrics", "/sign-in")}
    assert there["/health/live"] == 200 and there["/health/ready"] == 503 and 500 not in there.values()
    assert asked(apart, "/sign-in", "POST") == 503
    server.configure("default_transaction_read_only", "off")
    time.sleep(1)
    statuses = load.end()
    goes_on(apart, "after")
    assert set(statuses) == {202, 503}, statuses
    apart.settled()
    assert apart.check.violations(apart.fired) == [] and apart.check.ask(UNKNOWN) == [(0,)]


def test_a_worker_with_other_keys_takes_nothing_and_says_why(system: System) -> None:
    system.start("web")
    loaded(system, 1, "keys")
    for name in ("worker", "beat"):
        assert "give it those of the other hosts" in misfit(system, name, ENCRYPTION_KEYS="of another installation")
    system.start("worker")
    system.settled()
    assert system.check.violations(system.fired) == []


@long
@pytest.mark.skipif(not ALONE, reason="needs a network namespace: root on Linux")
def test_a_host_without_network_spoils_nothing_and_holds_nobody_back(apart: System, server: Postgres) -> None:
    """It reaches the database by a socket of the file system, and nothing else."""
    name = apart.env["DATABASE_URL"].rpartition("/")[2]
    apart.start("web")
    within = f"postgresql://postgres@/{name}?host={server.folder}&port={server.port}"
    apart.start("worker", again="cut", within=NO_NETWORK, DATABASE_URL=within, BROKER_URL="filesystem://")
    until(lambda: apart.check.ask("SELECT COUNT(*) FROM runs_worker") == [(1,)], 30, "it works")
    apart.start("worker")
    until(lambda: apart.check.ask("SELECT COUNT(*) FROM runs_worker") == [(2,)], 30, "both work")
    loaded(apart, 8, "cut")
    said = apart.check.ask("SELECT unreached FROM runs_worker WHERE unreached <> ''")
    apart.settled()
    assert apart.check.violations(apart.fired) == [] and len(said) == 1
    for nothing in (
        "SELECT COUNT(*) FROM runs_step WHERE outcome IN ('retry', 'failed', 'lost')",
        NOT_ACCEPTED,
        "SELECT COUNT(*) FROM channels_gate WHERE open_until IS NOT NULL",
    ):
        assert apart.check.ask(nothing) == [(0,)], nothing


SEALS = """
from apps.channels.models import Connection
for one in Connection.objects.filter(kind="http_gateway"):
    one.put({**one.settings, "token": "t0ken"})
    one.save()
"""


@long
def test_keys_change_on_running_hosts_and_every_message_goes_out(apart: System) -> None:
    """The order that the handbook gives: last on all, first on all, rotate, take the old one out."""
    old = apart.env["ENCRYPTION_KEYS"]
    apart.manage("shell", "-c", SEALS)
    apart.start("web")
    for number, keys in enumerate((old, f"{old},new", f"new,{old}", "new")):
        if keys == "new":
            assert "may be taken out" in apart.manage("rotate_keys")
        apart.env["ENCRYPTION_KEYS"] = keys
        for worker in ("worker", "second"):
            if worker in apart.running:
                apart.end(worker, signal.SIGTERM)
            apart.start("worker", again=worker)
            loaded(apart, 2, f"{number}-{worker}")
    apart.settled()
    assert apart.check.violations(apart.fired) == []
    assert apart.check.ask(NOT_ACCEPTED) == [(0,)]


@long
def test_a_worker_that_lacks_the_newest_key_gives_back_what_it_cannot_read(apart: System) -> None:
    """The wrong order: the new key is first on one host before the other has it."""
    apart.start("web")
    apart.start("worker", again="old")
    loaded(apart, 1, "before")
    apart.settled()
    apart.env["ENCRYPTION_KEYS"] = f"new,{apart.env['ENCRYPTION_KEYS']}"
    apart.manage("shell", "-c", SEALS)
    for number in range(10):
        apart.fire(f"unread-{number}")
    unread = "SELECT COUNT(*) FROM runs_worker WHERE unread <> ''"
    until(lambda: apart.check.ask(unread) == [(1,)], 20, "the old worker says that it lacks a key")
    apart.start("worker")
    apart.settled(90)
    assert apart.check.violations(apart.fired) == []
    assert apart.check.ask(NOT_ACCEPTED) == [(0,)]


@long
def test_a_settle_that_the_database_refuses_sends_nothing(system: System) -> None:
    """For a while it takes no messages: runs fail, and nothing is out that has no row."""
    system.start("web")
    system.start("worker")
    load = Load(system, "refused")
    system.check.ask_not("ALTER TABLE channels_delivery ADD CONSTRAINT none CHECK (false) NOT VALID")
    time.sleep(4)
    system.check.ask_not("ALTER TABLE channels_delivery DROP CONSTRAINT none")
    time.sleep(1)
    load.end()
    system.settled()
    failed = "SELECT COUNT(*) FROM runs_run WHERE error LIKE '%IntegrityError%'"
    assert system.check.ask(failed)[0][0] > 5
    system.check.ask_not("UPDATE runs_run SET error = 'cancelled by the test' WHERE error LIKE '%IntegrityError%'")
    assert system.check.violations(system.fired) == []


@long
def test_a_standby_that_does_not_confirm_shuts_the_door_and_nothing_else(apart: System, server: Postgres) -> None:
    apart.start("web")
    apart.start("worker")
    load = Load(apart, "load")
    time.sleep(2)
    server.configure("synchronous_standby_names", "ghost")
    begun = time.monotonic()
    until(lambda: asked(apart, "/health/door") == 503, 4, "the door says so")
    assert apart.status("waits") == 503 and time.monotonic() - begun < 12
    senders = [threading.Thread(target=apart.status, args=(f"many-{n}",)) for n in range(60)]
    for sender in senders:
        sender.start()
    for _ in range(5):
        begun = time.monotonic()
        assert asked(apart, "/health/live") == 200 and time.monotonic() - begun < 1
    metrics = requests.get(f"http://127.0.0.1:{apart.port}/metrics", headers={"Authorization": "Bearer t"}, timeout=10)
    assert re.search(r"fynoflow_commits_unconfirmed [1-9]", metrics.text), "the page says what waits"
    server.configure("synchronous_standby_names", "")
    for sender in senders:
        sender.join()
    load.end()
    goes_on(apart, "after")
    apart.settled()
    assert apart.check.violations(apart.fired) == []


@long
def test_a_primary_that_dies_hands_over_to_its_standby_and_is_left_alone_when_it_comes_back(
    apart: System, server: Postgres
) -> None:
    standby = Postgres(of=server)
    try:
        server.configure("synchronous_standby_names", "s1")
        both, name = f"127.0.0.1:{server.port},127.0.0.1:{standby.port}", apart.env["DATABASE_URL"].rpartition("/")[2]
        apart.env["DATABASE_URL"] = f"postgresql://postgres@{both}/{name}"
        apart.start("web")
        for again in ("worker", "second"):
            apart.start("worker", again=again)
        load = Load(apart, "load")
        time.sleep(4)
        server.stop()
        time.sleep(1)
        standby.promote()
        apart.check.close()
        apart.check = Checker(f"{standby.url().rpartition(chr(47))[0]}/{name}", apart.folder, apart.record)
        until(lambda: apart.status("again") == 202, SOON_S, "it takes events again")
        time.sleep(2)
        statuses = load.end()
        goes_on(apart, "after")
        assert set(statuses) <= {202, 503} and statuses[202] > 20, statuses
        server.start()  # the primary of yesterday comes back, and is the first of the URL
        apart.check.ask(TERMINATE)
        load = Load(apart, "old")
        time.sleep(4)
        assert asked(apart, "/health/door") == 503
        server.stop()
        assert set(load.end()) <= {202, 503}
        goes_on(apart, "gone")
        apart.settled(120)
        assert apart.check.violations(apart.fired) == []
    finally:
        apart.end_all()
        standby.close()


@long
@pytest.mark.skipif(not PGBOUNCER, reason="no pgbouncer: install it")
def test_behind_a_pooler_a_session_each_works_and_a_mix_does_not_start(apart: System, server: Postgres) -> None:
    name = apart.env["DATABASE_URL"].rpartition("/")[2]

    def through(pooler: Pooler) -> None:
        apart.env["DATABASE_URL"] = f"postgresql://postgres@127.0.0.1:{pooler.port}/{name}"

    with Pooler(server.port, "transaction") as pooler:
        through(pooler)
        said = misfit(apart)
        assert "prepared statements" in said or "ALTER ROLE" in said, "one from 1.21 on prepares for its clients"
    with Pooler(server.port, "session") as pooler:
        through(pooler)
        assert "ALTER ROLE postgres SET" in misfit(apart)
        for limit, value in {"statement_timeout": "5s", "lock_timeout": "2s", OPEN_TIME: "10s"}.items():
            apart.check.ask_not(f"ALTER ROLE postgres SET {limit} = '{value}'")
    with Pooler(server.port, "session") as pooler:  # its connections to the server are new
        through(pooler)
        apart.start("web")
        apart.start("worker")
        loaded(apart, 4, "pooled")
        apart.settled()
    assert len(apart.fired) > 20 and apart.check.violations(apart.fired) == []


def misfit(system: System, name: str = "worker", **env: str) -> str:
    """What a process says that does not start."""
    log = system.folder / f"{name}.log"
    log.unlink(missing_ok=True)
    system.start(name, again="misfit", **env)
    assert system.running.pop("misfit").wait(40) == 78
    return log.read_text()
