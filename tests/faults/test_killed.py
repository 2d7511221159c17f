"""A process that dies at any named place loses nothing and doubles nothing."""

import signal
import time

import pytest

from tests.faults.system import System, until

WORKER_DIES_AT = (
    "route.within",
    "route.after",
    "settle.within",
    "settle.before",
    "settle.after",
    "call.before",
    "call.after",
    "message.before",
    "message.after",
)
RECEIVED = "SELECT COUNT(*) FROM events_event WHERE state = 'received'"
RUNS = "SELECT COUNT(*) FROM runs_run"
WEB_DIES_AT = ("ingest.before", "ingest.after", "hint.before")
pytestmark = [pytest.mark.xdist_group("faults-1"), pytest.mark.timeout(240)]


def test_a_worker_killed_at_any_place_loses_nothing_and_doubles_nothing(system: System) -> None:
    system.start("web")
    for number, place in enumerate(WORKER_DIES_AT):
        system.start("worker", KILL_AT=place)
        system.fire_until_its_fate(place)
        system.end("worker")
        if number % 2:  # what is in hand at three deaths in a row is put aside, as `test_poison` wants it
            system.start("worker")
            until(lambda: system.check.ask(RECEIVED) == [(0,)], 60, "all that came in has begun")
            system.end("worker", signal.SIGTERM)
    system.start("worker")
    system.settled()
    assert system.check.violations(system.fired) == []
    unknown = system.check.ask("SELECT COUNT(*) FROM channels_delivery WHERE state = 'unknown'")
    assert unknown[0][0] >= 1, "nobody knows of a message whose worker died during its call"


def test_a_web_process_killed_at_any_place_loses_nothing_that_it_acknowledged(system: System) -> None:
    system.start("worker")
    before = system.check.ask(RUNS)[0][0]
    for place in WEB_DIES_AT:
        system.start("web", KILL_AT=place)
        for number in range(4):
            system.fire(f"{place}-{number}")
            time.sleep(1.1 if place == "hint.before" else 0)
        until(system.fate, 10, f"the web process dies at {place}")
        assert system.fate() == place
        system.end("web", 15)
    system.start("web")
    orders = [f"{place}-{number}" for place in WEB_DIES_AT for number in range(4)]
    assert all(system.fire(order) for order in orders), "a repeat is answered as the first"
    system.settled()
    assert system.check.violations(system.fired) == []
    assert system.check.ask(RUNS)[0][0] == before + len(orders)
