"""Whom news is about: which of its values are identities of a person."""

from typing import Any

from pydantic import ConfigDict, Field

from apps.common.values import Value
from apps.engine.fields import hint
from apps.engine.values.data import RunData
from apps.engine.values.identities import KIND_WORDS, Identity, IdentityKind, identity_value
from apps.engine.values.paths import MISSING

MAX_ABOUT = 20


class IdentityAt(Value):
    """Where an identity of the person stands in the data."""

    model_config = ConfigDict(title="Identity")
    kind: IdentityKind = Field(
        title="Known by", description="What the value is.", json_schema_extra=hint(labels=KIND_WORDS)
    )
    path: str = Field(
        title="Path",
        description="Where it stands, as customer_id or customer.phone.",
        min_length=1,
        max_length=200,
        json_schema_extra=hint("variable"),
    )


About = list[IdentityAt]


def identities_in(about: list[IdentityAt], body: dict[str, Any], country: str) -> list[Identity]:
    """The identities that the data has, in the order of the rows, one of each kind: the first that is anybody's."""
    data, found = RunData(trigger=body), dict[str, Identity]()
    for row in about:
        said = data.lookup(row.path) if row.kind not in found else MISSING
        value = "" if said is MISSING else identity_value(row.kind, said, country)
        if value:
            found[row.kind] = Identity(kind=row.kind, value=value)
    return list(found.values())
