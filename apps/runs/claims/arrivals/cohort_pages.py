"""What a source tells of a cohort becomes occurrences: one for each who entered or left, in the same commit."""

from datetime import datetime
from typing import Any

from django.db import transaction
from pydantic import ValidationError

from apps.database import wakeups
from apps.engine.about import identities_in
from apps.events import store
from apps.events.entries import EventRow
from apps.events.models import Event
from apps.events.search_terms import search_words_of
from apps.events.sources import OCCURRED
from apps.people import cohorts
from apps.people.cohorts import CohortChange
from apps.people.finding import find_people
from apps.people.models import Cohort
from apps.runs.claims.arrivals.source_facts import about_of_source
from apps.sources.cohorts import CohortPage, member_body

UNREADABLE = "what it says of a cohort cannot be read"


def take_page(event: Event, now: datetime) -> None:
    """Called in the commit that marks it dispatched; with many who left it stays and is taken again."""
    try:
        page = CohortPage.model_validate(event.body)
    except ValidationError:
        store.fail(event.pk, UNREADABLE, now)
        return
    changed = cohorts.apply_page(event, page, now)
    named = page.model_copy(update={"name": changed.cohort.name})
    rows = [_occurred(event, named, one, now) for one in changed.changes]
    store.insert_events(rows)
    _link(changed.cohort, rows)
    if not changed.more:
        store.dispatch([event.pk])
    transaction.on_commit(wakeups.wake)


def _occurred(event: Event, page: CohortPage, one: CohortChange, now: datetime) -> EventRow:
    body = member_body(page, one.member, one.change)
    where = {"workspace_id": event.workspace_id, "environment": event.environment}
    source = {"kind": OCCURRED, "source_kind": event.source_kind, "source_id": event.source_id}
    row = EventRow.new(now, search_words_of(body), body=body, root=event.pk, person_id=one.person, **source, **where)
    about = tuple(identities_in(about_of_source(event.source_id), body, event.workspace.country))
    return row.told_about(about, find_people) if about else row


def _link(cohort: Cohort, rows: list[EventRow]) -> None:
    people: dict[str, Any] = {row.event["body"]["member_id"]: row.event["person_id"] for row in rows}
    cohorts.link(cohort, {member: person for member, person in people.items() if person})
