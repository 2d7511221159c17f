"""Breaks one rule at a time in a copy of the tree; the tests named beside it must then fail.

.venv/bin/python bench/mutants.py

Exits 1 when a mutant lives, or when its line is not there any more.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", "var", "docs", "__pycache__", ".*_cache")


class Mutant(NamedTuple):
    """A rule, where it stands, what stands there, and what the mutant says."""

    rule: str
    path: str
    line: str
    instead: str
    tests: str


MUTANTS = (
    Mutant(
        "a lost once delivery is never sent again",
        "apps/channels/deliveries.py",
        'kind = "temporary_failure" if idempotent else "unknown"',
        'kind = "temporary_failure"',
        "tests/runs/test_machine.py",
    ),
    Mutant(
        "the check before a late message says no",
        "apps/channels/sending.py",
        "return (now - since).total_seconds() < PAUSED_S",
        "return True",
        "tests/runs/test_machine.py",
    ),
    Mutant(
        "the check before a late call says no",
        "apps/runs/execution/executor.py",
        "return left < held.call.call.timeout_s + 5",
        "return False",
        "tests/runs/test_machine.py",
    ),
    Mutant(
        "every address of a name must be good",
        "apps/egress/client.py",
        "if not all(allowed(address, port) for address in found):",
        "if not any(allowed(address, port) for address in found):",
        "tests/egress/test_client.py",
    ),
    Mutant(
        "a POST asks for the workspace too",
        "apps/workspaces/tenancy.py",
        "mine = Membership.objects.filter(user=request.user, workspace__wsid=wsid)",
        'mine = Membership.objects.filter(**{} if request.method == "POST" else {"workspace__wsid": wsid})',
        "tests/console/test_who_may.py",
    ),
    Mutant(
        "a settle asks for its token",
        "apps/database/leases.py",
        'IS_AS_KNOWN = "t.state = w.was AND t.token IS NOT DISTINCT FROM w.held"',
        'IS_AS_KNOWN = "t.state = w.was AND (w.held IS NULL OR TRUE)"',
        "tests/runs/test_machine.py tests/runs/test_two_workers.py",
    ),
    Mutant(
        "a key is seen once",
        "apps/events/store.py",
        'refused = {row["event_id"] for row in asked} - bulk.insert_new(IdempotencyKey, asked, "event_id")',
        'refused = set() & bulk.insert_new(IdempotencyKey, asked, "event_id")',
        "tests/triggers/test_ingest.py",
    ),
    Mutant(
        "a guard compares",
        "apps/sources/signatures.py",
        'return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode("utf-8", "replace"))',
        "return True",
        "tests/triggers/test_endpoint.py tests/triggers/test_ingest.py",
    ),
    Mutant(
        "an answer is read without its secrets",
        "apps/egress/redacting.py",
        "if isinstance(answer, NoAnswer) or self._bytes is None:",
        "if isinstance(answer, Answer | NoAnswer):",
        "tests/egress/test_redacting.py tests/workspaces/test_secrets.py",
    ),
    Mutant(
        "a secret goes only to its hosts",
        "apps/runs/execution/secrets_in_calls.py",
        "if not secret.may_go_to(host := target_of(call.url).host):",
        "if not (host := target_of(call.url).host):",
        "tests/workspaces/test_secrets.py",
    ),
)


def dies(mutant: Mutant) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        source = copy / mutant.path
        text = source.read_text()
        if text.count(mutant.line) != 1:
            raise SystemExit(f"{mutant.rule}: its line is not in {mutant.path} any more")
        source.write_text(text.replace(mutant.line, mutant.instead))
        whole = [sys.executable, "-m", "pytest", "-x", "-n", "2", *mutant.tests.split()]
        done = subprocess.run(whole, cwd=copy, capture_output=True, text=True)
        return done.returncode in (1, 2) and " failed" in done.stdout  # 2: xdist stopped at the first


def main() -> None:
    alive = 0
    for mutant in MUTANTS:
        died = dies(mutant)
        alive += not died
        print(f"{'dies ' if died else 'LIVES'}  {mutant.rule}", flush=True)
    print(f"{len(MUTANTS) - alive} of {len(MUTANTS)} mutants die")
    sys.exit(bool(alive))


if __name__ == "__main__":
    main()
