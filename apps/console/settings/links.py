"""Links that leave the pages: in mails, and to copy."""

from django.conf import settings


def public(path: str) -> str:
    """The whole URL of a path of ours, as people outside reach it: never by what a request calls us."""
    return f"{settings.PUBLIC_URL}{path}"
