"""Makes a process die or stop at a named place, once; and makes leases short, so that tests need not wait long."""

import os
import signal
import threading
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from celery import current_app
from django.apps import AppConfig
from django.utils import timezone

from tests.faults.defects import DEFECTS

PASSES = int(os.environ.get("PASSES", "2"))  # by default the process has done something before it dies


class FaultsConfig(AppConfig):
    name = "tests.faults"

    def ready(self) -> None:
        from apps.channels import deliveries, sending  # noqa: PLC0415  (models load only when apps are ready)
        from apps.database import failpoints, wakeups  # noqa: PLC0415
        from apps.engine.registry import NODES  # noqa: PLC0415
        from apps.runs.claims import settling as runs  # noqa: PLC0415
        from apps.runs.claims import starting  # noqa: PLC0415
        from apps.runs.interpreter import checkpoint  # noqa: PLC0415
        from apps.runs.worker import loop  # noqa: PLC0415
        from tests.faults.poison import Poison  # noqa: PLC0415

        NODES.all()[Poison.kind] = Poison
        checkpoint.MIN_LEASE_S, checkpoint.MARGIN_S = 10, 10
        deliveries.LEASE_S, sending.PAUSED_S = 14, 5
        starting.MOST_HEARD = 20
        loop.TIDY_S, runs.RECONCILE = 1.0, timedelta(seconds=5)
        DEFECTS.get(os.environ.get("DEFECT", ""), lambda: None)()
        wakeups.current_app = Hinting(os.environ.get("HINTS", ""))
        if "CLOCK_FILE" in os.environ:
            jump(Path(os.environ["CLOCK_FILE"]))
        failpoints.reached = Fate(os.environ.get("KILL_AT", ""), os.environ.get("STOP_AT", ""))


def jump(file: Path) -> None:
    """This process's own clock is as many seconds ahead as the file says, from the moment it says so."""
    plain_now, plain_time = timezone.now, time.time
    timezone.now = lambda: plain_now() + timedelta(seconds=float(file.read_text()))
    time.time = lambda: plain_time() + float(file.read_text())


class Hinting:
    """Celery as the hints know it: sends each once, three times, or never."""

    def __init__(self, how: str) -> None:
        self.times = {"none": 0, "thrice": 3}.get(how, 1)

    def send_task(self, name: str, **facts: object) -> None:
        for _ in range(self.times):
            current_app.send_task(name, **facts)


class Fate:
    """What happens at a place: nothing, an end by SIGKILL, or a pause by SIGSTOP."""

    def __init__(self, kill_at: str, stop_at: str) -> None:
        self.signals = {kill_at: signal.SIGKILL, stop_at: signal.SIGSTOP}
        self.passed: Counter[str] = Counter()
        self.lock = threading.Lock()

    def __call__(self, name: str) -> None:
        sign = self.signals.get(name)
        if sign is None:
            return
        with self.lock:
            self.passed[name] += 1
            if self.passed[name] == PASSES:
                Path(os.environ["FATE_FILE"]).write_text(name)
                os.kill(os.getpid(), sign)
