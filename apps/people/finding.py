"""The people that news is about: found by their identities, or made, in the commit that writes the news."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from apps.common.ids import ordered_id
from apps.database import bulk
from apps.engine.values.identities import KIND_WORDS, ONE_AT_A_TIME, OUR_OWN, Identity
from apps.events.entries import EventRow
from apps.people.models import Person, PersonIdentity, SamePerson

Key = tuple[int, str, str, str]  # workspace, value, kind, scope: as the index has them
LIVE, TABLE = "live", PersonIdentity._meta.db_table


@dataclass
class Known:
    """Who has which identity, and the own id of each person who has one."""

    people: dict[Key, UUID] = field(default_factory=dict)
    own_ids: dict[UUID, str] = field(default_factory=dict)

    def learn(self, key: Key, person: UUID) -> None:
        self.people[key] = person
        if key[2] == OUR_OWN:
            self.own_ids[person] = key[1]


@dataclass
class Found:
    """What is to be written beside the news: who is new, which identities, and who may be one."""

    of_event: dict[UUID, UUID] = field(default_factory=dict)
    people: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    identities: list[dict[str, Any]] = field(default_factory=list)
    pairs: dict[tuple[UUID, UUID], dict[str, Any]] = field(default_factory=dict)


def find_people(entries: list[EventRow]) -> None:
    """Put the person into each event that has somebody to be about. Test news only finds who is there."""
    entries = [entry for entry in entries if entry.about]
    if not entries:
        return
    known = _known({key for entry in entries for key in _keys(entry)})
    found = matched(entries, known)
    if found.identities:
        found = _written(found, entries)
    _suggest(list(found.pairs.values()))
    for entry in entries:
        entry.event["person_id"] = found.of_event.get(entry.event["id"])


def person_known_as(workspace_id: int, identities: list[Identity]) -> UUID | None:
    """Whom these identities find; nobody is made."""
    keys = {(workspace_id, one.value, one.kind, one.scope) for one in identities}
    return _person_among(identities, workspace_id, _known(keys)) if keys else None


def matched(entries: list[EventRow], known: Known) -> Found:
    """Who each of these is about. Pure: `known` is added to as people are made."""
    found = Found()
    for entry in entries:
        person = _person_of(entry, known)
        if person is None and entry.event["environment"] == LIVE:
            person = _made(entry, found)
        if person is not None:
            found.of_event[entry.event["id"]] = person
            if entry.event["environment"] == LIVE:
                _attach(entry, person, known, found)
    return found


def _person_of(entry: EventRow, known: Known) -> UUID | None:
    return _person_among(entry.about, entry.event["workspace_id"], known)


def _person_among(identities: Iterable[Identity], workspace_id: int, known: Known) -> UUID | None:
    """By our customer's own id, if one is named: somebody who has another one is somebody else."""
    own = next((one.value for one in identities if one.kind == OUR_OWN), "")
    for one in identities:
        person = known.people.get((workspace_id, one.value, one.kind, one.scope))
        if person is not None and (not own or known.own_ids.get(person, own) == own):
            return person
    return None


def _made(entry: EventRow, found: Found) -> UUID:
    person, now = ordered_id(), entry.event["received_at"]
    blank = {"name": "", "time_zone": "", "language": "", "attributes": {}}
    found.people[person] = {
        "id": person,
        "workspace_id": entry.event["workspace_id"],
        **blank,
        "created_at": now,
        "updated_at": now,
    }
    return person


def _attach(entry: EventRow, person: UUID, known: Known, found: Found) -> None:
    for one, key in zip(entry.about, _keys(entry), strict=True):
        other = known.people.get(key)
        if other is None:
            found.identities.append(_identity_row(one, person, entry))
            known.learn(key, person)
        elif other != person:
            first, second = sorted((person, other))
            found.pairs[first, second] = _pair(first, second, one, entry)


def _identity_row(one: Identity, person: UUID, entry: EventRow) -> dict[str, Any]:
    where = {"workspace_id": entry.event["workspace_id"], "person_id": person}
    return {"id": ordered_id(), **where, **one.model_dump(), "since": entry.event["received_at"]}


def _pair(first: UUID, second: UUID, one: Identity, entry: EventRow) -> dict[str, Any]:
    why = f"an event was about one of them, and its {KIND_WORDS[one.kind].lower()} {one.value} is the other's"
    where = {"workspace_id": entry.event["workspace_id"], "first_id": first, "second_id": second}
    return {**where, "why": why[:500], "at": entry.event["received_at"]}


def _keys(entry: EventRow) -> list[Key]:
    return [(entry.event["workspace_id"], one.value, one.kind, one.scope) for one in entry.about]


def _known(keys: set[Key]) -> Known:
    known = Known()
    for workspace in {key[0] for key in keys}:
        values = sorted({key[1] for key in keys if key[0] == workspace})
        columns = "value, kind, scope, person_id"
        for *rest, person in bulk.picked(TABLE, columns, {"workspace_id": workspace}, "value", values):
            key = (workspace, *rest)
            if key in keys:
                known.people[key] = bulk.uuid_of(person)
    known.own_ids = _own_ids(set(known.people.values()))
    return known


def _own_ids(people: set[UUID]) -> dict[UUID, str]:
    rows = PersonIdentity.objects.filter(person__in=people, kind=OUR_OWN).values_list("person_id", "value")
    return dict(rows) if people else {}


def _written(found: Found, entries: list[EventRow]) -> Found:
    """Identities first, in one order, so that two who write the same wait in one line. Where somebody else was quicker
    what they made counts, and whom we would have made for it is not written."""
    rows = sorted(found.identities, key=lambda row: (row["workspace_id"], row["value"], row["kind"], row["scope"]))
    there = bulk.insert_new(PersonIdentity, rows, "id")
    ours = [row for row in rows if row["id"] in there]
    new = {row["person_id"] for row in ours} & found.people.keys()
    bulk.insert(Person, [found.people[pk] for pk in new])
    for row in ours:
        if row["kind"] in ONE_AT_A_TIME and row["person_id"] not in new:
            supersede(row)
    if len(ours) == len(rows):
        return found
    return matched(entries, _known({key for entry in entries for key in _keys(entry)}))


def supersede(row: dict[str, Any]) -> None:
    """This identity takes the place of those of its kind that the person had; they find her still."""
    before = PersonIdentity.objects.filter(person_id=row["person_id"], kind=row["kind"], scope=row["scope"])
    before.filter(superseded_by=None).exclude(pk=row["id"]).update(superseded_by=row["id"])


def _suggest(pairs: list[dict[str, Any]]) -> None:
    SamePerson.objects.bulk_create([SamePerson(**pair) for pair in pairs], ignore_conflicts=True)
