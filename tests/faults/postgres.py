"""A PostgreSQL server that a test may crash."""

import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import psycopg

from tests.faults.system import free_port

BIN = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
PG_CTL = shutil.which("pg_ctl") or (str(BIN / "pg_ctl") if BIN else "")


class Postgres:
    """On a port of its own, with fsync, as the user `postgres` where we are root; with `of`, a standby of that one."""

    def __init__(self, of: "Postgres | None" = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="fynoflow-postgres-"))  # no folder above it is closed to `postgres`
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
        self.port = free_port()
        if of is None:
            self._control("initdb", "-o", "-A trust -U postgres")
        else:
            where = f"host=127.0.0.1 port={of.port} user=postgres application_name=s1"
            self._run("pg_basebackup", "-D", str(self.folder), "-R", "-X", "stream", "-c", "fast", "-d", where)
        self.start()

    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self) -> None:
        options = f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=200"
        self._control("start", "-w", "-t", "60", "-l", str(self.folder / "log"), "-o", options)

    def crash(self) -> None:
        """As a power cut: nothing is written any more; it recovers from its log."""
        self.stop()
        self.start()

    def stop(self) -> None:
        self._control("stop", "-m", "immediate")

    def promote(self) -> None:
        self._control("promote", "-w", "-t", "30")

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url(), autocommit=True) as link:
            return list(link.execute(sql).fetchall())

    def configure(self, name: str, value: str) -> None:
        """A setting of the server, from now on and for connections that stand, too."""
        with psycopg.connect(self.url(), autocommit=True) as link:
            link.execute(f"ALTER SYSTEM SET {name} = '{value}'")
            link.execute("SELECT pg_reload_conf()")

    def close(self) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):  # it was stopped by its test
            self.stop()
        shutil.rmtree(self.folder)

    def _control(self, *command: str) -> None:
        self._run("pg_ctl", "-D", str(self.folder), *command)

    def _run(self, name: str, *command: str) -> None:
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        whole = [*user, str(Path(PG_CTL).resolve().parent / name), *command]
        subprocess.run(whole, check=True, cwd="/", stdout=subprocess.DEVNULL, timeout=90)
