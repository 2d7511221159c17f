"""The nightly deletion on the database that bench/payment.py left: how long its transactions take, and how many rows go.

.venv/bin/python bench/purge.py --database postgresql://…bench [--steps 1000000]

The line is added to bench/results/purge.jsonl.
"""

import json
import tempfile
from argparse import ArgumentParser, Namespace

from fill import fill
from payment import ROOT, environment, manage, named

RESULTS = ROOT / "bench" / "results" / "purge.jsonl"
TIMED = """
import json, time
from django.utils import timezone
from apps.runs.upkeep import retention
plain, took = retention._batches, []
def timed(rows):
    for pks in plain(rows):
        began = time.monotonic()
        yield pks
        took.append(1000 * (time.monotonic() - began))
retention._batches = timed
began = time.monotonic()
gone = retention.purge(timezone.now())
took.sort()
print(json.dumps({"gone": gone, "seconds": round(time.monotonic() - began, 1), "batches": len(took),
  "batch_p50_ms": round(took[len(took) // 2]), "batch_p99_ms": round(took[int(len(took) * 0.99)]),
  "batch_max_ms": round(took[-1])}))
"""


def main() -> None:
    given = arguments()
    fill(given.database, steps=given.steps, parked=0, due=0, span_s=0, days_old=200)
    with tempfile.TemporaryDirectory() as folder:
        found = json.loads(manage(environment(given, folder), "shell", "-c", TIMED).splitlines()[-1])
    line = json.dumps({**named(given), **found, "workload": "purge", "steps": given.steps})
    with RESULTS.open("a") as file:
        file.write(line + "\n")
    print(line)


def arguments() -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--database", required=True)
    parser.add_argument("--steps", type=int, default=1_000_000)
    return parser.parse_args(namespace=Namespace(broker="", port=18300, note="", in_flight=0))


if __name__ == "__main__":
    main()
