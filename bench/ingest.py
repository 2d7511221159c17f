"""Webhooks to the door alone, no worker: how many are acknowledged a second, each after its commit.

.venv/bin/python bench/ingest.py [--database postgresql://…bench] [--requests 4000] [--in-flight 32]

Three rounds; the line of the median one is added to bench/results/ingest.jsonl.
"""

import asyncio
import json
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from cpu import Meter, between
from load import Load
from payment import ROOT, ROUNDS, empty, environment, manage, named, wait_ready
from stub import Record

RESULTS = ROOT / "bench" / "results" / "ingest.jsonl"
sys.path.insert(0, str(ROOT))


def main() -> None:
    given = arguments()
    with tempfile.TemporaryDirectory() as folder:
        env = environment(given, folder)
        if given.database:
            empty(given.database)
        manage(env, "migrate", "--verbosity", "0")
        url = json.loads(manage(env, "load_example", "--json"))["webhook_live"]
        env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
        with (Path(folder) / "web.log").open("w") as log:
            web = subprocess.Popen(command(given.port), cwd=ROOT, env=env, stdout=log, stderr=log)
            try:
                wait_ready(given.port, "live")
                found = asyncio.run(measured(given, url, Meter(web.pid, given.database, "")))
            finally:
                web.send_signal(signal.SIGTERM)
                web.wait(30)
    line = json.dumps({**named(given), **found, "workload": "ingest"})
    with RESULTS.open("a") as file:
        file.write(line + "\n")
    print(line)


def arguments() -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--in-flight", type=int, default=32)
    parser.add_argument("--database", default="")
    parser.add_argument("--broker", default="redis://127.0.0.1:6379/5")
    parser.add_argument("--port", type=int, default=18300)
    parser.add_argument("--note", default="")
    return parser.parse_args()


def command(port: int) -> list[str]:
    from fynoflow.run import processes

    return shlex.split(processes()["web"].replace("${PORT:-8000}", str(port)))


async def measured(given: Namespace, url: str, meter: Meter) -> dict[str, Any]:
    load = Load(url, Record())
    await load.knocks(given.in_flight * 10, given.in_flight)
    rounds = [await one_round(given, load, meter) for _ in range(ROUNDS)]
    return sorted(rounds, key=lambda r: r["requests_per_s"])[ROUNDS // 2]


async def one_round(given: Namespace, load: Load, meter: Meter) -> dict[str, Any]:
    before, began = meter.now(), time.monotonic()
    waited = sorted(1000 * (t.acked - t.sent) for t in await load.knocks(given.requests, given.in_flight))
    span, spent = time.monotonic() - began, between(before, meter.now())
    parts = {part: round(spent[part] * 1000 / given.requests, 2) for part in ("web", "postgres") if part in spent}
    rate = round(given.requests / span, 1)
    return {"requests_per_s": rate, "p95_ms": round(waited[int(len(waited) * 0.95)]), "ms_by_part": parts}


if __name__ == "__main__":
    main()
