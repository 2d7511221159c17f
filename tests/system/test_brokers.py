"""The whole system as processes: on SQLite with files as broker, or without one; on PostgreSQL with TEST_BROKER_URLS."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.support import migrated
from tests.support.system import BODY, DATABASE, ROOT, manage

BROKERS = [u for u in os.environ.get("TEST_BROKER_URLS", "").split(",") if u] if DATABASE else ["filesystem://"]
FIRST_PORT = 18070
PATIENCE_S = 80  # other tests share the machine
BODY |= {"email": "a@example.com", "phone": "+91"}


# One process that looks again and again: each start of one costs seconds.
LOOKS = """
import time
from apps.runs.upkeep.run_history import describe_run
for _ in range({tries}):
    told = describe_run({request_id!r})
    if told and told.deliveries and all(one.status == "sent" for one in told.deliveries):
        print(told.model_dump_json())
        break
    time.sleep(0.5)
"""


def story_told(env: dict[str, str], url: str) -> dict:
    request_id = taken(url)
    told = manage(env, "shell", "-v", "0", "-c", LOOKS.format(request_id=request_id, tries=2 * PATIENCE_S))
    assert told, f"the story was not told in {PATIENCE_S} s"
    return json.loads(told)


def taken(url: str) -> str:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with contextlib.suppress(requests.RequestException):
            return requests.post(url, json=BODY, timeout=2).json()["request_id"]
        time.sleep(0.5)
    raise AssertionError(f"nobody took the request in {PATIENCE_S} s")


def said_door(log: Path) -> str:
    """The URL that a newcomer copies from what the start says."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if "web started" in log.read_text() and (said := re.search(r"curl -X POST (\S+)", log.read_text())):
            return said[1]
        time.sleep(0.2)
    raise AssertionError(log.read_text())


@contextmanager
def system(folder: Path, port: int, broker: str) -> Iterator[tuple[dict[str, str], str]]:
    """The whole system on a database of its own: its environment and the URL of the example's door."""
    env = {**os.environ, "DATA_DIR": str(folder), "PORT": str(port), "BROKER_URL": broker}
    for name in ("DJANGO_SETTINGS_MODULE", "OUTBOUND_ALLOW", "ALLOWED_HOSTS"):
        env.pop(name, None)
    if DATABASE:
        env["DATABASE_URL"] = migrated.postgresql(DATABASE.rpartition("/")[0], f"fynoflow_system_{port}")
    elif port != FIRST_PORT:  # the first one begins with nothing, as `make run` does on a new machine
        migrated.sqlite(folder)
    log = (folder / "log").open("w")
    running = subprocess.Popen([sys.executable, "-m", "fynoflow.run"], cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        yield env, said_door(folder / "log")
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(30)
        log.close()


@pytest.mark.smoke
@pytest.mark.xdist_group("brokers")
@pytest.mark.parametrize("broker", BROKERS, ids=lambda u: u.partition(":")[0])
def test_the_whole_system_tells_the_story(tmp_path: Path, broker: str) -> None:
    with system(tmp_path, FIRST_PORT + 2 * BROKERS.index(broker), broker) as (env, url):
        assert story_told(env, url)["status"] == "completed"
    assert "not published" not in (tmp_path / "log").read_text()


@pytest.mark.smoke
@pytest.mark.xdist_group("brokers")
@pytest.mark.skipif(bool(DATABASE), reason="tried on SQLite")
def test_whichever_part_is_killed_the_story_goes_on(tmp_path: Path) -> None:
    with system(tmp_path, FIRST_PORT + 30, BROKERS[0]) as (env, url):
        assert story_told(env, url)
        for part in ("web", "worker", "beat"):
            os.kill(int(re.findall(rf"{part} started \((\d+)\)", (tmp_path / "log").read_text())[-1]), signal.SIGKILL)
            assert story_told(env, url)["status"] == "completed"
    said = (tmp_path / "log").read_text()
    assert [said.count(f"{part} ended with -9") for part in ("web", "worker", "beat")] == [1, 1, 1]


@pytest.mark.smoke
@pytest.mark.xdist_group("silence")
@pytest.mark.skipif(bool(DATABASE), reason="tried on SQLite")
@pytest.mark.parametrize("listens", [False, True], ids=["refused", "silent"])
def test_without_a_broker_that_answers_requests_are_taken_at_once_and_the_sweep_does_the_work(
    tmp_path: Path, listens: bool
) -> None:
    with socket.socket() as broker:
        broker.bind(("127.0.0.1", 0))
        if listens:
            broker.listen()
        where = f"redis://127.0.0.1:{broker.getsockname()[1]}/0"
        with system(tmp_path, FIRST_PORT + 20 + 2 * listens, where) as (env, url):
            assert story_told(env, url)["status"] == "completed"
            answers = [requests.post(url, json=BODY, timeout=5) for _ in range(20)]
    assert {answer.status_code for answer in answers} == {202}
    assert max(answer.elapsed.total_seconds() for answer in answers) < 0.5
