"""The URLs of a source: made, taken anew, and ended."""

from datetime import datetime, timedelta

from django.db import transaction

from apps.triggers.models import ENVIRONMENTS, Source, SourceUrl

BOTH_FOR = timedelta(days=7)


def make_urls(source: Source, now: datetime) -> None:
    """One for Live and one for Test."""
    for environment, _ in ENVIRONMENTS:
        SourceUrl.objects.create(source=source, environment=environment, made_at=now)


def rotate(source: Source, environment: str, now: datetime) -> None:
    """A new URL takes the place of the one in use, which is taken for seven more days."""
    with transaction.atomic():
        Source.objects.select_for_update().get(pk=source.pk)
        in_use = SourceUrl.objects.filter(source=source, environment=environment, ends_at=None)
        in_use.update(ends_at=now + BOTH_FOR)
        SourceUrl.objects.create(source=source, environment=environment, made_at=now)


def end_old(source: Source, now: datetime) -> int:
    """From now on only the newest are taken. How many were ended."""
    return SourceUrl.objects.filter(source=source, ends_at__gt=now).update(ends_at=now)
