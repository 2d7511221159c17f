"""Sources beside the webhook, in the same minutes: requests and events a second at the door, and a large cohort.

.venv/bin/python bench/sources.py --database postgresql://…bench [--requests 2000] [--members 100000]

Prints one line, added to bench/results/sources.jsonl: `webhook_per_s`; `segment_per_s`, batches of one; events a second
of batches of a hundred; and of the cohort: the longest answer of the door in milliseconds while its pages come, runs
started a second, and how much the worker grew in MB.
"""

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

import requests
from cpu import children
from load import Load
from payment import ROOT, empty, environment, manage, named, wait_ready
from stub import Record

RESULTS = ROOT / "bench" / "results" / "sources.jsonl"
PAGE, ROUNDS, SESSION = 1000, 3, "bench"
MAKE = """
import json
from apps.workspaces.models import Workspace
from tests.support.senders import path_for, source, started_by
workspace = Workspace.objects.first()
segment, mixpanel = source(workspace, "segment"), source(workspace, "mixpanel")
started_by(mixpanel, on="entered")
print(json.dumps({"segment": path_for(segment, "/v1/batch"), "mixpanel": path_for(mixpanel)}))
"""
DROP = "from apps.events.models import Event; Event.objects.filter(state='received').update(state='dropped')"
BEGUN = "from apps.runs.models import Run; print(Run.objects.count())"


class Batches(Load):
    """Batches of Segment events, each with ids of its own."""

    taken = 200

    def __init__(self, url: str, size: int) -> None:
        super().__init__(url, Record())
        self.size = size

    def _order(self, number: int) -> bytes:
        mark = f"{number}-{self.size}"
        facts = {"type": "track", "event": "Order Completed", "properties": {"amount": 5, "order_id": f"B-{number}"}}
        batch = [{**facts, "messageId": f"{mark}-{n}", "userId": f"u-{number % 1000}"} for n in range(self.size)]
        return json.dumps({"batch": batch}).encode()


def main() -> None:
    given = arguments()
    with tempfile.TemporaryDirectory() as folder:
        env = environment(given, folder)
        empty(given.database)
        manage(env, "migrate", "--verbosity", "0")
        webhook = json.loads(manage(env, "load_example", "--json"))["webhook_live"]
        paths = json.loads(manage(env, "shell", "--no-imports", "-c", MAKE))
        base = f"http://127.0.0.1:{given.port}"
        found = door_alone(given, env, webhook, base + paths["segment"], folder)
        manage(env, "shell", "--no-imports", "-c", DROP)
        found |= cohort(given, env, base + paths["mixpanel"], folder)
    line = json.dumps({**named(given), **found, "workload": "sources"})
    with RESULTS.open("a") as file:
        file.write(line + "\n")
    print(line)


def door_alone(given: Namespace, env: dict[str, str], webhook: str, segment: str, folder: str) -> dict[str, Any]:
    """No worker runs: the three in turn, the median of the rounds."""
    from fynoflow.run import processes

    command = processes()["web"].replace("${PORT:-8000}", str(given.port)).split()
    path = f"{Path(sys.executable).parent}:{env['PATH']}"
    with (Path(folder) / "web.log").open("w") as log:
        web = subprocess.Popen(command, cwd=ROOT, env={**env, "PATH": path}, stdout=log, stderr=log)
        try:
            wait_ready(given.port, "live")
            return asyncio.run(in_turn(given, webhook, segment))
        finally:
            web.send_signal(signal.SIGTERM)
            web.wait(30)


async def in_turn(given: Namespace, webhook: str, segment: str) -> dict[str, Any]:
    loads = {"webhook": Load(webhook, Record()), "segment": Batches(segment, 1), "hundred": Batches(segment, 100)}
    counts = {"webhook": given.requests, "segment": given.requests, "hundred": given.requests // 10}
    rates: dict[str, list[float]] = {name: [] for name in loads}
    for round_number in range(ROUNDS + 1):
        for name, load in loads.items():
            began = time.monotonic()
            await load.knocks(counts[name], given.in_flight)
            if round_number:  # the first warms up
                rates[name].append(counts[name] / (time.monotonic() - began))
    middle = {name: sorted(found)[ROUNDS // 2] for name, found in rates.items()}
    events = 100 * middle["hundred"]
    return {
        "webhook_per_s": round(middle["webhook"], 1),
        "segment_per_s": round(middle["segment"], 1),
        "of_hundred_events_per_s": round(events, 1),
        "segment_of_webhook": round(middle["segment"] / middle["webhook"], 2),
        "events_of_webhook": round(events / middle["webhook"], 2),
    }


def cohort(given: Namespace, env: dict[str, str], url: str, folder: str) -> dict[str, Any]:
    """A cohort of this many into a drawing that only stops; all that was told before is taken up first."""
    log = (Path(folder) / "system.log").open("w")
    system = subprocess.Popen([sys.executable, "-m", "fynoflow.run"], cwd=ROOT, env=env, stdout=log, stderr=log)
    try:
        wait_ready(given.port)
        told(url, ["first"], 1, 1, "warm")
        until_begun(env, 1)
        before, began = worker_mb(system.pid), time.monotonic()
        pages = (given.members + PAGE - 1) // PAGE
        waits = []
        for page in range(1, pages + 1):
            names = [f"m-{n}" for n in range((page - 1) * PAGE, min(page * PAGE, given.members))]
            asked = time.monotonic()
            told(url, names, page, pages, SESSION)
            waits.append(1000 * (time.monotonic() - asked))
        peak = until_begun(env, given.members + 1, system.pid)
        return {
            "members": given.members,
            "longest_answer_ms": round(max(waits)),
            "runs_started_per_s": round(given.members / (time.monotonic() - began), 1),
            "worker_grew_mb": max(peak, worker_mb(system.pid)) - before,
        }
    finally:
        system.send_signal(signal.SIGINT)
        system.wait(60)


def told(url: str, names: list[str], page: int, pages: int, session: str) -> None:
    members = [{"mixpanel_distinct_id": name, "email": f"{name}@example.com"} for name in names]
    facts = {"mixpanel_cohort_id": session, "mixpanel_cohort_name": session, "mixpanel_session_id": session}
    facts |= {"page_info": {"total_pages": pages, "page_count": page}, "members": members}
    requests.post(url, json={"action": "members", "parameters": facts}, timeout=60).raise_for_status()


def until_begun(env: dict[str, str], count: int, supervisor: int = 0) -> int:
    """Wait for so many runs; the most memory that the worker had meanwhile, in MB."""
    peak, until = 0, time.monotonic() + 900
    while time.monotonic() < until:
        peak = max(peak, worker_mb(supervisor) if supervisor else 0)
        if int(manage(env, "shell", "--no-imports", "-c", BEGUN)) >= count:
            return peak
        time.sleep(1)
    raise SystemExit("the runs did not begin within fifteen minutes")


def worker_mb(supervisor: int) -> int:
    """Resident memory of the largest worker."""
    sizes = []
    for pid in children(supervisor):
        if b"worker" in Path(f"/proc/{pid}/cmdline").read_bytes():
            sizes.append(int(Path(f"/proc/{pid}/statm").read_text().split()[1]))
    return max(sizes, default=0) * os.sysconf("SC_PAGE_SIZE") // 2**20


def arguments() -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--in-flight", type=int, default=32)
    parser.add_argument("--database", required=True)
    parser.add_argument("--broker", default="redis://127.0.0.1:6379/5")
    parser.add_argument("--port", type=int, default=18300)
    parser.add_argument("--note", default="")
    return parser.parse_args()


if __name__ == "__main__":
    main()
