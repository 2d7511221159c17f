"""PgBouncer before a server."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

from tests.faults.system import free_port

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""
INI = """
[databases]
* = host=127.0.0.1 port={server} user=postgres
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = 150
ignore_startup_parameters = options
"""


class Pooler:
    """Runs within a `with`."""

    def __init__(self, server: int, mode: str) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix="fynoflow-pooler-"))
        self.folder.chmod(0o755)
        (self.folder / "ini").write_text(INI.format(server=server, port=self.port, mode=mode))

    def __enter__(self) -> "Pooler":
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self.process = subprocess.Popen([*user, PGBOUNCER, "-q", str(self.folder / "ini")], stderr=subprocess.DEVNULL)
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.folder)
