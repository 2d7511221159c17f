"""Mail of the installation itself, to people who sign in: by MAIL_URL, never by a workspace's connection, for its owner
would read others' links."""

import logging

from django.conf import settings
from django.core.mail import send_mail

log = logging.getLogger(__name__)


def may_send() -> bool:
    """Whether this installation sends mail."""
    return bool(settings.EMAIL_HOST)


def send_to_member(to: str, subject: str, text: str) -> bool:
    """Send a mail now. False: there is no MAIL_URL, or the server did not take it."""
    if not may_send():
        return False
    try:
        return send_mail(subject, text, None, [to]) == 1
    except OSError as error:  # of which those of SMTP are some
        log.warning("a mail to a member was not sent: %s", type(error).__name__)
        return False
