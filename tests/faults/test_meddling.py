"""People change and stop what is under way: a run keeps the drawing it began with, and a cancelled one does no more."""

import pytest

from tests.faults.load import moment
from tests.faults.system import System, until

pytestmark = [pytest.mark.timeout(240), pytest.mark.xdist_group("faults-1")]
RUNS = """
SELECT CAST(r.id AS text), r.state, CAST(r.ended_at AS text), r.steps_done FROM runs_run r
JOIN workflows_workflow w ON w.id = r.workflow_id WHERE w.name IN ({})
"""
ASKED = """
SELECT COUNT(*) FROM runs_step s JOIN runs_run r ON r.id = s.run_id JOIN workflows_workflow w ON w.id = r.workflow_id
WHERE w.name = 'changed' AND s.node = 'ask' AND s.outcome = 'done'
"""
LAST = "SELECT outcome FROM runs_step WHERE run_id = '{}' ORDER BY seq DESC LIMIT 1"


def test_a_run_ends_by_the_drawing_that_it_began_with_whatever_becomes_of_its_workflow(system: System) -> None:
    system.start("web")
    system.start("worker")
    for number in range(6):
        system.fire(f"before-{number}", "changed")
    until(lambda: len(system.check.ask(RUNS.format("'changed'"))) == 6, 60, "all have begun")
    verbs = ("publish", "copy", "pause", "delete", "archive")
    said = system.manage("meddle", given="\n".join(f"{verb} changed" for verb in verbs))
    assert "runs" in said, "it may not be deleted"
    system.settled()
    assert [state for _, state, _, _ in system.check.ask(RUNS.format("'changed'"))] == ["completed"] * 6
    assert system.check.ask(ASKED)[0][0] == 6
    assert system.check.violations(system.fired) == []


def test_a_cancelled_run_does_nothing_more_but_what_was_in_flight(system: System) -> None:
    system.start("web")
    system.start("worker")
    mine = RUNS.format("'much later', 'moody once'")
    before = {row[0] for row in system.check.ask(mine)}
    for number in range(10):
        system.fire(f"{number}", "much later")
        system.fire(f"{number}-hang", "moody once")
    until(lambda: len(system.check.ask(mine)) == len(before) + 20, 60, "all have begun")
    runs = [row[0] for row in system.check.ask(mine) if row[0] not in before]
    confirmed = system.manage("meddle", given="\n".join(f"cancel {run}" for run in runs)).split()
    assert confirmed
    system.settled()
    ended = {row[0]: row for row in system.check.ask(mine)}
    for run in confirmed:
        _, state, at, _ = ended[run]
        calls = [
            row["at"] for row in system.record.rows() if row["key"].replace("-", "").startswith(run.replace("-", ""))
        ]
        assert state == "cancelled" and system.check.ask(LAST.format(run)) == [("cancelled",)]
        assert all(call < moment(at) for call in calls)
    assert system.check.violations(system.fired) == []
