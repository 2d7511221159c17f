"""The only module that changes a profile; see `finding.py` for how people and identities are made."""

from datetime import datetime
from uuid import UUID

from apps.common.ids import ordered_id
from apps.common.trouble import Refused
from apps.database import bulk
from apps.engine.values.identities import KIND_WORDS, identity_value
from apps.engine.values.profiles import (
    ADDRESSES,
    FIELDS,
    TYPE_WORDS,
    Facts,
    ProfileChange,
    attributes_of,
    changed,
    profile_facts,
    shown,
    type_of,
)
from apps.people import terms
from apps.people.facts import current_identities
from apps.people.finding import supersede
from apps.people.models import AttributeType, Person, PersonIdentity
from apps.workspaces.models import Workspace


def update(workspace: Workspace, person_id: UUID, changes: list[ProfileChange], now: datetime) -> tuple[Facts, Facts]:
    """What is known afterwards, and what was before of what is other now; within the caller's transaction.

    Raises Refused, and then nothing was changed.
    """
    person = Person.objects.of(workspace).select_for_update().filter(pk=person_id).first()
    if person is None:
        raise Refused("this person is not there any more")
    after, before = changed(_facts(person), changes)
    _check_types(workspace, {name: after[name] for name in before if name in after})
    for kind in before.keys() & set(ADDRESSES):
        after[kind] = _readdress(workspace, person, kind, after[kind], now)
    if before:
        _write(person, after, now)
        terms.rewrite(workspace.pk, person.pk, attributes_of(after), set(before))
    return after, before


def _facts(person: Person) -> Facts:
    fields = {name: getattr(person, name) for name in FIELDS}
    return profile_facts(str(person.pk), fields, person.attributes, current_identities({person.pk})[person.pk])


def _write(person: Person, after: Facts, now: datetime) -> None:
    """Its row is locked; in a pipeline nobody learns how many rows moved."""
    fields = {name: after.get(name, "") for name in FIELDS}
    Person.objects.filter(pk=person.pk).update(**fields, attributes=attributes_of(after), updated_at=now)


def _check_types(workspace: Workspace, values: Facts) -> None:
    """An attribute has one type in a workspace, that of its first value."""
    types = {name: type_of(value) for name, value in attributes_of(values).items()}
    rows = [{"workspace_id": workspace.pk, "name": name, "type": kind} for name, kind in sorted(types.items())]
    bulk.insert_new(AttributeType, rows, "id")
    known = AttributeType.objects.of(workspace).filter(name__in=list(types)).values_list("name", "type")
    for name, kind in known:
        if types[name] != kind:
            raise Refused(f"{name} is {TYPE_WORDS[kind]} in this workspace, and {shown(values[name])} is none")


def _readdress(workspace: Workspace, person: Person, kind: str, said: str, now: datetime) -> str:
    """Make this the person's address of its kind; the one before finds her still. Raises Refused."""
    value = identity_value(kind, said, workspace.country)
    if not value:
        raise Refused(f"{shown(said)} is no {KIND_WORDS[kind].lower()}")
    row = {"id": ordered_id(), "workspace_id": workspace.pk, "person_id": person.pk, "kind": kind, "scope": ""}
    if not bulk.insert_new(PersonIdentity, [{**row, "value": value, "since": now}], "id"):
        row = _had_before(workspace, person, kind, value)
    supersede(row)
    return value


def _had_before(workspace: Workspace, person: Person, kind: str, value: str) -> dict[str, object]:
    """The identity as this person has it already, current again. Raises Refused where it is another's."""
    mine = PersonIdentity.objects.of(workspace).filter(person=person, kind=kind, scope="", value=value)
    row = mine.values("id", "kind", "scope", "person_id").first()
    if row is None:
        raise Refused(f"the {KIND_WORDS[kind].lower()} {value} is another person's")
    mine.update(superseded_by=None)
    return row
