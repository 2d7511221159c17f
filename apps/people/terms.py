"""Words by which people are found by their attributes: one for each value, of a list one for each item."""

from collections.abc import Iterator
from itertools import islice
from typing import Any
from uuid import UUID

from apps.database import bulk
from apps.engine.values.profiles import Facts
from apps.engine.values.to_text import to_text
from apps.people.models import PersonTerm

MAX_WORD, MAX_ITEMS = 200, 40


def attribute_word(name: str, value: Any) -> str:
    """The word of one value; letters' case does not count."""
    return f"{name}={' '.join(to_text(value).split()).casefold()}"[:MAX_WORD]


def rewrite(workspace_id: int, person_id: UUID, attributes: Facts, names: set[str]) -> None:
    """The words of these attributes as they are now; within the caller's transaction."""
    PersonTerm.objects.filter(person_id=person_id, name__in=names).delete()
    where = {"workspace_id": workspace_id, "person_id": person_id}
    rows = [
        {**where, "name": name, "word": word}
        for name in sorted(names & attributes.keys())
        for word in dict.fromkeys(islice(_words(name, attributes[name]), MAX_ITEMS))
    ]
    bulk.insert(PersonTerm, rows)


def _words(name: str, value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if not isinstance(one, dict | list):
            yield attribute_word(name, one)
