"""The secrets that a connection keeps: they go only where they were given for."""

import json
from typing import Any

from apps.channels.models import Connection
from apps.common import crypto
from apps.common.trouble import Refused
from apps.providers.contract import Provider

ELSEWHERE = "the stored one was given for another host, port or a safer way, and is not sent anywhere else."


def stored_secrets(pk: int | None, kind: str) -> dict[str, Any]:
    """Those kept so far, where the provider is still the same. Raises Undecryptable."""
    old = Connection.objects.filter(pk=pk, kind=kind).first() if pk else None
    if old is None or not old.sealed:
        return {}
    found: dict[str, Any] = json.loads(crypto.decrypt(old.sealed, old.encryption_context()))
    return found


def goes_elsewhere(pk: int | None, made: Provider) -> bool:
    """Whether a stored secret would go to another host or port, or by a less safe way, than it was typed for."""
    old = Connection.objects.get(pk=pk)
    try:
        (was, safe), (now, safe_now) = old.provider().destination(), made.destination()
    except Refused:
        return True
    return was != now or safe_now < safe
