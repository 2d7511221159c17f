"""Load, and moments amid it."""

import threading
import time
from collections import Counter
from datetime import UTC, datetime

from tests.faults.system import SECONDS, System, until

PAUSE_S = 0.15 if SECONDS <= 20 else 0.0  # between two events of a sender; who has more time floods the system
SOON_S, LEASE_S = 10, 14
TOLD = """
SELECT COUNT(*) FROM runs_run r WHERE r.event_id = '{}' AND r.state = 'completed'
AND EXISTS (SELECT 1 FROM channels_delivery d WHERE d.run_id = r.id)
AND NOT EXISTS (SELECT 1 FROM channels_delivery d WHERE d.run_id = r.id AND d.state <> 'sent')
"""


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


class Load(threading.Thread):
    """Payments one after the other until `end`, with the statuses that they met."""

    def __init__(self, system: System, name: str) -> None:
        super().__init__(daemon=True)
        self.system, self.prefix, self.statuses, self.over = system, name, Counter[int](), False
        self.start()

    def run(self) -> None:
        number = 0
        while not self.over:
            self.statuses[self.system.status(f"{self.prefix}-{number}")] += 1
            number += 1
            time.sleep(0.05)

    def end(self) -> Counter[int]:
        self.over = True
        self.join(60)
        return self.statuses


def goes_on(system: System, name: str) -> None:
    """Soon a new payment is taken and all told of it; what a claim held that was lost meanwhile is freed by its lease."""
    begun, orders = time.monotonic(), []

    def taken() -> bool:
        orders.append(f"{name}-{len(orders)}")
        return system.fire(orders[-1])

    until(taken, SOON_S, "it takes events again")
    event = system.fired[f"{system.test}-{orders[-1]}"]
    left_s = max(SOON_S - (time.monotonic() - begun), 1)
    until(
        lambda: system.check.ask(TOLD.format(event)) == [(1,)],
        left_s,
        "the new payment is told",
        system.check.open_work,
    )
    system.settled(LEASE_S + SOON_S)
