"""The list of people, found by any identity or by an attribute: each by an index, whatever the table's size."""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.console.page.page import asked, paged, show
from apps.engine.values.identities import KIND_WORDS, kinds_that_fit
from apps.engine.values.profiles import shown
from apps.people.facts import current_identities
from apps.people.models import AttributeType, ErasureRequest, Person, PersonIdentity
from apps.people.terms import attribute_word
from apps.workspaces.models import Membership, Workspace
from apps.workspaces.tenancy import member

FILTERS = ("q", "attribute", "value")
MOST_FOUND, MOST_ATTRIBUTES, FEW_FACTS = 500, 200, 4


@require_safe
@member
def people(request: HttpRequest, membership: Membership) -> HttpResponse:
    workspace = membership.workspace
    chosen = {name: asked(request, name) for name in FILTERS}
    page = paged(request, _rows(workspace, chosen))
    facts = {
        "here": "people",
        "page": page,
        "rows": with_identities(list(page)),
        "attributes": AttributeType.objects.of(workspace).order_by("name")[:MOST_ATTRIBUTES],
        "chosen": chosen,
        "filtered": any(chosen.values()),
        "most": MOST_FOUND,
        "to_erase": ErasureRequest.objects.of(workspace).filter(done_at=None)[: MOST_FOUND + 1].count(),
    }
    return show(request, "pages/people.html", membership, facts)


@require_safe
@member
def to_erase(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Who asked to be forgotten."""
    rows = ErasureRequest.objects.of(membership.workspace).select_related("person").order_by("-id")
    return show(request, "pages/to_erase.html", membership, {"here": "people", "page": paged(request, rows)})


def _rows(workspace: Workspace, chosen: dict[str, str]) -> QuerySet[Person]:
    rows = Person.objects.of(workspace)
    if chosen["q"]:
        rows = rows.filter(pk__in=people_known_as(workspace, chosen["q"]))
    if chosen["attribute"]:
        word = attribute_word(chosen["attribute"], chosen["value"])
        rows = rows.filter(terms__workspace=workspace, terms__word=word).order_by("-terms__person_id")
        return rows
    return rows.order_by("-id")


def people_known_as(workspace: Workspace, text: str) -> list[UUID]:
    """Those who have an identity that this text may mean, or that begins with it; at most 500."""
    wanted = Q(value__startswith=text)
    for kind, value in kinds_that_fit(text, workspace.country):
        wanted |= Q(kind=kind, value=value)
    found = PersonIdentity.objects.of(workspace).filter(wanted)
    return list(dict.fromkeys(found.values_list("person_id", flat=True)[:MOST_FOUND]))


def with_identities(rows: list[Person]) -> list[dict[str, Any]]:
    """Each person with her identities of today and a few of her attributes, as a list shows them."""
    current = current_identities({row.pk for row in rows})
    found = {
        row.pk: [(words, current[row.pk][kind]) for kind, words in KIND_WORDS.items() if kind in current[row.pk]]
        for row in rows
    }
    return [
        {
            "person": row,
            "name": row.name or next((value for _, value in found[row.pk]), "Somebody"),
            "identities": found[row.pk],
            "attributes": [(name, shown(value)) for name, value in list(row.attributes.items())[:FEW_FACTS]],
            "more": max(len(row.attributes) - FEW_FACTS, 0),
        }
        for row in rows
    ]
