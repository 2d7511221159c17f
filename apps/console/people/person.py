"""One person: by what she is known, what is known of her, and what happened."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from apps.common.ids import uuid_in
from apps.console.activity.words import pretty_json
from apps.console.page.page import asked, show
from apps.console.people.people import with_identities
from apps.console.people.timeline import timeline
from apps.engine.values.profiles import TYPE_WORDS, type_of
from apps.people.facts import name_of
from apps.people.models import Person, PersonIdentity, SamePerson
from apps.workspaces.models import Membership
from apps.workspaces.tenancy import member

MOST_IDENTITIES, MOST_ALIKE, MANY_WORDS = 200, 20, 200


@require_safe
@member
def person(request: HttpRequest, membership: Membership, pk: str) -> HttpResponse:
    found = get_object_or_404(Person.objects.of(membership.workspace), pk=pk)
    items, older = timeline(found, membership, uuid_in(asked(request, "before")))
    identities = PersonIdentity.objects.filter(person=found).select_related("superseded_by").order_by("-id")
    facts = {
        "here": "people",
        "person": found,
        "name": name_of(found),
        "identities": identities[:MOST_IDENTITIES],
        "attributes": [_attribute(name, value) for name, value in found.attributes.items()],
        "alike": _alike(found),
        "items": items,
        "older": older,
        "is_newest": not asked(request, "before"),
    }
    return show(request, "pages/person.html", membership, facts)


def _attribute(name: str, value: Any) -> dict[str, Any]:
    kind = type_of(value)
    text = pretty_json(value) if kind in ("object", "list") else str(value).lower() if kind == "boolean" else str(value)
    return {"name": name, "type": TYPE_WORDS[kind], "text": text, "long": len(text) > MANY_WORDS}


def _alike(row: Person) -> list[dict[str, Any]]:
    """Others who may be this person, with the reason."""
    pairs = SamePerson.objects.filter(Q(first=row) | Q(second=row)).select_related("first", "second").order_by("-id")
    others = [(pair.second if pair.first_id == row.pk else pair.first, pair.why) for pair in pairs[:MOST_ALIKE]]
    return [
        {**facts, "why": why} for facts, (_, why) in zip(with_identities([o for o, _ in others]), others, strict=True)
    ]
