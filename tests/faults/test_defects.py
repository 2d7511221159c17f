"""The suite sees each of eight seeded defects, and nothing where there is none. Long: `make faults` runs it."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.defects import DEFECTS
from tests.faults.load import loaded
from tests.faults.system import DATABASE, System, free_port, until

pytestmark = [
    pytest.mark.skipif("FAULT_DEFECTS" not in os.environ, reason="long: make faults"),
    pytest.mark.skipif(not DATABASE, reason="two workers at once need PostgreSQL"),
    pytest.mark.timeout(300),
]
Scene = Callable[[System, str], None]


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[System]:
    """A system of its own: what a defect leaves must not be found by another test."""
    running = System(tmp_path, free_port())
    yield running
    running.close()


def two_workers(system: System, defect: str) -> None:
    """So few hands that messages wait in the queue, where two workers meet."""
    for name in ("one", "two"):
        system.start("worker", again=name, DEFECT=defect, MESSAGE_HANDS="2")
    loaded(system, 4, "load", pause_s=0)


def late_settle(system: System, defect: str) -> None:
    """Two workers stop after the same call, one after the other, and go on in that order."""
    system.check.ask_not("ALTER TABLE runs_step DROP CONSTRAINT one_step_per_seq")  # it would hide the defect
    system.start("worker", again="one", DEFECT=defect, STOP_AT="call.after", PASSES="1")
    system.fire("late", "later")
    until(system.fate, 40, "the first stops")
    system.start("worker", again="two", DEFECT=defect, STOP_AT="call.after", PASSES="1")
    until(system.fate, 60, "the second took over and stops")
    for name in ("one", "two"):
        system.running[name].send_signal(signal.SIGCONT)
        time.sleep(2)


def killed_at(place: str) -> Scene:
    def scene(system: System, defect: str) -> None:
        system.start("worker", DEFECT=defect, KILL_AT=place)
        system.fire_until_its_fate(place)
        system.end("worker")
        system.start("worker", DEFECT=defect)

    return scene


def repeated(system: System, defect: str) -> None:
    system.end("web")
    system.start("web", DEFECT=defect)
    system.start("worker")
    for order in ("a", "a", "b", "b"):
        system.fire(order)


def killed_door(system: System, defect: str) -> None:
    """It dies with events that it acknowledged a moment before."""
    system.end("web")
    system.start("worker")
    system.start("web", DEFECT=defect, KILL_AT="ingest.before", PASSES="4")
    for number in range(6):
        system.fire(str(number))
    until(system.fate, 30, "the web process dies")


def without_hints(system: System, defect: str) -> None:
    system.end("web")
    system.start("web", HINTS="none")
    system.start("worker", DEFECT=defect, BROKER_URL="memory://")  # nor does it get those of another system
    time.sleep(5)
    assert system.fire("unhinted")


SCENES: dict[str, Scene] = {
    "no_conditional_update": two_workers,
    "no_fence": late_settle,
    "no_sweep": killed_at("call.after"),
    "resend": killed_at("message.after"),
    "no_dedupe": repeated,
    "split_settle": killed_at("settle.after"),
    "early_answer": killed_door,
    "hints_are_work": without_hints,
}


def seen(system: System, seconds: float) -> list[str]:
    """What the suite would say: rules that are broken, and work that does not end."""
    end = time.monotonic() + seconds
    while system.check.open_work() and time.monotonic() < end:
        time.sleep(0.5)
    return [*system.check.violations(system.fired), *map(str, system.check.open_work())]


def test_there_is_a_scene_for_each_defect() -> None:
    assert set(SCENES) == set(DEFECTS) and len(DEFECTS) == 8


@pytest.mark.parametrize("defect", DEFECTS)
@pytest.mark.parametrize("is_there", [True, False], ids=["there", "not_there"])
def test_a_defect_is_seen_where_it_is(fresh: System, defect: str, is_there: bool) -> None:
    fresh.start("web")
    SCENES[defect](fresh, defect if is_there else "")
    found = seen(fresh, 45)
    assert bool(found) == is_there, found[:5]
