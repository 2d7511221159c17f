"""Brokers carry hints only: whatever becomes of them, work is late by seconds and never lost."""

import os
import time

import pytest

from tests.faults.load import loaded
from tests.faults.proxy import Proxy
from tests.faults.system import DATABASE, System

BROKERS = [url for url in os.environ.get("TEST_BROKER_URLS", "").split(",") if url]
LATE = """
SELECT MAX(EXTRACT(EPOCH FROM s.first - e.received_at)) FROM events_event e JOIN runs_run r ON r.event_id = e.id
JOIN (SELECT run_id, MIN(started_at) AS first FROM runs_step WHERE http_status IS NOT NULL GROUP BY run_id) s
ON s.run_id = r.id WHERE e.received_at > NOW() - INTERVAL '{seconds:.0f} seconds'
"""
pytestmark = [
    pytest.mark.skipif(not BROKERS or not DATABASE, reason="TEST_BROKER_URLS and DATABASE_URL name none"),
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("faults-5"),
]


@pytest.mark.parametrize("url", BROKERS, ids=lambda url: url.partition(":")[0])
def test_a_broker_that_comes_and_goes_makes_nothing_late_by_more_than_seconds(system: System, url: str) -> None:
    broker = Proxy(url, 5672)
    system.start("web", BROKER_URL=broker.url())
    system.start("worker", BROKER_URL=broker.url())
    assert system.fire("first")
    system.settled()
    begun = time.monotonic()
    for turn in range(3):
        loaded(system, 1, f"up-{turn}")
        broker.down()
        answered = time.monotonic()
        assert system.fire(f"down-{turn}"), "what comes in is taken without a broker"
        assert time.monotonic() - answered < 2
        loaded(system, 1, f"down-{turn}-many")
        broker.back()
    system.settled()
    broker.close()
    assert system.check.violations(system.fired) == []
    late = system.check.ask(LATE.format(seconds=time.monotonic() - begun))[0][0]
    print(f"the latest first call began {late:.1f} s after its event")
    assert late < 20, "nobody waits for a hint that was lost; other tests share the machine"


@pytest.mark.parametrize("hints", ["none", "thrice"])
def test_hints_that_are_lost_or_tripled_change_nothing(system: System, hints: str) -> None:
    system.start("web", HINTS=hints)
    system.start("worker", HINTS=hints)
    loaded(system, 2, hints)
    system.settled()
    assert system.check.violations(system.fired) == []
