"""Rows that one of many workers holds for a while: claimed with a token and a lease, settled by who has the token.

Every queue of ours is built on it. A row moves by a conditional update that names the state and the token it was known
with, so a second claim or a late settle finds nothing to move. A COMMIT whose answer was lost is read back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet

from apps.database import bulk
from apps.database.fair_share import Group
from apps.database.group_commit import CommitOutcomeUnknown, Writer, commit, commit_until

T = TypeVar("T")
A = TypeVar("A")
IS_AS_KNOWN = "t.state = w.was AND t.token IS NOT DISTINCT FROM w.held"
LEASE_CLEARED: dict[str, None] = {"token": None, "lease_until": None}
LEAST_S = 5.0  # so long a settle is tried even when the lease is over


@dataclass(frozen=True, kw_only=True)
class ClaimRequest:
    """What to claim: at most `limit` rows, of a group no more than its capacity; or `only` the one with this id."""

    limit: int
    capacities: Mapping[Group, int]
    now: datetime
    only: str = ""


def claim(
    writer: Writer[A, list[T]],
    asked: A,
    read_back: Callable[[list[T]], list[T]],
    by: Callable[[Writer[A, list[T]], A], list[T]] = commit,
) -> list[T]:
    """What the writer claimed, once it is committed; when the COMMIT got no answer, those that `read_back` finds."""
    try:
        return by(writer, asked)
    except CommitOutcomeUnknown as doubt:
        return read_back(doubt.result or [])


def settle(writer: Writer[A, bool], item: A, *, is_settled: Callable[[], bool], left_s: float) -> bool:
    """Write what came of it, tried again until the lease ends. False: the lease was lost, somebody else has it."""
    return commit_until(writer, item, read_back_by=is_settled, until_s=max(left_s, LEAST_S))


def move(model: type[Model], cursors: list[dict[str, Any]], condition: str = IS_AS_KNOWN) -> set[Any]:
    """Write the cursors of those that are still as known: each has `was` (state) and `held` (token). Their ids."""
    return bulk.update_where(model, cursors, condition, was="text", held="uuid")


def expired(working: QuerySet[Any], now: datetime, limit: int) -> list[Any]:
    """The ids of those whose lease has ended. A worker paused within a commit still locks its rows: they wait, the
    others do not."""
    with transaction.atomic():
        rows = working.filter(lease_until__lt=now).select_for_update(of=("self",), skip_locked=True)
        return list(rows.values_list("pk", flat=True)[:limit])
