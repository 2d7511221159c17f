"""What the machine must know of a source, read again after a second, and of the rules that listen to it."""

from functools import lru_cache

from pydantic import ValidationError

from apps.database.ttl_cache import cached
from apps.engine.about import IdentityAt
from apps.sources.registry import TRIGGERS
from apps.sources.source_rule import FiredRule
from apps.triggers.models import Source


@cached
def name_of_source(source_id: str) -> str:
    """Empty: it is not there any more."""
    found = Source.objects.filter(pk=source_id).values_list("name", flat=True).first()
    return str(found or "")


@cached
def about_of_source(source_id: str) -> list[IdentityAt]:
    """By what its people are known."""
    source = Source.objects.filter(pk=source_id).first()
    return source.identities_at() if source else []


@lru_cache(maxsize=1024)
def listening_rule(kind: str, settings: str) -> FiredRule | None:
    """`settings`: the rule's JSON. None: this version cannot read it, or it listens to no source."""
    try:
        rule = TRIGGERS.all()[kind].model_validate_json(settings)
    except (KeyError, ValidationError):
        return None
    return rule if isinstance(rule, FiredRule) else None
