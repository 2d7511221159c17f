"""The scheduler, however many hosts start one: who holds the lease sends what is due, the others wait for its end."""

import logging
from datetime import timedelta
from typing import Any

from celery.signals import beat_init
from django.db import close_old_connections
from django.db.models import Q
from django_celery_beat.schedulers import DatabaseScheduler

from apps.common.ids import ordered_id
from apps.database.clocks import database_now
from apps.database.group_commit import DATABASE_ERRORS
from apps.runs.models import Leader
from apps.runs.worker.start_check import wait_until_fit

NAME = "scheduler"
LEASE, LOOK_S = timedelta(seconds=30), 5.0
log = logging.getLogger(__name__)


class OneScheduler(DatabaseScheduler):  # type: ignore[misc]
    """As the database scheduler; it sends only while it leads."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._id, self._leads = ordered_id(), False
        super().__init__(*args, **options)

    def tick(self, *args: Any, **options: Any) -> float:
        """Seconds until the next."""
        led, self._leads = self._leads, self._holds_the_lease()
        if not self._leads:
            return LOOK_S
        if not led:
            self._begin_anew()
        return min(float(super().tick(*args, **options)), LOOK_S)

    def close(self) -> None:
        super().close()
        if self._leads:
            Leader.objects.filter(name=NAME, holder=self._id).delete()

    def _holds_the_lease(self) -> bool:
        """Taken or taken again; one conditional update, so that of two only one has it."""
        try:
            close_old_connections()
            now = database_now()
            Leader.objects.get_or_create(name=NAME, defaults={"holder": self._id, "until": now})
            free = Leader.objects.filter(Q(holder=self._id) | Q(until__lte=now), name=NAME)
            return free.update(holder=self._id, until=now + LEASE) == 1
        except DATABASE_ERRORS:
            log.warning("the scheduler waits for the database")
            return False

    def _begin_anew(self) -> None:
        """What another sent meanwhile is not due again."""
        self._schedule, self._heap = self.all_as_schedule(), None


@beat_init.connect
def _fit(**_: Any) -> None:
    wait_until_fit()
