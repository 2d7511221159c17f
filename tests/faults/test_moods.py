"""Whatever an API does, its caller's run ends in time, by the outlet that the table of outcomes names, and alone."""

import re
from datetime import datetime

import pytest

from tests.faults.drawings import CALL_S
from tests.faults.system import System

pytestmark = [pytest.mark.timeout(240), pytest.mark.xdist_group("faults-1")]
LATE_S = 5.0  # other tests share the machine; without them it is under one
ONCE = {
    "200": "success",
    "400": "failure",
    "429": "failure",
    "500": "unknown",
    "502": "unknown",
    "503": "failure",
    "504": "unknown",
    "cut": "success",
    "drip": "success",
    "hang": "unknown",
    "huge": "success",
    "redirect": "failure",
    "reset": "unknown",
}
SAFE = {**dict.fromkeys(ONCE, "failure"), "200": "success", "huge": "success"}
TRIES = {"once": {"429": 2, "503": 2}, "safe": dict.fromkeys(set(SAFE) - {"200", "400", "huge", "redirect"}, 2)}
ENDED = """
SELECT r.code, e.body FROM runs_run r JOIN events_event e ON e.id = r.event_id
JOIN workflows_workflow w ON w.id = r.workflow_id WHERE w.name = 'moody {}'
"""
LASTED = """
SELECT s.node, s.started_at, s.ended_at FROM runs_step s JOIN runs_run r ON r.id = s.run_id
JOIN workflows_workflow w ON w.id = r.workflow_id WHERE w.name LIKE 'moody %' AND s.node = 'ask' AND s.outcome <> 'unknown'
"""


def seconds(began: object, ended: object) -> float:
    return (datetime.fromisoformat(str(ended)) - datetime.fromisoformat(str(began))).total_seconds()


def test_whatever_an_api_does_the_run_ends_in_time_and_by_the_right_outlet(system: System) -> None:
    system.start("web")
    system.start("worker")
    for mood in ONCE:
        system.fire(f"once-{mood}", "moody once")
        system.fire(f"safe-{mood}", "moody safe")
        system.fire(f"beside-{mood}")
    system.settled(90)
    assert system.check.violations(system.fired) == []
    for policy, table in (("once", ONCE), ("safe", SAFE)):
        mine = f"{system.test}-{policy}-"
        ended = [(str(body), code) for code, body in system.check.ask(ENDED.format(policy)) if mine in str(body)]
        found = {re.split("['\"]", body.partition(mine)[2])[0]: code for body, code in ended}
        assert found == table, policy
        seen = [row["path"] for row in system.record.rows()]
        calls = {mood: seen.count(f"/mood/{mine}{mood}") for mood in table}
        assert calls == {mood: TRIES[policy].get(mood, 1) for mood in table}, policy
    lasted = [seconds(began, ended) for _, began, ended in system.check.ask(LASTED)]
    print(f"the longest call took {max(lasted):.2f} s, of {CALL_S}")
    assert max(lasted) < CALL_S + LATE_S
