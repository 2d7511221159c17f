"""CPU seconds by part of the system: web, worker, beat, PostgreSQL, Redis, and the bench itself."""

import os
import subprocess
from pathlib import Path

import psycopg

TICKS = os.sysconf("SC_CLK_TCK")
PARTS = (("web", "granian"), ("beat", " beat"), ("shop", "shop"), ("worker", "worker"))
OURS = ("web", "worker", "beat", "postgres", "redis")
Reading = dict[str, dict[int, float]]
BACKENDS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


class Meter:
    """Reads the processes below a supervisor, the database's backends and the broker."""

    def __init__(self, supervisor: int, database: str, broker: str) -> None:
        self.supervisor, self.database = supervisor, database
        self.redis = _redis() if broker.startswith("redis") else 0

    def now(self) -> Reading:
        found: Reading = {"bench": {os.getpid(): ticks(os.getpid())}}
        for pid in children(self.supervisor):
            found.setdefault(_part(pid), {})[pid] = ticks(pid)
        if self.database:
            with psycopg.connect(self.database) as link:
                found["postgres"] = {pid: ticks(pid) for (pid,) in link.execute(BACKENDS)}
        if self.redis:
            found["redis"] = {self.redis: ticks(self.redis)}
        fields = [int(f) for f in Path("/proc/stat").read_text().split("\n")[0].split()[1:9]]
        found["machine"] = {0: (sum(fields) - fields[3] - fields[4]) / TICKS}
        return found

    def worker_mb(self) -> int:
        """Resident memory of the largest worker."""
        workers = [pid for pid in children(self.supervisor) if _part(pid) == "worker"]
        pages = max(int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in workers)
        return pages * os.sysconf("SC_PAGE_SIZE") // 2**20


def between(before: Reading, after: Reading) -> dict[str, float]:
    """Seconds spent by each part."""
    return {p: sum(t - before.get(p, {}).get(pid, 0.0) for pid, t in pids.items()) for p, pids in after.items()}


def children(pid: int) -> list[int]:
    try:
        direct = [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [c for child in direct for c in [child, *children(child)]]


def ticks(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(t) for t in fields[11:13]) / TICKS


def _part(pid: int) -> str:
    line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return next((part for part, word in PARTS if word in line), "other")


def _redis() -> int:
    info = subprocess.check_output(["redis-cli", "info", "server"], text=True)
    return int(info.split("process_id:")[1].split()[0])
