"""Who sent a request, seen past the proxies of this installation."""

from django.conf import settings
from django.http import HttpRequest

from apps.ingress.ip_networks import sender


def sender_of(request: HttpRequest) -> str:
    """The sender's address: `X-Forwarded-For` counts only where `TRUSTED_PROXIES` wrote it. Empty: not known."""
    connected, forwarded = request.META.get("REMOTE_ADDR", ""), request.headers.get("X-Forwarded-For", "")
    return sender(connected, forwarded, settings.TRUSTED_PROXIES)
