"""Fills a database (PostgreSQL) with runs made after the pattern of one that has ended: a long journal, parked runs."""

import json
import time

import psycopg

LOT = 100_000
NEW_ID = "gen_random_uuid()"
OLD_ID = "overlay(gen_random_uuid()::text PLACING '{}-{}' FROM 1 FOR 13)::uuid"  # its first 48 bits are a time
RUNS = """
WITH made AS (
  INSERT INTO events_event SELECT (jsonb_populate_record(e, jsonb_build_object('id', {id}) || %(age)s::jsonb)).*
  FROM events_event e, generate_series(1, %(lot)s) WHERE e.id = %(event)s RETURNING id
), runs AS (
  INSERT INTO runs_run SELECT (jsonb_populate_record(r,
    jsonb_build_object('id', {id}, 'event_id', made.id) || %(facts)s::jsonb {due})).*
  FROM runs_run r, (SELECT id, row_number() OVER () AS number FROM made) made WHERE r.id = %(run)s RETURNING id, due_at
)
"""
STEPS = """
INSERT INTO runs_step (run_id, seq, node, visit, attempt, outcome, outlet, input, output, why, http_status, started_at,
  ended_at)
SELECT runs.id, s.seq, s.node, s.visit, s.attempt, s.outcome, s.outlet, s.input, s.output, s.why, s.http_status,
  s.started_at, s.ended_at FROM runs_step s, runs WHERE s.run_id = %(run)s
"""
DUE = "INSERT INTO bench_due SELECT id, due_at FROM runs WHERE due_at < now() + INTERVAL '1 day'"


def fill(database: str, *, steps: int, parked: int, due: int, span_s: float, days_old: int = 0) -> None:
    """So many steps of runs that have ended, and so many runs that wait for 30 days, of which `due` come due within
    `span_s`. `days_old`: those that have ended did so long ago, with ids of then."""
    with psycopg.connect(database, autocommit=True) as link:
        pattern = "SELECT id, event_id, steps_done FROM runs_run WHERE state = 'completed' LIMIT 1"
        run, event, each = link.execute(pattern).fetchone()
        link.execute("CREATE TABLE IF NOT EXISTS bench_due (id uuid PRIMARY KEY, until timestamptz)")
        new_id, facts, age = _aged(days_old)
        for lot in _lots(steps // each):
            link.execute(RUNS.format(due="", id=new_id) + STEPS, {**_given(run, event, lot, facts), "age": age})
        for lot in _lots(parked - due):
            _park(link, run, event, lot, "jsonb_build_object('due_at', now() + INTERVAL '30 days')")
        gap = f"number * INTERVAL '{span_s / max(due, 1)} seconds'"
        for lot in _lots(due):
            _park(link, run, event, lot, f"jsonb_build_object('due_at', now() + INTERVAL '10 seconds' + {gap})")
        link.execute("VACUUM ANALYZE")


def lags_s(database: str) -> list[float]:
    """How late those that came due were, shortest first."""
    asked = """SELECT EXTRACT(EPOCH FROM r.ended_at - s.until)::float FROM runs_run r
               JOIN bench_due s ON s.id = r.id WHERE r.ended_at IS NOT NULL ORDER BY 1"""
    with psycopg.connect(database) as link:
        return [lag for (lag,) in link.execute(asked)]


def wait_until_due(database: str, seconds: float) -> None:
    with psycopg.connect(database, autocommit=True) as link:
        end = time.monotonic() + seconds
        open_now = "SELECT COUNT(*) FROM runs_run r JOIN bench_due s ON s.id = r.id WHERE r.ended_at IS NULL"
        while link.execute(open_now).fetchone()[0] and time.monotonic() < end:
            time.sleep(1)


def _park(link: psycopg.Connection, run: str, event: str, lot: int, due: str) -> None:
    facts = {"state": "ready", "node": "other", "ended_at": None, "steps_done": 0, "code": "", "attempt": 0}
    link.execute(RUNS.format(due=f"|| {due}", id=NEW_ID) + DUE, _given(run, event, lot, facts))


def _given(run: str, event: str, lot: int, facts: dict) -> dict:
    return {"run": run, "event": event, "lot": lot, "facts": json.dumps(facts), "age": "{}"}


def _aged(days: int) -> tuple[str, dict, str]:
    """How an id is made, and what of a run and of its event (JSON) is otherwise."""
    if not days:
        return NEW_ID, {}, "{}"
    then = time.time() - days * 86400
    bits, said = f"{int(then * 1000):012x}", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(then))
    facts = {"ended_at": said, "created_at": said}
    return OLD_ID.format(bits[:8], bits[8:]), facts, json.dumps({"received_at": said})


def _lots(count: int) -> list[int]:
    return [min(LOT, count - done) for done in range(0, max(count, 0), LOT)]
