"""What a sender says of a cohort: who is in it, or who came and went. A seam between sources and the rows of people."""

from typing import Any, Literal

from pydantic import Field

from apps.common.values import Value

Action = Literal["replace", "add", "remove"]


class CohortMember(Value):
    """Somebody of a cohort: the sender's id, and all that it says of this person."""

    id: str
    facts: dict[str, Any] = {}


class CohortPage(Value):
    """One part of what a sender says of a cohort. *replace*: whoever is on no page of this session is not in it any
    more, once all pages are in; *add* and *remove*: these came, or went."""

    cohort: str
    name: str = ""
    description: str = ""
    action: Action
    session: str = ""
    page: int = Field(default=1, ge=1)
    pages: int = Field(default=1, ge=1)
    members: tuple[CohortMember, ...] = ()


ENTERED, LEFT = "entered", "left"
COHORT_KIND = "cohort"  # `kind` in the body of what a cohort's change makes


def member_body(page: CohortPage, member: CohortMember, change: str) -> dict[str, Any]:
    """What a workflow reads of somebody who entered or left."""
    cohort = {"id": page.cohort, "name": page.name}
    return {**member.facts, "kind": COHORT_KIND, "change": change, "cohort": cohort, "member_id": member.id}


def cohort_keys(body: dict[str, Any]) -> tuple[str, ...]:
    """Of the rules that a change fits: of the cohort by its id or its name, or of any."""
    cohort, change = body.get("cohort"), body.get("change")
    facts = cohort if isinstance(cohort, dict) else {}
    names = [str(facts.get("id", "")), str(facts.get("name", "")), ""]
    return tuple(cohort_key(name, str(change)) for name in names)


def cohort_words(body: dict[str, Any]) -> str:
    """What people read of a change; empty where it is none."""
    if body.get("kind") != COHORT_KIND or not isinstance(body.get("cohort"), dict):
        return ""
    cohort = body["cohort"]
    return f"{body.get('member_id')} {body.get('change')} {cohort.get('name') or cohort.get('id')}"


def cohort_key(cohort: str, change: str) -> str:
    return f"cohort:{change}:{cohort}"
