"""Hands for two kinds of work: calls of runs, and messages. Calls that hang never keep a message waiting."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from apps.database import bulk, wakeups
from apps.database.ttl_cache import cached
from apps.runs.execution.jobs import Job
from apps.workspaces.models import Workspace


@cached
def are_many() -> bool:
    """Whether several workspaces share the hands: then none takes more than half of them."""
    return len(Workspace.objects.all()[:2]) > 1


class Capacity:
    """The hands of a pool as they were free when work was looked for."""

    def __init__(self, pool: "WorkerPool") -> None:
        self._free, self._of_pool, self._by_workspace = pool.capacity(), pool, dict[int, int]()

    def capacity(self) -> int:
        return self._free

    def capacity_for(self, workspace_id: int) -> int:
        return self._by_workspace.setdefault(workspace_id, min(self._of_pool.capacity_for(workspace_id), self._free))

    def is_used_up(self, jobs: list[Job]) -> bool:
        """Whether so much was found that more may wait: for any hand, or for those that one workspace may have."""
        given = Counter(job.workspace for job in jobs)
        full = any(given[workspace] >= room for workspace, room in self._by_workspace.items() if room)
        return len(jobs) >= self._free or full or 0 in self._by_workspace.values()


class WorkerPool:
    """The hands of one kind; where more may wait, half of them done calls `freed`."""

    def __init__(self, name: str, hands: int, freed: Callable[[], None]) -> None:
        self.hands, self._busy, self._freed = hands, 0, freed
        self._next_look: int | None = None  # so few must be busy until more is looked for
        self._lock, self._open = threading.Lock(), True
        self._idle = threading.Condition(self._lock)
        self._of: Counter[int] = Counter()
        self._pool = ThreadPoolExecutor(hands, thread_name_prefix=name)

    def capacity(self) -> int:
        return max(self.hands - self._busy, 0) if self._open else 0

    def busy(self) -> int:
        """How many jobs were given and are not done."""
        return self._busy

    def capacity_for(self, workspace_id: int) -> int:
        most = max(self.hands // 2, 1) if are_many() else self.hands
        return max(min(self.capacity(), most - self._of[workspace_id]), 0)

    def close(self) -> None:
        """No hand is free from now on; what was given is done."""
        self._open = False

    def ended(self, seconds: float) -> bool:
        """Wait so long until no hand is busy. False: one still is."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._busy, max(seconds, 0))

    def give(self, jobs: list[Job], *, more: bool = False) -> None:
        """What is more than the hands waits for them. `more`: there may be more to look for."""
        with self._lock:
            self._busy += len(jobs)
            self._of.update(job.workspace for job in jobs)
            if more and self._busy:
                self._next_look = self._busy // 2
        for job in jobs:
            self._pool.submit(self._done, job)

    def _done(self, job: Job) -> None:
        try:
            job.do()
            bulk.release_connection()  # a resting hand holds no place in the database
        finally:
            if self._has_ended(job):
                self._freed()

    def _has_ended(self, job: Job) -> bool:
        """One is done. True: now more is to be looked for."""
        with self._idle:
            self._busy -= 1
            self._of -= Counter([job.workspace])
            self._idle.notify_all()
            if self._next_look is None or self._busy > self._next_look:
                return False
            self._next_look = None
            return True


def call_pool(hands: int) -> WorkerPool:
    return WorkerPool("call", hands, wakeups.rescan)


def message_pool(hands: int) -> WorkerPool:
    return WorkerPool("message", hands, wakeups.rescan)
