"""One arrival starts each of five workflows once, wherever a worker or the web process dies on the way."""

import json
import signal
import time
from collections import Counter

import pytest
import requests

from tests.faults.system import System, until

pytestmark = [pytest.mark.xdist_group("faults-2"), pytest.mark.timeout(400)]
FIVE = """
from apps.workspaces.models import Workspace
from tests.support.senders import path_for, source, started_by
made = source(Workspace.objects.first(), "segment")
for _ in range(5):
    started_by(made)
print(path_for(made))
"""
STARTED = """
SELECT e.body, r.workflow_id FROM runs_run r JOIN events_event e ON e.id = r.event_id WHERE e.source_kind = 'segment'
"""
OPEN = "SELECT COUNT(*) FROM events_event WHERE state = 'received'"


def tell(system: System, path: str, number: int) -> bool:
    event = {"type": "track", "event": "Order Completed", "messageId": f"m-{number}", "userId": f"c-{number % 7}"}
    try:
        said = {"batch": [event, {**event, "messageId": f"n-{number}"}]}
        return requests.post(f"http://127.0.0.1:{system.port}{path}/v1/batch", json=said, timeout=20).status_code == 200
    except requests.RequestException:
        return False


def told_until_its_fate(system: System, path: str, first: int) -> int:
    """Tell until a process dies; the number of the next."""
    number = first
    while not system.fate():
        tell(system, path, number)
        number += 1
        time.sleep(0.5)
        assert number < first + 200
    return number


def started(system: System) -> Counter[tuple[str, int]]:
    rows = system.check.ask(STARTED)
    return Counter((json.loads(b)["messageId"] if isinstance(b, str) else b["messageId"], flow) for b, flow in rows)


def test_five_workflows_start_once_each_wherever_a_process_dies(system: System) -> None:
    path = system.manage("shell", "--no-imports", "-c", FIVE).strip()
    system.start("web")
    number = 0
    for place in ("fan.within", "route.within"):
        system.start("worker", KILL_AT=place)
        number = told_until_its_fate(system, path, number)
        assert system.fate() == place
        system.end("worker")
        system.start("worker")  # what dies again and again would be put aside
        until(lambda: system.check.ask(OPEN) == [(0,)], 100, "all that came in has begun")
        system.end("worker", signal.SIGTERM)
    system.end("web", signal.SIGTERM)
    for place in ("ingest.after",):
        system.start("web", KILL_AT=place)
        number = told_until_its_fate(system, path, number)
        system.end("web", 15)
    system.start("web")
    assert all(tell(system, path, again) for again in range(number))
    system.start("worker")
    until(lambda: system.check.ask(OPEN) == [(0,)], 100, "all that came in has begun")
    system.settled()
    found = started(system)
    flows = {flow for _, flow in found}
    assert len(flows) == 5
    assert found == Counter({(f"{mark}-{n}", flow): 1 for mark in "mn" for n in range(number) for flow in flows})
