"""Try again events that could not begin (dead letters) or that a person dropped: by id, or all dead letters."""

from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.database.wakeups import publish_hint
from apps.events import store
from apps.events.models import Event


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("events", nargs="*", type=UUID, metavar="REQUEST_ID")
        parser.add_argument("--failed", action="store_true", help="all that failed, in every workspace")

    def handle(self, *args: Any, **options: Any) -> None:
        asked = options["events"]
        if bool(asked) == options["failed"]:
            raise CommandError("Give the request ids of the events, or --failed for all.")
        if options["failed"]:
            asked = list(Event.objects.filter(state=Event.State.FAILED).values_list("pk", flat=True))
        count = store.replay(asked, "manage.py replay")
        publish_hint()
        self.stdout.write(f"{count} of {len(asked)} events are tried again.")
        if count < len(asked):
            self.stdout.write("The others wait, have begun, or do not exist.")
