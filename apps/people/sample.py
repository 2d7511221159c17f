"""An example of a profile, for who draws: what everybody may have, and the attributes known in the workspace."""

from typing import Any

from apps.engine.values.profiles import attributes_of
from apps.people.facts import profiles_of
from apps.people.models import AttributeType, Person
from apps.workspaces.models import Workspace

MOST = 200
OWN = {
    "id": "019e5a7c-0000-7000-8000-000000000002",
    "distinct_id": "c-42",
    "name": "Asha",
    "email": "asha@example.com",
    "phone": "+919800000001",
    "language": "en",
    "time_zone": "Asia/Kolkata",
}
BY_TYPE: dict[str, Any] = {
    "text": "text",
    "number": 1,
    "boolean": True,
    "date": "2026-01-31",
    "list": ["one", "two"],
    "object": {"name": "value"},
}


def sample_profile(workspace: Workspace) -> dict[str, Any]:
    """Attributes as the newest person has them, else by their type; identities and fields are made up."""
    known = AttributeType.objects.of(workspace).order_by("name").values_list("name", "type")[:MOST]
    newest = Person.objects.of(workspace).order_by("-id").first()
    real = attributes_of(profiles_of([newest.pk])[newest.pk]) if newest else {}
    return {**OWN, **{name: real.get(name, BY_TYPE.get(kind, "")) for name, kind in known}}
