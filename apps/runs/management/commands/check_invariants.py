"""Look for rows that must not exist: stranded work, gaps in a journal, rows of two workspaces. Changes nothing."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.database.clocks import database_now
from apps.runs.upkeep.invariants import RULES, violations


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        found = list(violations(database_now()))
        for line in found:
            self.stdout.write(line)
        if found:
            raise CommandError(f"{len(found)} rows break a rule. docs/operating.md says what to do.")
        self.stdout.write(f"All {len(RULES)} rules hold.")
