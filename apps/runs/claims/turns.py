"""Who comes first when work is taken: the workspaces whose texts and lists have cost least lately.

So one whose texts cost much takes its turn after the others, and they wait for no more than what is under way.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from apps.database.fair_share import Group
from apps.engine.values.budget import COUNTED, budget

AT_ONCE = 5_000_000  # units of work before what was walked is written
_spent: Counter[Group] = Counter()  # of this process, in units


def lightest_first(group: Group) -> int:
    return _spent[group]


@contextmanager
def turn(group: Group) -> Iterator[None]:
    """What is done within is done for this workspace."""
    with budget(COUNTED) as work:
        yield
    _spent[group] = _spent[group] // 2 + work.spent
