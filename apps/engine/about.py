"""Whom news is about: which of its values are identities of a person."""

from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field

from apps.common.values import Value
from apps.engine.fields import distinct, hint
from apps.engine.values.data import RunData
from apps.engine.values.identities import KIND_WORDS, Identity, IdentityKind, identity_value
from apps.engine.values.paths import MISSING

MAX_ABOUT = 10


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


def _each_once(rows: list[IdentityAt]) -> list[IdentityAt]:
    return distinct(rows, "kind")


About = Annotated[list[IdentityAt], AfterValidator(_each_once)]


def identities_in(about: list[IdentityAt], body: dict[str, Any], country: str) -> list[Identity]:
    """The identities that the data has, in the order of the rows; a value that is nobody's is passed over."""
    data = RunData(trigger=body)
    found = [(row.kind, data.lookup(row.path)) for row in about]
    values = [(kind, identity_value(kind, said, country)) for kind, said in found if said is not MISSING]
    return [Identity(kind=kind, value=value) for kind, value in values if value]
