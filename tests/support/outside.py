"""The outside world: a server that answers what it is told, and events that come in."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.test import Client

PAYMENT = {
    "status": "failed",
    "order_id": "A-1",
    "customer_id": "c-42",
    "amount": 1499.5,
    "email": "asha@example.com",
    "phone": "+919800000001",
}


@dataclass
class Outside:
    """An HTTP server that answers what it is told and remembers what it got."""

    url: str = ""
    answers: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    got: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, path: str, *answers: tuple[int, Any]) -> None:
        """The last answer is given for ever."""
        self.answers[path] = list(answers)

    def next_answer(self, path: str) -> tuple[int, Any]:
        row = self.answers.get(path, [(404, {"error": "no such page"})])
        return row.pop(0) if len(row) > 1 else row[0]


def serve(outside: Outside) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def handle_any(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            path = self.path.split("?")[0]
            headers = {k.lower(): v for k, v in self.headers.items()}
            body = self.rfile.read(size)
            outside.got.append({"method": self.command, "path": self.path, "headers": headers, "body": body})
            status, document = outside.next_answer(path)
            if status == 0:
                self.close_connection = True
                return
            raw = json.dumps(document).encode() if not isinstance(document, bytes) else document
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_PUT = do_POST = do_DELETE = handle_any

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    outside.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


@contextmanager
def shop() -> Iterator[Outside]:
    """Company ABC's shop, as the example calls it."""
    world = Outside()
    world.answer("/customers", (200, {"type": "power"}))
    world.answer("/orders/c-42", (200, {"status": "confirmed"}))
    server = serve(world)
    yield world
    server.shutdown()
    server.server_close()


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


def fire(url: str, body: Any = None, **headers: str) -> tuple[int, dict[str, Any]]:
    """POST to a workflow's door as JSON."""
    raw = body if isinstance(body, bytes | str) else json.dumps(PAYMENT if body is None else body)
    answer = Client().post(path_of(url), raw, content_type="application/json", headers=headers)
    return answer.status_code, answer.json()


def form(boundary: str, **fields: str) -> tuple[bytes, str]:
    parts = [
        f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    return ("".join(parts) + f"--{boundary}--\r\n").encode(), f"multipart/form-data; boundary={boundary}"
