"""The fingerprints of the keys that this installation encrypts with, in its database: who lacks one does not start.

A key belongs to the installation from the first start of a process that has it first, until `rotate_keys` has taken
its last secret over. A fingerprint is the id that stands in each ciphertext.
"""

from datetime import datetime

from apps.common import crypto
from apps.workspaces.models import EncryptionKey
from apps.workspaces.rotating import count_by_key


def missing(now: datetime) -> list[str]:
    """The keys that we lack; none: ours belong to the installation from now on."""
    ours, known = crypto.key_ids(), _known()
    lacking = sorted(known - set(ours))
    if not lacking and not EncryptionKey.objects.filter(key_id=crypto.first_key()).exists():
        new = [EncryptionKey(key_id=key, since=now) for key in known | {crypto.first_key()}]
        EncryptionKey.objects.bulk_create(new, ignore_conflicts=True)
        return sorted(_known() - set(ours))  # two that start first at the same moment
    return lacking


def retire() -> None:
    """Every secret is kept with the first key: the others are no longer asked for."""
    EncryptionKey.objects.exclude(key_id=crypto.first_key()).delete()


def forget(key_id: str) -> bool:
    """That key is lost, and what it encrypted with it. False: the installation does not know it."""
    return bool(EncryptionKey.objects.filter(key_id=key_id).delete()[0])


def _known() -> set[str]:
    known = set(EncryptionKey.objects.values_list("key_id", flat=True))
    return known or _of_what_is_there()


def _of_what_is_there() -> set[str]:
    """An installation from before this was kept: it lives with those of its keys that somebody has."""
    used = set(count_by_key())
    return used & set(crypto.key_ids()) or used
