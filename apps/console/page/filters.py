"""Filters that several lists share: rows made between two moments, as a person types them."""

from datetime import datetime, timedelta, tzinfo

from django.db.models import Q

from apps.common.ids import first_id


def made_between(zone: tzinfo, chosen: dict[str, str]) -> Q:
    """Rows whose id begins with a time from `since` to `until`: `2026-11-29T14:30`, on the clock of this zone.

    The minute of `until` is within. What is no moment filters nothing.
    """
    first, last = _moment(zone, chosen["since"]), _moment(zone, chosen["until"])
    wanted = Q(pk__gte=first_id(first)) if first else Q()
    return wanted & Q(pk__lt=first_id(last + timedelta(minutes=1))) if last else wanted


def as_typed(zone: tzinfo, at: datetime) -> str:
    """The moment as `made_between` takes it."""
    return at.astimezone(zone).strftime("%Y-%m-%dT%H:%M")


def _moment(zone: tzinfo, text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text).replace(tzinfo=zone)
    except ValueError:
        return None
    return found if 1970 < found.year < 9000 else None
