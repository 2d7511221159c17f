"""The database goes away, crashes, or commits without an answer: nothing is lost and nothing doubled."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.load import loaded
from tests.faults.postgres import PG_CTL, Postgres
from tests.faults.system import DATABASE, SECONDS, System, free_port

pytestmark = [
    pytest.mark.skipif(not DATABASE, reason="SQLite lives within the processes"),
    pytest.mark.timeout(300 + SECONDS),
    pytest.mark.xdist_group("faults-5"),
]


def test_a_commit_whose_answer_is_cut_off_is_neither_lost_nor_done_twice(system: System) -> None:
    system.start("web")
    system.start("worker")
    system.database.cutting = 0.2
    end, turn = time.monotonic() + 60 + SECONDS, 0
    while system.database.cuts < SECONDS and time.monotonic() < end:
        loaded(system, 2, f"cut-{turn}")
        turn += 1
    system.database.cutting = 0.0
    assert system.database.cuts >= SECONDS
    system.settled(120)
    assert system.check.violations(system.fired) == []
    assert system.fire("after"), "the door takes events again"


def test_while_the_database_is_away_nothing_is_acknowledged_and_then_all_goes_on(system: System) -> None:
    system.start("web")
    system.start("worker")
    loaded(system, 2, "before")
    system.database.down()
    statuses = {system.status(f"away-{number}") for number in range(3)}
    assert statuses == {503}, "the sender hears that it must come again"
    system.database.back()
    begun = time.monotonic()
    while not system.fire("again"):
        assert time.monotonic() - begun < 10, "it takes events within ten seconds"
        time.sleep(0.2)
    loaded(system, 2, "after")
    system.settled(120)
    assert system.check.violations(system.fired) == []


@pytest.fixture
def crashing(tmp_path: Path) -> Iterator[tuple[System, Postgres]]:
    server = Postgres()
    system = System(tmp_path, free_port(), server.url())
    yield system, server
    system.close()
    server.close()


@pytest.mark.skipif(not PG_CTL, reason="no pg_ctl: install the PostgreSQL server")
def test_a_database_that_crashes_again_and_again_keeps_what_was_acknowledged(
    crashing: tuple[System, Postgres],
) -> None:
    system, server = crashing
    system.start("web")
    system.start("worker")
    crashes = max(SECONDS // 8, 2)
    load = threading.Thread(target=loaded, args=(system, 5.0 * crashes, "crash"))
    load.start()
    for _ in range(crashes):
        time.sleep(4)
        server.crash()
    load.join()
    system.check.again()
    system.settled(150)
    assert len(system.fired) > 20
    assert system.check.violations(system.fired) == []
