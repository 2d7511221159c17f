"""What runs read of people."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from apps.engine.values.identities import KIND_WORDS
from apps.engine.values.profiles import FIELDS, profile_facts
from apps.people.models import Person, PersonIdentity

Profiles = dict[UUID, dict[str, Any]]


def profiles_of(people: Iterable[UUID | None]) -> Profiles:
    """What is known of each of these people, as texts read it; two queries, none for nobody."""
    wanted = {person for person in people if person is not None}
    if not wanted:
        return {}
    known = current_identities(wanted)
    rows = Person.objects.filter(pk__in=wanted)
    return {
        row.pk: profile_facts(str(row.pk), {name: getattr(row, name) for name in FIELDS}, row.attributes, known[row.pk])
        for row in rows
    }


def current_identities(people: set[UUID]) -> dict[UUID, dict[str, str]]:
    """The newest of each kind that nothing took the place of."""
    found: dict[UUID, dict[str, str]] = defaultdict(dict)
    rows = PersonIdentity.objects.filter(person_id__in=people, superseded_by=None).order_by("id")
    for person, kind, value in rows.values_list("person_id", "kind", "value"):
        found[person][kind] = value
    return found


def name_of(person: Person) -> str:
    """How people call this person: by name, else by what is known."""
    if person.name:
        return person.name
    known = current_identities({person.pk})[person.pk]
    return next((known[kind] for kind in KIND_WORDS if kind in known), "Somebody")
