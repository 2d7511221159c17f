"""Delete what is older than BODIES_DAYS, RUNS_DAYS and KEYS_DAYS say. Beat does so each night."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.database.clocks import database_now
from apps.runs.upkeep.retention import purge


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        gone = purge(database_now())
        self.stdout.write(", ".join(f"{count} {kind}" for kind, count in gone.items()))
