"""What ended three workers within its own try is put aside, and everything else goes on."""

import time

import pytest

from tests.faults.system import System

pytestmark = [pytest.mark.timeout(240), pytest.mark.xdist_group("faults-3")]
CRASHES = 4  # the first may end a worker that had others in hand, too: it is nobody's


def deaths_until(system: System, aside: str) -> int:
    """Workers are started again whenever one died, as a supervisor does, until the query finds what was put aside."""
    died, end = 0, time.monotonic() + 120
    system.start("worker")
    while not system.check.ask(aside):
        assert time.monotonic() < end, "it is put aside in time"
        if system.running["worker"].poll() is not None:
            died += 1
            system.end("worker")
            system.start("worker")
        time.sleep(0.2)
    return died


def test_an_event_that_ends_its_worker_becomes_a_dead_letter_and_the_others_are_taken(system: System) -> None:
    system.start("web")
    for number in range(6):
        system.fire(f"before-{number}", "payments" if number % 2 else "poison")
    system.fire("poison", "poison")
    for number in range(6):
        system.fire(f"after-{number}", "payments" if number % 2 else "poison")
    poisoned = system.fired.pop(f"{system.test}-poison")
    assert 0 < deaths_until(system, "SELECT 1 FROM events_event WHERE state = 'failed'") <= CRASHES
    system.settled()
    dead = system.check.ask("SELECT CAST(id AS text), reason FROM events_event WHERE state = 'failed'")
    assert [(pk.replace("-", ""), why) for pk, why in dead] == [
        (poisoned.replace("-", ""), "the worker stopped each time when it took the event in")
    ]
    assert system.check.violations(system.fired) == []
    system.check.ask_not("UPDATE events_event SET state = 'ignored' WHERE state = 'failed'")


def test_a_run_that_ends_its_worker_is_ended_and_the_others_go_on(system: System) -> None:
    system.start("web")
    for number in range(5):
        system.fire(f"beside-{number}", "poison later")
    system.fire("poison", "poison later")
    ended = "SELECT 1 FROM runs_run WHERE state = 'failed' AND error LIKE 'the worker stopped when it took up the run%'"
    assert 0 < deaths_until(system, ended) <= CRASHES
    system.settled()
    assert system.check.violations(system.fired) == []
    assert system.running["worker"].poll() is None, "the worker lives"
