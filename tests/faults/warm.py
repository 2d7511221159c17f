"""Processes that begin with the libraries loaded: each is a fork of a parent that does nothing else.

Loading them is most of what a start costs, and the tests start a hundred. What the project itself is made of, and all
that reads a setting, is loaded by each process for itself, from its own environment.
"""

import multiprocessing
import os
import runpy
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARIES = [
    "django.contrib.admin.helpers",
    "django.core.management.commands.check",
    "django.test.client",
    "celery.bin.celery",
    "celery.apps.worker",
    "celery.worker.consumer",
    "celery.concurrency.thread",
    "granian.cli",
    "jsonschema",
    "kombu.transport.pyamqp",
    "kombu.transport.redis",
    "liquid",
    "prometheus_client",
    "psycopg",
    "pycurl",
    "pydantic.json_schema",
    "requests",
    "rest_framework.serializers",
]
forks = multiprocessing.get_context("forkserver")
forks.set_forkserver_preload([*LIBRARIES, __name__])


class Warm:
    """A process as `subprocess` shows it: `command` is a Python script of the environment and its arguments."""

    def __init__(self, command: list[str], env: dict[str, str], log: Path) -> None:
        self._process = forks.Process(target=run, args=(command, env, str(log)))
        self._process.start()
        self.pid = self._process.pid

    def send_signal(self, sign: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sign)

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float) -> int:
        self._process.join(timeout)
        code = self.poll()
        assert code is not None, f"process {self.pid} did not end within {timeout:.0f} s"
        return code


def run(command: list[str], env: dict[str, str], log: str) -> None:
    """In the fork: become the command."""
    os.environ.clear()
    os.environ.update(env)
    out = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for stream in (1, 2):
        os.dup2(out, stream)
    multiprocessing.set_start_method(None, force=True)  # what it starts, it starts as it would by itself
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    script = shutil.which(command[0], path=env["PATH"])
    sys.argv = [script, *command[1:]]
    runpy.run_path(script, run_name="__main__")
