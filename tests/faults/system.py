"""The system as processes that a test starts, kills and starts again; it ends only what it started."""

import contextlib
import json
import os
import random
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import requests

from fynoflow.run import processes
from tests.faults.checker import Checker
from tests.faults.drawings import drawings
from tests.faults.proxy import Proxy
from tests.faults.stub import Record, serve
from tests.faults.warm import Warm
from tests.support import migrated

ROOT = Path(__file__).resolve().parents[2]
SECONDS = int(os.environ.get("FAULT_SECONDS", "20"))
DATABASE = os.environ.get("DATABASE_URL", "")
BODY = {"status": "failed", "customer_id": "c-42", "amount": 5, "email": "a@example.com", "phone": "+919800000001"}


Process = Warm | subprocess.Popen[bytes]


class System:
    """Web and worker on a database of their own, with a stub that keeps what it was asked."""

    def __init__(self, folder: Path, port: int, server: str = DATABASE) -> None:
        self.folder, self.port = folder, port
        self.record = Record(folder / "outside.jsonl")
        self.stub, self.moody = serve(self.record), serve(self.record)
        self.running: dict[str, Process] = {}
        self.fired: dict[str, str] = {}
        self.test = 0
        self.database = self._database(server)
        self.env = self._environment()
        self.doors = self._prepared()
        self.check = Checker(self.database.direct() if self.database else "", folder / "fynoflow.sqlite3", self.record)

    def _database(self, server: str) -> Proxy | None:
        """With all tables; SQLite's lies in the folder."""
        if not server:
            migrated.sqlite(self.folder)
            return None
        return Proxy(migrated.postgresql(server.rpartition("/")[0], f"fynoflow_faults_{self.port}"), 5432)

    def _environment(self) -> dict[str, str]:
        env = {name: value for name, value in os.environ.items() if name not in ("OUTBOUND_ALLOW", "ALLOWED_HOSTS")}
        stub = f"http://127.0.0.1:{self.stub.server_port}"
        env |= {"DATA_DIR": str(self.folder), "PORT": str(self.port), "DOOR_PER_S": "0", "PYTHONPATH": str(ROOT)}
        env |= {"OUTBOUND_ALLOW": "127.0.0.0/8", "SHOP_URL": stub, "GATEWAY_URL": f"{stub}/send"}
        env |= {"DJANGO_SETTINGS_MODULE": "tests.faults.settings", "FATE_FILE": str(self.folder / "fate")}
        env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env.get('PATH', '')}"
        env.pop("DATABASE_URL", None)
        env.pop("BROKER_URL", None)
        if self.database:
            env |= {"DATABASE_URL": self.database.url(), "BROKER_URL": "redis://127.0.0.1:6379/9"}
        return env

    def _prepared(self) -> dict[str, str]:
        """The doors of the workflows by name, on a migrated database."""
        graphs = drawings(*(f"http://127.0.0.1:{one.server_port}" for one in (self.stub, self.moody)))
        return json.loads(self.manage("prepare_faults", given=json.dumps(graphs)))

    def manage(self, *command: str, given: str = "") -> str:
        whole = [sys.executable, "manage.py", *command]
        done = subprocess.run(whole, cwd=ROOT, env=self.env, check=True, stdout=subprocess.PIPE, text=True, input=given)
        return done.stdout

    def at_hand(self, *command: str) -> "subprocess.Popen[str]":
        """As `manage`, started now for what is given later, by `communicate`."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        return subprocess.Popen([sys.executable, "manage.py", *command], cwd=ROOT, env=self.env, text=True, **pipes)

    def start(self, name: str, again: str = "", within: tuple[str, ...] = (), **env: str) -> None:
        """A process of the Procfile, known as `again` if it is the second; `KILL_AT` and `STOP_AT` name its fate.
        `within`: a command that runs it."""
        if env.keys() & {"KILL_AT", "STOP_AT"}:
            (self.folder / "fate").unlink(missing_ok=True)
        command = shlex.split(processes()[name].replace("${PORT:-8000}", str(self.port)))
        self.running[again or name] = self._begun(command, within, {**self.env, **env}, self.folder / f"{name}.log")
        if name == "web":
            until(lambda: self._answers(), 30, "the web process answers")

    def _begun(self, command: list[str], within: tuple[str, ...], env: dict[str, str], log: Path) -> Process:
        if not within:
            return Warm(command, env, log)
        with log.open("a") as out:
            return subprocess.Popen([*within, *command], cwd=ROOT, env=env, stdout=out, stderr=out)

    def _answers(self) -> bool:
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/health/live", timeout=2).status_code == 200
        except requests.RequestException:
            return False

    def fire(self, order: str, door: str = "payments") -> bool:
        """One event, of a payment unless the door is another's. True: it was acknowledged, so it must happen."""
        return self.status(order, door) == 202

    def status(self, order: str, door: str = "payments") -> int:
        """As `fire`, with the status of the answer; 0: there was none."""
        order = f"{self.test}-{order}"
        try:
            headers = {"Idempotency-Key": order}
            answer = requests.post(self.doors[door], json={**BODY, "order_id": order}, headers=headers, timeout=20)
        except requests.RequestException:
            return 0
        if answer.status_code == 202:
            self.fired[order] = answer.json()["request_id"]
        return answer.status_code

    def fire_until_its_fate(self, place: str, door: str = "payments") -> None:
        """Events until a process dies or stops at the place."""
        end, number = time.monotonic() + 60, 0
        while not self.fate() and time.monotonic() < end:
            self.fire(f"{place}-{number}", door)
            number += 1
            time.sleep(0.25)
        assert self.fate() == place

    def fate(self) -> str:
        """Where a process met its fate; empty while none did."""
        file = self.folder / "fate"
        return file.read_text() if file.exists() else ""

    def end(self, name: str, sign: int = signal.SIGKILL) -> None:
        process = self.running.pop(name)
        if process.poll() is None:
            process.send_signal(sign)
        process.wait(60)
        if name == "web":
            until(lambda: not self._answers(), 30, "the children of a killed web process end, too")

    def end_all(self) -> None:
        """What a test started ends with it; the next test's orders are others."""
        for name in list(self.running):
            self.end(name, signal.SIGKILL)
        self.test += 1

    def settled(self, seconds: float = 60) -> None:
        """Wait until nothing is open any more."""
        until(lambda: not self.check.open_work(), seconds, "all work ends", self.check.open_work)

    def close(self) -> None:
        self.end_all()
        for stub in (self.stub, self.moody):
            stub.shutdown()
            stub.server_close()
        self.record.file.close()
        self.check.close()
        if self.database:
            self.database.close()


def until(true: Callable[[], object], seconds: float, what: str, say: Callable[[], object] = str) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited {seconds:.0f} s: {what}: {say()}"
        time.sleep(0.2)


def free_port() -> int:
    """Outside the range from which the kernel takes ports by itself: nobody takes it while our process is down."""
    while True:
        port = random.randrange(20_000, 30_000)
        with socket.socket() as free, contextlib.suppress(OSError):
            free.bind(("127.0.0.1", port))
            return port
