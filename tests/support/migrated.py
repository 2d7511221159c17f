"""Databases that are migrated already: migrating one takes ten seconds, copying one a moment.

What was migrated once is kept for the next time under a name made of all migrations.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parents[2]
LOCK = 7_241_093  # of ours among PostgreSQL's advisory locks


def fingerprint() -> str:
    """Of all that says how the tables are made."""
    files = [ROOT / "requirements.lock", *sorted(ROOT.glob("apps/*/migrations/*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def migrate(**env: str) -> None:
    given = {
        name: value for name, value in os.environ.items() if name not in ("DJANGO_SETTINGS_MODULE", "DATABASE_URL")
    }
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=ROOT, env={**given, **env}, check=True)


def postgresql(server: str, name: str) -> str:
    """The URL of a new database with all tables on this server (postgresql://…, without a database)."""
    template = f"fynoflow_migrated_{fingerprint()}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as link:
        link.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        if not link.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template]).fetchone():
            link.execute(f"DROP DATABASE IF EXISTS {template}_half WITH (FORCE)")
            link.execute(f"CREATE DATABASE {template}_half")
            migrate(DATABASE_URL=f"{server}/{template}_half")
            link.execute(f"ALTER DATABASE {template}_half RENAME TO {template}")
        link.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        link.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    return f"{server}/{name}"


def sqlite(folder: Path) -> None:
    """Lay a database with all tables into a data folder."""
    kept = Path(tempfile.gettempdir()) / f"fynoflow-migrated-{fingerprint()}"
    kept.mkdir(exist_ok=True)
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (kept / "whole").exists():
            migrate(DATA_DIR=str(kept))
            (kept / "whole").touch()
    shutil.copy(kept / "fynoflow.sqlite3", folder / "fynoflow.sqlite3")
