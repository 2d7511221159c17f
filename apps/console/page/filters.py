"""Filters that several lists share: rows made between two moments, as a person types them."""

from datetime import datetime, timedelta

from django.db.models import Q

from apps.common.ids import first_id
from apps.console.page.page import zone_of
from apps.workspaces.models import Workspace


def made_between(workspace: Workspace, chosen: dict[str, str]) -> Q:
    """Rows whose id begins with a time from `since` to `until`: `2026-11-29T14:30`, on the clock of the workspace.

    The minute of `until` is within. What is no moment filters nothing.
    """
    first, last = _moment(workspace, chosen["since"]), _moment(workspace, chosen["until"])
    wanted = Q(pk__gte=first_id(first)) if first else Q()
    return wanted & Q(pk__lt=first_id(last + timedelta(minutes=1))) if last else wanted


def as_typed(workspace: Workspace, at: datetime) -> str:
    """The moment as `made_between` takes it."""
    return at.astimezone(zone_of(workspace)).strftime("%Y-%m-%dT%H:%M")


def _moment(workspace: Workspace, text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text).replace(tzinfo=zone_of(workspace))
    except ValueError:
        return None
    return found if 1970 < found.year < 9000 else None
