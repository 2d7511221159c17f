"""A worker that is paused past its lease, and one that is asked to stop."""

import signal
import time

import pytest

from tests.faults.load import PAUSE_S
from tests.faults.system import DATABASE, SECONDS, System

TURNS = max(SECONDS // 8, 3)
pytestmark = pytest.mark.timeout(240 + SECONDS)
UNKNOWN = "SELECT COUNT(*) FROM channels_delivery WHERE state = 'unknown'"
LOST = "SELECT COUNT(*) FROM runs_step WHERE outcome = 'lost'"


@pytest.mark.xdist_group("faults-3")
@pytest.mark.parametrize("place", ["call.after", "message.before"])
def test_a_worker_that_wakes_after_its_lease_doubles_nothing(system: System, place: str) -> None:
    system.start("web")
    system.start("worker", STOP_AT=place)
    system.fire_until_its_fate(place)
    if DATABASE:  # SQLite has one writer: paused within a commit it holds all others up
        system.start("worker", again="second")
    time.sleep(18)
    system.running["worker"].send_signal(signal.SIGCONT)
    system.settled(90)
    assert system.check.violations(system.fired) == []


@pytest.mark.xdist_group("faults-3")
def test_a_worker_that_is_asked_to_stop_ends_its_calls_first(system: System) -> None:
    """Restarts under load: no message is unknown, no call lost."""
    system.start("web")
    before = system.check.ask(UNKNOWN), system.check.ask(LOST)
    for turn in range(TURNS):
        system.start("worker")
        started = time.monotonic()
        number = 0
        while time.monotonic() - started < 4:
            assert system.fire(f"{turn}-{number}")
            number += 1
            time.sleep(PAUSE_S / 4)
        system.end("worker", signal.SIGTERM)
    system.start("worker")
    system.settled()
    assert system.check.violations(system.fired) == []
    assert (system.check.ask(UNKNOWN), system.check.ask(LOST)) == before
