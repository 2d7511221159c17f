"""A source says that somebody asked to be forgotten: this person's runs stop, and nothing more is sent."""

from datetime import datetime
from uuid import UUID

from apps.channels import deliveries
from apps.engine.about import identities_in
from apps.events import store
from apps.events.models import Event
from apps.people.erasure import FORGOTTEN, suppress
from apps.people.finding import person_known_as
from apps.runs.claims import interventions
from apps.runs.claims.arrivals.source_facts import about_of_source
from apps.runs.models import OVER, Run

MOST_RUNS = 1000
LIVE = "live"


def forget_person(event: Event, now: datetime) -> None:
    """Called in the commit that marks the event dispatched. A test forgets nobody."""
    if event.environment == LIVE:
        named = identities_in(about_of_source(event.source_id), event.body, event.workspace.country)
        person = person_known_as(event.workspace_id, named)
        suppress(event, person, named, now)
        if person is not None:
            _stop(event, person, now)
    store.dispatch([event.pk])


def _stop(event: Event, person: UUID, now: datetime) -> None:
    """What is in flight ends by itself; all else does not begin."""
    runs = Run.objects.filter(workspace_id=event.workspace_id, person_id=person).exclude(state__in=OVER)
    for run in runs.order_by("pk").values_list("pk", flat=True)[:MOST_RUNS]:
        interventions.cancel(run, FORGOTTEN, now)
    deliveries.call_off(event.workspace_id, person, FORGOTTEN, now)
