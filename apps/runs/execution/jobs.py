"""What is claimed and is to be done, and who does it: a pool of a worker, or everything here and now."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Job:
    """Something to do for a workspace. `do` must not raise."""

    workspace: int
    do: Callable[[], object]


class Pool(Protocol):
    """Who does what is claimed: a pool of a worker, or `INLINE`."""

    def capacity(self) -> int:
        """How many jobs can be done at once."""

    def capacity_for(self, workspace_id: int) -> int:
        """As `capacity`, for this workspace."""

    def give(self, jobs: list[Job]) -> None:
        """Do these."""


class Inline:
    """The hands of tests and of the shell: everything is done here and now."""

    def capacity(self) -> int:
        return sys.maxsize

    def capacity_for(self, workspace_id: int) -> int:
        return sys.maxsize

    def give(self, jobs: list[Job]) -> None:
        for job in jobs:
            job.do()


INLINE = Inline()
