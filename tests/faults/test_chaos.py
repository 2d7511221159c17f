"""Processes are killed at random while payments come in. FAULT_SEED repeats a run, FAULT_SECONDS makes it longer."""

import os
import random
import signal
import time

import pytest

from tests.faults.system import SECONDS, System

# An hour leaves the machine room for other work; seconds do not.
GAP_S, LIVES_S = (0.12, (4, 16)) if SECONDS >= 600 else (0.03, (1, 5))
pytestmark = [pytest.mark.smoke, pytest.mark.xdist_group("faults-3"), pytest.mark.timeout(SECONDS + 300)]


def test_nothing_is_lost_or_doubled_while_processes_die_at_random(system: System) -> None:
    seed = int(os.environ.get("FAULT_SEED", "0")) or random.randrange(1, 10**9)
    print(f"FAULT_SEED={seed}")
    chance = random.Random(seed)
    for name in ("web", "worker"):
        system.start(name)
    end, kill_at, number = time.monotonic() + SECONDS, time.monotonic() + 3, 0
    while time.monotonic() < end:
        system.fire(str(number))
        number += 1
        time.sleep(GAP_S)
        if time.monotonic() > kill_at:
            name = chance.choice(["worker", "worker", "web"])
            system.end(name, chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]))
            system.start(name)
            kill_at = time.monotonic() + chance.uniform(*LIVES_S)
    system.settled(120)
    assert len(system.fired) > number / 2
    assert system.check.violations(system.fired) == [], f"FAULT_SEED={seed}"
