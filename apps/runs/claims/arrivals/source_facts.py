"""What the machine must know of a source, read again after a second."""

from apps.database.ttl_cache import cached
from apps.engine.about import IdentityAt
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
