"""Work that many wait for, shared out: each group gets its part before one gets more."""

import random
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from apps.database import bulk

T = TypeVar("T")
Group = int | None

# Jumps from group to group in an index of (group, due), then looks whether the group has anything due.
_GROUPS = """
WITH RECURSIVE g(id) AS (
  SELECT MIN({by}) FROM {table} WHERE {open}
  UNION ALL SELECT (SELECT MIN({by}) FROM {table} WHERE {open} AND {by} > g.id) FROM g WHERE g.id IS NOT NULL
)
SELECT id FROM g WHERE id IS NOT NULL AND EXISTS (SELECT 1 FROM {table} WHERE {open} AND {by} = g.id AND {due})
UNION ALL SELECT NULL WHERE EXISTS (SELECT 1 FROM {table} WHERE {open} AND {by} IS NULL AND {due})
"""


def groups_with_due_work(table: str, by: str, *, open: str, due: str, given: tuple[Any, ...] = ()) -> list[Group]:
    """The groups that have something due. `open` is the condition of an index that begins with `by`."""
    return [group for (group,) in bulk.read(_sql(table, by, open, due), [*given, *given])]


@lru_cache(maxsize=16)
def _sql(table: str, by: str, open: str, due: str) -> str:
    return _GROUPS.format(table=table, by=by, open=open, due=due)


def by_number(group: Group) -> int:
    """All who lock groups do so in one order."""
    return group or 0


def take_fairly(
    most: int,
    rooms: Mapping[Group, int],
    take: Callable[[Group, int], list[T]],
    order: Callable[[Group], int] = by_number,
) -> list[T]:
    """Take up to `most` in equal parts, of each group no more than its room. What a group leaves goes to the others."""
    left, taken = dict(rooms), []
    while most > 0 and (shared := _parts(most, left, order)):
        for group, part in shared.items():
            found = take(group, part)
            taken += found
            most -= len(found)
            left[group] = left[group] - part if len(found) == part else 0
    return taken


def _parts(most: int, left: Mapping[Group, int], order: Callable[[Group], int]) -> dict[Group, int]:
    """Equal parts for those with room; when there are more of them than places, chance says whose turn it is."""
    groups = [group for group, room in left.items() if room > 0]
    chosen = sorted(random.sample(groups, min(len(groups), most)), key=order)
    return {group: min(most // len(chosen), left[group]) for group in chosen}
