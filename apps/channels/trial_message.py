"""One message by a connection, for whoever sets it up: sent now, kept nowhere, and its outcome told."""

import threading

from pydantic import ValidationError

from apps.channels.models import Connection, faults
from apps.channels.sending import call_provider
from apps.common.crypto import Undecryptable
from apps.common.effects import Capture
from apps.common.ids import ordered_id
from apps.common.trouble import Refused
from apps.database import bulk
from apps.providers.contract import Message, Result

AT_ONCE = threading.BoundedSemaphore(2)  # threads of pages: the others of the process answer webhooks
INBOX = Result(kind="accepted", why="the test inbox keeps messages here, so nothing leaves")


def send_trial(connection: Connection, channel: str, address: str) -> Result:
    """What came of it. Raises Refused where it cannot even be tried."""
    if not AT_ONCE.acquire(blocking=False):
        raise Refused("others send tests just now: try again in a moment")
    try:
        return _sent(connection, channel, address)
    except (ValidationError, Undecryptable, ValueError) as trouble:
        why = "; ".join(faults(trouble)) if isinstance(trouble, ValidationError) else str(trouble)
        raise Refused(why) from None
    finally:
        AT_ONCE.release()


def _sent(connection: Connection, channel: str, address: str) -> Result:
    provider = connection.provider()
    words = f"This is a test of the connection {connection.name}. If you read it, the connection works."
    message = Message(channel=channel, address=address, key=f"trial-{ordered_id()}", subject="A test", text=words)
    effect = provider.prepare(message)
    bulk.release_connection()
    return INBOX if isinstance(effect, Capture) else call_provider(provider, effect)
