"""An event ends the runs of a journey that end with it, wherever they stand, and calls off what they have not sent."""

from datetime import datetime
from uuid import UUID

from apps.channels import deliveries
from apps.database import bulk
from apps.events import store
from apps.events.firing import FIRED
from apps.events.messages import MESSAGE_TOLD
from apps.events.models import Event
from apps.runs.claims import interventions
from apps.runs.claims.arrivals.source_facts import listening_rule
from apps.runs.models import Run
from apps.sources.lifecycle import exit_key
from apps.triggers.models import Entry

CODE = "exit"
_ENDING = """
SELECT trigger_id, kind, CAST(settings AS text) FROM triggers_subscription
WHERE exit_key = %s AND environment = %s AND exit_key <> ''
"""


def end_journeys(event: Event, now: datetime) -> None:
    """Called in the commit that takes the event up."""
    name = _name(event)
    if name is None:
        return
    key = exit_key(event.workspace_id, *name)
    for trigger, kind, settings in bulk.read(_ENDING, [key, event.environment]):
        rule = listening_rule(kind, settings)
        identifier = rule.leaving_identity_of(event.body) if rule else ""
        if identifier:
            _end(event, trigger, identifier, f"{name[1]} came", now)


def _name(event: Event) -> tuple[str, str] | None:
    if event.kind == MESSAGE_TOLD:
        return ("notification", str(event.body.get("event"))) if event.body.get("step") == "fired" else None
    return ("custom", event.source_id) if event.kind == FIRED else None


def _end(event: Event, trigger: int, identifier: str, why: str, now: datetime) -> None:
    where = {"trigger_id": trigger, "environment": event.environment, "identifier": identifier}
    entry = Entry.objects.select_for_update().filter(**where).first()
    if entry is None:
        return
    ids = [UUID(pk) for pk in entry.event_ids]
    for run in Run.objects.filter(event_id__in=ids, workspace_id=event.workspace_id).values_list("pk", flat=True):
        interventions.end_early(run, CODE, why, now)
        deliveries.call_off_of_run(run, f"its run ended: {why}", now)
    store.drop(Event.objects.filter(pk__in=ids), why, now)
    Entry.objects.filter(pk=entry.pk).update(event_ids=[])
