"""What happened with a person, newest first: events, runs with their why, and messages, from one moment back."""

from typing import Any
from uuid import UUID

from django.db.models import F, QuerySet

from apps.channels.models import Delivery
from apps.console.activity.words import local_words
from apps.console.page.page import zone_for
from apps.events.models import Event
from apps.people.models import Person
from apps.runs.models import Run, Step
from apps.workspaces.models import Membership

SHOWN = 30
Item = dict[str, Any]


def timeline(person: Person, membership: Membership, before: UUID | None) -> tuple[list[Item], UUID | None]:
    """At most 30 items, and the id from which the older ones begin; None: there are none. Ids begin with their time."""
    kinds = {"event": _events(person), "run": _runs(person), "message": _messages(person)}
    found = [(row.pk, kind, row) for kind, rows in kinds.items() for row in _older(rows, before)]
    found.sort(key=lambda one: one[0].int, reverse=True)
    kept = found[:SHOWN]
    whys = _whys([row for _, kind, row in kept if kind == "run"], membership)
    items = [
        {"template": f"partials/timeline/{kind}.html", "row": row, "why": whys.get(pk, "")} for pk, kind, row in kept
    ]
    return items, kept[-1][0] if len(found) > SHOWN else None


def _older(rows: QuerySet[Any], before: UUID | None) -> list[Any]:
    rows = rows.filter(pk__lt=before) if before else rows
    return list(rows.order_by("-pk")[: SHOWN + 1])


def _events(person: Person) -> QuerySet[Event]:
    return Event.objects.of(person.workspace).filter(person_id=person.pk).defer("raw", "body")


def _runs(person: Person) -> QuerySet[Run]:
    return Run.objects.of(person.workspace).filter(person_id=person.pk).select_related("workflow", "version")


def _messages(person: Person) -> QuerySet[Delivery]:
    return Delivery.objects.of(person.workspace).filter(person_id=person.pk).select_related("connection")


def _whys(runs: list[Run], membership: Membership) -> dict[UUID, str]:
    """What the last step of each says, or what went wrong."""
    last = Step.objects.filter(run__in=runs, seq=F("run__steps_done")).values_list("run_id", "why")
    said = {pk: local_words(why, zone_for(membership)) for pk, why in last}
    return {run.pk: run.error or said.get(run.pk, "") for run in runs}
