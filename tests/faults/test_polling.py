"""Work that a dead worker held: it is freed once, by whoever comes, and what was waited for is done once."""

import threading
import time

import pytest

from tests.faults.system import DATABASE, System, until

pytestmark = [pytest.mark.timeout(240), pytest.mark.xdist_group("faults-4")]
LOST = "SELECT COUNT(*) FROM runs_step WHERE outcome = 'lost'"
WORKING = "SELECT COUNT(*) FROM runs_run WHERE state = 'working'"
GATHERED = """
SELECT COALESCE(SUM(d.count), 0), COUNT(*) FROM runs_digestwindow d JOIN workflows_workflow w ON w.id = d.workflow_id
WHERE w.name = 'gather'
"""


def abandoned(system: System) -> None:
    """A worker died while it held several runs."""
    system.start("worker", KILL_AT="call.after", PASSES="6")
    for number in range(12):
        system.fire(f"held-{number}", "once" if number % 2 else "later")
    until(system.fate, 60, "the worker dies")
    system.end("worker")
    assert system.check.ask(WORKING)[0][0] > 0


def test_a_sweep_that_dies_half_way_leaves_the_rest_to_the_next(system: System) -> None:
    """Also: a `once` call that a worker died in is not made again, and asks for a person."""
    system.start("web")
    abandoned(system)
    for place in ("reclaim.before", "reclaim.after"):
        system.start("worker", KILL_AT=place, PASSES="1")
        until(system.fate, 60, f"the worker dies at {place}")
        system.end("worker")
    system.start("worker")
    until(lambda: not system.check.ask(WORKING)[0][0], 60, "all is freed")
    again = "SELECT r.id FROM runs_run r JOIN workflows_workflow w ON w.id = r.workflow_id WHERE w.name = 'once'"
    ended = f"{again} AND r.state IN ('completed', 'reconciling', 'needs_attention')"
    until(lambda: len(system.check.ask(ended)) == len(system.check.ask(again)), 60, "each has a known state")
    assert system.check.violations({}) == []
    assert system.check.ask(LOST)[0][0] > 0


@pytest.mark.skipif(not DATABASE, reason="SQLite has one writer: paused within a commit it holds all others up")
def test_two_sweeps_of_which_one_is_paused_free_each_run_once(system: System) -> None:
    system.start("web")
    abandoned(system)
    system.start("worker", STOP_AT="reclaim.before", PASSES="1")
    until(system.fate, 60, "one sweep is paused")
    system.start("worker", again="second")
    until(lambda: not system.check.ask(WORKING)[0][0], 60, "the other frees all")
    system.running["worker"].send_signal(18)
    time.sleep(2)
    assert system.check.violations({}) == []


def test_a_worker_that_dies_when_it_has_taken_what_is_due_leaves_it_to_the_next(system: System) -> None:
    system.start("web")
    system.start("worker", KILL_AT="claim.after")
    system.fire_until_its_fate("claim.after", "later")
    system.end("worker")
    system.start("worker")
    system.settled(90)
    assert system.check.violations(system.fired) == []


def test_a_digest_of_fifty_writers_counts_each_once_though_its_worker_dies(system: System) -> None:
    system.start("web")
    before = system.check.ask(GATHERED)[0][0]
    system.start("worker", KILL_AT="claim.after", PASSES="1")
    senders = [threading.Thread(target=system.fire, args=(f"gather-{number}", "gather")) for number in range(50)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    system.fire_until_its_fate("claim.after", "gather")  # all fifty may lie in one window: the next closes, too
    system.end("worker")
    system.start("worker")
    system.settled(90)
    count, windows = system.check.ask(GATHERED)[0]
    acknowledged = [order for order in system.fired if order.startswith(f"{system.test}-")]
    assert count - before == len(acknowledged) >= 50
    assert windows < len(acknowledged)
    assert system.check.violations(system.fired) == []
