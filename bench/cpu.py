"""CPU seconds by part of the system: web, worker, beat, PostgreSQL, Redis, and the bench itself."""

import os
import subprocess
from pathlib import Path

import psycopg

TICKS = os.sysconf("SC_CLK_TCK")
PARTS = (("web", "granian"), ("beat", " beat"), ("shop", "shop"), ("worker", "worker"))
OURS = ("web", "worker", "beat", "postgres", "redis")
Reading = dict[str, dict[int, float]]


class Meter:
    """Reads the processes below a supervisor and those `beside` it, the whole database server and the broker."""

    def __init__(self, supervisor: int, database: str, broker: str, beside: list[int] | None = None) -> None:
        self.supervisor, self.beside = supervisor, beside or []
        self.postmaster = _postmaster(database) if database else 0
        self.redis = _redis() if broker.startswith("redis") else 0

    def now(self) -> Reading:
        found: Reading = {"bench": {os.getpid(): ticks(os.getpid())}}
        for pid in [*children(self.supervisor), *self.beside]:
            found.setdefault(_part(pid), {})[pid] = ticks(pid)
        if self.postmaster:  # with its children that ended: connections come and go
            ended = ticks(self.postmaster, ended=True)
            found["postgres"] = {0: ended + sum(ticks(pid) for pid in [self.postmaster, *children(self.postmaster)])}
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


def ticks(pid: int, *, ended: bool = False) -> float:
    """CPU seconds of a process; or of those of its children that ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(t) for t in (fields[13:15] if ended else fields[11:13])) / TICKS


def _part(pid: int) -> str:
    line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return next((part for part, word in PARTS if word in line), "other")


def _postmaster(database: str) -> int:
    """The server's first process, if it runs on this machine."""
    with psycopg.connect(database) as link:
        (pid,) = link.execute("SELECT pg_backend_pid()").fetchone()
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def _redis() -> int:
    info = subprocess.check_output(["redis-cli", "info", "server"], text=True)
    return int(info.split("process_id:")[1].split()[0])
