"""Reads what the processes left, in SQL, and what the outside saw; knows nothing of Fynoflow's own code."""

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.stub import Record

OPEN = """
SELECT 'event', CAST(id AS text), state FROM events_event WHERE state = 'received'
UNION ALL SELECT 'run', CAST(id AS text), state FROM runs_run WHERE state IN ('ready', 'working', 'waiting', 'reconciling')
UNION ALL SELECT 'delivery', CAST(id AS text), state FROM channels_delivery WHERE state IN ('ready', 'working')
"""
CURSORS = """
SELECT id, state FROM runs_run WHERE (state = 'working') <> (token IS NOT NULL AND lease_until IS NOT NULL)
   OR (ended_at IS NOT NULL) <> (state IN ('completed', 'failed', 'cancelled'))
   OR (ended_at IS NOT NULL AND (due_at IS NOT NULL OR token IS NOT NULL))
   OR (state = 'waiting' AND due_at IS NULL)
"""
GAPS = """
SELECT r.id, r.steps_done, COUNT(s.id), COALESCE(MAX(s.seq), 0) FROM runs_run r LEFT JOIN runs_step s ON s.run_id = r.id
GROUP BY r.id, r.steps_done HAVING COUNT(s.id) <> r.steps_done OR COALESCE(MAX(s.seq), 0) <> r.steps_done
"""
FAILED = """
SELECT id, error FROM runs_run WHERE state IN ('failed', 'cancelled') AND error NOT LIKE '%3 times' AND error NOT LIKE 'cancelled by %'
"""
FOREIGN = """
SELECT 'run', r.id FROM runs_run r JOIN events_event e ON e.id = r.event_id WHERE e.workspace_id <> r.workspace_id
UNION ALL SELECT 'delivery', d.id FROM channels_delivery d JOIN runs_run r ON r.id = d.run_id
WHERE d.workspace_id <> r.workspace_id
"""


class Checker:
    """The invariants of the machine over one database and one record of the outside."""

    def __init__(self, database: str, file: Path, record: Record) -> None:
        self.record, self.database, self.file = record, database, file
        self.link: Any = None
        self.again()

    def again(self) -> None:
        """Connect, also after the database was away."""
        if self.link is not None:
            self.link.close()
        if self.database:
            self.link = psycopg.connect(self.database, autocommit=True)
        else:
            self.link = sqlite3.connect(self.file, timeout=30, isolation_level=None, check_same_thread=False)

    def close(self) -> None:
        self.link.close()

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        return list(self.link.execute(sql).fetchall())

    def ask_not(self, sql: str) -> None:
        """Change something that a test needs otherwise."""
        self.link.execute(sql)

    def open_work(self) -> list[tuple[Any, ...]]:
        return self.ask(OPEN)

    def violations(self, acknowledged: dict[str, str]) -> list[str]:
        """Everything that must not be, in words; empty when all holds."""
        found = [*self._runs(acknowledged), *self._effects()]
        found += [f"I3 the cursor of run {row} is impossible" for row in self.ask(CURSORS)]
        found += [f"I9 run {row} failed and nothing was wrong outside" for row in self.ask(FAILED)]
        found += self._repeated()
        found += [f"I7 the journal of run {row} has a gap" for row in self.ask(GAPS)]
        return found + [f"I10 {row} points into another workspace" for row in self.ask(FOREIGN)]

    def _runs(self, acknowledged: dict[str, str]) -> list[str]:
        states = {self._key(pk): state for pk, state in self.ask("SELECT id, state FROM events_event")}
        runs = Counter(self._key(event) for (event,) in self.ask("SELECT event_id FROM runs_run"))
        found = [f"I2 event {event} has {n} runs" for event, n in runs.items() if n > 1]
        for order, request in acknowledged.items():
            state = states.get(request.replace("-", ""))
            if state != "routed":
                found.append(f"I1 {order} was acknowledged and its event is {state}")
            elif runs[request.replace("-", "")] != 1:
                found.append(f"I2 {order} has {runs[request.replace('-', '')]} runs")
        return found

    def _repeated(self) -> list[str]:
        """Each order was sent with a key of its own, so it is one event however often it was sent."""
        bodies = [body for (body,) in self.ask("SELECT body FROM events_event WHERE kind = 'trigger.fired'")]
        orders = Counter((body if isinstance(body, dict) else json.loads(body)).get("order_id") for body in bodies)
        return [f"I1 {order} became {n} events" for order, n in orders.items() if n > 1]

    def _effects(self) -> list[str]:
        """What the outside saw of each effect, against what the journal says."""
        seen = Counter(row["key"] for row in self.record.rows())
        tries: Counter[str] = Counter()
        done = set()
        calls = "SELECT run_id, node, visit, outcome, http_status FROM runs_step WHERE outcome IN ('done', 'failed', 'lost', 'retry')"
        for run, node, visit, outcome, status in self.ask(calls):
            key = f"{self._dashed(run)}-{node}-{visit}"
            tries[key] += 1
            if outcome == "done" and status is not None:
                done.add(key)
        found = [f"I5 {key} was called {seen[key]} times in {n} attempts" for key, n in tries.items() if seen[key] > n]
        found += [f"I6 {key} is done and was never called" for key in done if not seen[key]]
        messages = self.ask("SELECT effect_key, state FROM channels_delivery")
        said = {row["key"] for row in self.record.rows() if row["path"].startswith("/send")}
        found += [f"I6 the message {key} was sent and has no row" for key in said - {key for key, _ in messages}]
        for key, state in messages:
            if seen[key] > 1:
                found.append(f"I4 the message {key} was sent {seen[key]} times")
            if state == "sent" and not seen[key]:
                found.append(f"I6 the message {key} counts as sent and never was")
            if state not in ("sent", "unknown"):
                found.append(f"I1 the message {key} is {state}")
        return found

    def _key(self, found: Any) -> str:
        return str(found).replace("-", "")

    def _dashed(self, found: Any) -> str:
        text = self._key(found)
        return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))
