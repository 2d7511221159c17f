"""Keys of partners: shown once, kept as a hash, found by their public half."""

import hashlib
import hmac
import re
import secrets
from datetime import datetime, timedelta

from apps.common.ids import public_id
from apps.database import bulk
from apps.workspaces.models import ApiKey, Workspace

START, SIZE = "fyno", 32
_SHAPE = re.compile(rf"{START}_([a-z0-9]{{12}})_([A-Za-z0-9_-]{{43}})")
MARK_EVERY = timedelta(minutes=1)


def make(workspace: Workspace, name: str) -> tuple[ApiKey, str]:
    """A new key and what its holder sends, `fyno_<public>_<secret>`: nobody can read it again."""
    prefix, secret = public_id(), secrets.token_urlsafe(SIZE)
    return ApiKey(workspace=workspace, name=name, prefix=prefix, digest=_digest(secret)), f"{START}_{prefix}_{secret}"


def find(shown: str, now: datetime) -> ApiKey | None:
    """The key that this is, if it is one; marks that it was used."""
    parts = _SHAPE.fullmatch(shown)
    key = ApiKey.objects.filter(prefix=parts[1]).select_related("workspace").first() if parts else None
    if parts is None or key is None or not hmac.compare_digest(key.digest, _digest(parts[2])):
        return None
    if key.used_at is None or now - key.used_at > MARK_EVERY:
        with bulk.unconfirmed():
            ApiKey.objects.filter(pk=key.pk).update(used_at=now)
    return key


def _digest(secret: str) -> str:
    """SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
