"""Rows that a block keeps for a key: one each, whoever comes first."""

from collections.abc import Callable
from typing import Any, TypeVar

from apps.runs.models import MAX_KEY_SHOWN, Run, hashed

T = TypeVar("T")


def where_it_lies(run: Run, node: str, key: str, *, alone: bool = False) -> dict[str, Any]:
    where = {"workspace_id": run.workspace_id, "workflow_id": run.workflow_id, "environment": run.environment}
    return {
        **where,
        "node": node,
        "key": key[:MAX_KEY_SHOWN],
        "key_hash": hashed("", str(run.pk)) if alone else hashed(key),
    }


def found_or_made(found: Callable[[], T | None], made: Callable[[], T | None]) -> T:
    """What is there, or what we make: another may make it, or end it, at the same moment."""
    for _ in range(5):
        answer = found() or made()
        if answer is not None:
            return answer
    raise RuntimeError("a shared row came and went five times")
