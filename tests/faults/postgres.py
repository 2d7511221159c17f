"""A PostgreSQL server that a test may crash."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.faults.system import free_port

BIN = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
PG_CTL = shutil.which("pg_ctl") or (str(BIN / "pg_ctl") if BIN else "")


class Postgres:
    """On a port of its own, with fsync, as the user `postgres` where we are root."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="fynoflow-postgres-"))  # no folder above it is closed to `postgres`
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self.port = free_port()
        self._control("initdb", "-o", "-A trust -U postgres")
        self.start()

    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=200"
        self._control("start", "-w", "-t", "60", "-l", str(self.folder / "log"), "-o", options)

    def crash(self) -> None:
        """As a power cut: nothing is written any more; it recovers from its log."""
        self._control("stop", "-m", "immediate")
        self.start()

    def close(self) -> None:
        self._control("stop", "-m", "immediate")
        shutil.rmtree(self.folder)

    def _control(self, *command: str) -> None:
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        whole = [*user, PG_CTL, "-D", str(self.folder), *command]
        subprocess.run(whole, check=True, cwd="/", stdout=subprocess.DEVNULL, timeout=90)
