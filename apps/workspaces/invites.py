"""Invites: a link that lets one person into one workspace, once, for a week, as what its maker may give."""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.common.ids import token
from apps.common.trouble import Refused
from apps.workspaces.models import Invite, Membership, Role, Workspace

LASTS = timedelta(days=7)
MOST_OPEN = 100
GONE = "this invite is not valid any more: it was used or withdrawn, or it has expired. Ask for a new one"


def open_invites(workspace: Workspace, now: datetime) -> QuerySet[Invite]:
    return Invite.objects.of(workspace).filter(_is_open(now)).order_by("-id")


def _is_open(now: datetime) -> Q:
    return Q(accepted_at=None, withdrawn_at=None, expires_at__gt=now)


def invite(workspace: Workspace, email: str, role: str, by: User, now: datetime) -> tuple[Invite, str]:
    """A new invite and its token, which nobody can read again; an open one for the same person ends. Raises Refused."""
    email = email.strip().lower()
    if Membership.objects.of(workspace).filter(user__email=email).exists():
        raise Refused(f"{email} is a member already")
    with transaction.atomic():
        open_invites(workspace, now).filter(email=email).update(withdrawn_at=now)
        if open_invites(workspace, now).count() >= MOST_OPEN:
            raise Refused(f"{MOST_OPEN} invites are open: withdraw some first")
        secret = token()
        dates = {"created_at": now, "expires_at": now + LASTS}
        facts = {"workspace": workspace, "email": email, "role": role, "invited_by": by}
        return Invite.objects.create(**facts, **dates, digest=_digest(secret)), secret


def open_invite(secret: str, now: datetime) -> Invite:
    """The open invite with this token, whose maker is still an owner. Raises Refused."""
    rows = Invite.objects.filter(_is_open(now), digest=_digest(secret))
    found = rows.select_related("workspace", "invited_by").first()
    if found is None or not _may_still_invite(found):
        raise Refused(GONE)
    return found


def accept(secret: str, user: User, now: datetime) -> Membership:
    """Let the person in, if the invite is theirs. Who is a member already stays what they are. Raises Refused."""
    with transaction.atomic():
        found = open_invite(secret, now)
        if user.email != found.email:
            raise Refused(f"this invite is for {found.email}, and you are signed in as {user.email}")
        taken = Invite.objects.filter(_is_open(now), pk=found.pk).update(accepted_at=now)
        if not taken:
            raise Refused(GONE)
        role = {"role": found.role}
        return Membership.objects.get_or_create(workspace=found.workspace, user=user, defaults=role)[0]


def _may_still_invite(found: Invite) -> bool:
    owners = Membership.objects.of(found.workspace).filter(role=Role.OWNER, user__is_active=True)
    return owners.filter(user=found.invited_by).exists()


def _digest(secret: str) -> str:
    """SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
