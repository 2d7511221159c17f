"""Who is in a cohort, by what its source tells of it: a part at a time, in any order, as often as it likes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from apps.common.ids import ordered_id
from apps.database import bulk
from apps.events.models import Event
from apps.people.models import Cohort, CohortMembership, CohortSync
from apps.sources.cohorts import ENTERED, LEFT, CohortMember, CohortPage

TABLE = CohortMembership._meta.db_table
MOST_LEAVERS = 1000  # are taken out in one commit


@dataclass(frozen=True)
class CohortChange:
    """Somebody *entered* or *left*. `person`: who that is, where the news itself does not say."""

    change: str
    member: CohortMember
    person: UUID | None = None


@dataclass(frozen=True)
class AppliedPage:
    """What a part of a sync changed; `more`: it is to be applied again, for others to leave."""

    changes: list[CohortChange]
    cohort: Cohort
    more: bool = False


def apply_page(event: Event, page: CohortPage, now: datetime) -> AppliedPage:
    """Write who came and went; within the caller's transaction, which holds the cohort's row from here on."""
    cohort = _locked(event, page, now)
    sync = _sync(cohort, page, now)
    if page.action == "replace" and _is_overtaken(cohort, sync):
        return AppliedPage([], cohort)
    if page.action == "remove":
        changes = [CohortChange(LEFT, one) for one in _removed(cohort, page, now)]
    else:
        changes = [CohortChange(ENTERED, one) for one in _added(cohort, page, sync.session, now)]
    seen = sorted({*sync.seen, page.page})
    is_in = page.action != "replace" or len(seen) >= page.pages
    gone = _not_named(cohort, sync.session, now) if is_in and page.action == "replace" else []
    changes += gone
    more = len(gone) == MOST_LEAVERS
    _count(cohort, sync, changes, {"seen": seen, "pages": page.pages, "ended_at": now if is_in and not more else None})
    return AppliedPage(changes, cohort, more)


def _locked(event: Event, page: CohortPage, now: datetime) -> Cohort:
    where = {"workspace_id": event.workspace_id, "source_id": int(event.source_id), "environment": event.environment}
    where["key"] = page.cohort
    new = {**where, "name": page.name, "description": page.description, "size": 0, "made_at": now, "updated_at": now}
    bulk.insert_new(Cohort, [new], "id")
    cohort: Cohort = Cohort.objects.select_for_update().get(**where)
    told = {"name": page.name or cohort.name, "description": page.description or cohort.description}
    Cohort.objects.filter(pk=cohort.pk).update(**told, updated_at=now)
    cohort.name = told["name"]
    return cohort


def _sync(cohort: Cohort, page: CohortPage, now: datetime) -> CohortSync:
    """A sync without a session of its own is counted with the others of its hour."""
    session = page.session or f"{now:%Y-%m-%d %H}h"
    facts = {"cohort_id": cohort.pk, "session": session, "is_whole": page.action == "replace", "pages": page.pages}
    blank = {"seen": [], "began_at": now, "entered": 0, "left": 0, "size": cohort.size}
    bulk.insert_new(CohortSync, [{**facts, **blank}], "id")
    return CohortSync.objects.get(cohort=cohort, session=session)


def _is_overtaken(cohort: Cohort, sync: CohortSync) -> bool:
    """Whether a later sync has already said who is in it."""
    return CohortSync.objects.filter(
        cohort=cohort, is_whole=True, ended_at__isnull=False, began_at__gt=sync.began_at
    ).exists()


def _added(cohort: Cohort, page: CohortPage, session: str, now: datetime) -> list[CohortMember]:
    """Those who were not in it."""
    members = {one.id: one for one in page.members}
    known = _of(cohort, list(members))
    _change(pk for pk, _ in known.values())(session=session)
    _change(pk for pk, left_at in known.values() if left_at)(left_at=None, entered_at=now)
    rows = [
        {"id": ordered_id(), "cohort_id": cohort.pk, "member_id": name, "session": session, "entered_at": now}
        for name in sorted(members.keys() - known.keys())
    ]
    bulk.insert(CohortMembership, rows)
    return [one for name, one in members.items() if name not in known or known[name][1]]


def _removed(cohort: Cohort, page: CohortPage, now: datetime) -> list[CohortMember]:
    """Those who were in it."""
    members = {one.id: one for one in page.members}
    there = {name: pk for name, (pk, left_at) in _of(cohort, list(members)).items() if not left_at}
    _change(there.values())(left_at=now)
    return [members[name] for name in there]


def _not_named(cohort: Cohort, session: str, now: datetime) -> list[CohortChange]:
    """Those whom a whole sync has not named: a thousand at a time."""
    others = CohortMembership.objects.filter(cohort=cohort, left_at=None).exclude(session=session)
    found = list(others.order_by("-id").values_list("pk", "member_id", "person_id")[:MOST_LEAVERS])
    _change(pk for pk, *_ in found)(left_at=now)
    return [CohortChange(LEFT, CohortMember(id=name), person) for _, name, person in found]


def _of(cohort: Cohort, members: list[str]) -> dict[str, tuple[UUID, Any]]:
    """The row of each member that there is, by its id there: its key, and when it left."""
    found = bulk.picked(TABLE, "member_id, id, left_at", {"cohort_id": cohort.pk}, "member_id", members)
    return {name: (bulk.uuid_of(pk), left_at) for name, pk, left_at in found}


def _change(keys: Iterable[UUID]) -> Callable[..., object]:
    """Writes these values into the rows with these keys."""
    rows = list(keys)
    return lambda **values: bulk.update_where(CohortMembership, [{"id": pk, **values} for pk in rows], "true")


def _count(cohort: Cohort, sync: CohortSync, changes: list[CohortChange], more: dict[str, object]) -> None:
    entered = sum(one.change == ENTERED for one in changes)
    left = len(changes) - entered
    Cohort.objects.filter(pk=cohort.pk).update(size=F("size") + entered - left)
    counts = {"entered": F("entered") + entered, "left": F("left") + left, "size": cohort.size + entered - left}
    CohortSync.objects.filter(pk=sync.pk).update(**counts, **more)


def link(cohort: Cohort, people: dict[str, UUID]) -> None:
    """Say whom its members are: person ids by member id; within the caller's transaction."""
    rows = [{"id": pk, "person_id": people[name]} for name, (pk, _) in _of(cohort, list(people)).items()]
    bulk.update_where(CohortMembership, rows, "true")
