"""The outside world: a shop and a message gateway that write down each request, on disk, before they answer."""

import json
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.faults.moods import act

ANSWER = b'{"type": "power", "status": "confirmed"}'


class Record:
    """One line a request; each is on the disk before its answer goes out."""

    def __init__(self, path: Path) -> None:
        self.path, self.lock = path, threading.Lock()
        self.file = path.open("a")

    def write(self, method: str, path: str, key: str) -> None:
        with self.lock:
            self.file.write(json.dumps({"method": method, "path": path, "key": key, "at": time.time()}) + "\n")
            self.file.flush()
            os.fsync(self.file.fileno())

    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()]


def serve(record: Record) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def handle_any(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            record.write(self.command, self.path, self.headers.get("Idempotency-Key", ""))
            if self.path.startswith("/mood/"):
                return act(self)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(ANSWER)))
            self.end_headers()
            self.wfile.write(ANSWER)

        do_GET = do_PUT = do_POST = handle_any

        def log_message(self, format: str, *args: Any) -> None: ...

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A caller that was killed is what these tests are about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server
