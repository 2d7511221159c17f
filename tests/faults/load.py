"""Load, and moments amid it."""

import threading
import time
from datetime import UTC, datetime

from tests.faults.system import SECONDS, System

PAUSE_S = 0.15 if SECONDS <= 20 else 0.0  # between two events of a sender; who has more time floods the system


def moment(said: str) -> float:
    found = datetime.fromisoformat(said.replace("+00", "+00:00") if said.endswith("+00") else said)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def loaded(system: System, seconds: float, name: str, pause_s: float = PAUSE_S) -> None:
    """Four senders for so long."""
    end = time.monotonic() + seconds

    def send(sender: int) -> None:
        number = 0
        while time.monotonic() < end:
            system.fire(f"{name}-{sender}-{number}")
            number += 1
            time.sleep(pause_s)

    senders = [threading.Thread(target=send, args=(sender,)) for sender in range(4)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
