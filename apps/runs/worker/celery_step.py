"""The machine's place in a Celery worker: a thread of its own that lives on when the broker is gone."""

import threading
from typing import Any

from celery import bootsteps

from apps.database import wakeups
from apps.runs.worker import start_check
from apps.runs.worker.loop import MACHINE

GRACE_S = 60.0  # longer than any call takes


class MachineStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """Starts the machine with the worker and stops it first."""

    def __init__(self, parent: Any, **options: Any) -> None:
        super().__init__(parent, **options)
        self.stopped = threading.Event()
        self.loop = threading.Thread(target=self._run, name="machine", daemon=True)

    def start(self, parent: Any) -> None:
        self.loop.start()

    def _run(self) -> None:
        start_check.wait_until_fit(self.stopped)
        MACHINE.run(self.stopped)

    def stop(self, parent: Any) -> None:
        """Take nothing more, end what is in hand: whatever was claimed and not called would be unknown."""
        self.terminate(parent)
        self.loop.join(GRACE_S)
        MACHINE.drain(GRACE_S)

    def terminate(self, parent: Any) -> None:
        self.stopped.set()
        wakeups.wake()
