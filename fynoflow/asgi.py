"""What the web server calls. A request is read whole, under a deadline, before one of the threads is taken for it.

The server speaks ASGI (bytes as they came), the house WSGI: between them stand these lines. Slow and idle senders cost
a socket each, and no thread. Responses are made whole: no page of ours streams.
"""

import asyncio
import contextlib
import io
import os
import resource
import signal
import sys
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any

from fynoflow.leash import die_with_parent
from fynoflow.wsgi import application

Message = dict[str, Any]
Receive, Send = Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]
BODY_S = 30.0
MOST = 4 * 1024 * 1024  # bytes of a body; what is larger is refused by its length
THREADS = int(os.environ.get("WEB_THREADS", "32"))
_ALONE = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
DOORS = ("/in/", "/api/", "/metrics")  # what people look at may cost much: it has a quarter of the threads
_THREADS = {  # the first that fits the path
    "/health/live": ThreadPoolExecutor(1, thread_name_prefix="live"),  # whatever all others wait for
    "/health/": ThreadPoolExecutor(2, thread_name_prefix="health"),
    DOORS: ThreadPoolExecutor(max(THREADS - THREADS // 4, 1), thread_name_prefix="door"),
    "": ThreadPoolExecutor(max(THREADS // 4, 1), thread_name_prefix="page"),
}
sys.setswitchinterval(0.001)  # seconds: a request at an endpoint waits so long for a thread that fills in texts
die_with_parent(signal.SIGTERM)  # the server's own parent process holds no port, this one does
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)


class Cut(io.BytesIO):
    """A body that broke off, or whose sender took too long: who reads it to its end is told."""

    def read(self, size: int | None = -1) -> bytes:
        found = super().read(size)
        if not found and size != 0:
            raise OSError("the body broke off")
        return found


async def app(scope: Message, receive: Receive, send: Send) -> None:
    """One request."""
    if scope["type"] != "http":
        return
    body, size = await _read(receive)
    environ = _environ(scope, body, size)
    threads = next(threads for start, threads in _THREADS.items() if scope["path"].startswith(start))
    status, headers, content = await asyncio.get_running_loop().run_in_executor(threads, _answer, environ)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def _read(receive: Receive) -> tuple[io.BytesIO, int]:
    """The body as far as it came, and its size."""
    parts, size, more = [], 0, True
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(BODY_S):
            while more and size <= MOST:
                message = await receive()
                if message["type"] != "http.request":
                    break
                parts.append(message.get("body", b""))
                size, more = size + len(parts[-1]), message.get("more_body", False)
    return (Cut if more else io.BytesIO)(b"".join(parts)), size


def _environ(scope: Message, body: io.BytesIO, size: int) -> dict[str, Any]:
    """PEP 3333; a body without a length has one now."""
    server, client = scope.get("server") or ("", 0), scope.get("client") or ("", 0)
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": client[0],
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": body,
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        _add(environ, name.decode("latin-1").lower(), value.decode("latin-1"))
    if environ.pop("HTTP_TRANSFER_ENCODING", ""):
        environ["CONTENT_LENGTH"] = str(size + isinstance(body, Cut))
    return environ


def _add(environ: dict[str, Any], name: str, value: str) -> None:
    """A name with an underscore would pass for another that a proxy sets: it does not come in."""
    if "_" in name:
        return
    key = _ALONE.get(name) or "HTTP_" + name.upper().replace("-", "_")
    between = "; " if name == "cookie" else ","
    environ[key] = f"{environ[key]}{between}{value}" if key in environ else value


def _answer(environ: dict[str, Any]) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    """Status, headers and content of the application's answer."""
    head: list[Any] = []

    def start(status: str, headers: list[tuple[str, str]], *_: Any) -> None:
        head[:] = [int(status[:3]), [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in headers]]

    answer = application(environ, start)
    try:
        content = b"".join(answer)
    finally:
        answer.close()
    has_none = environ["REQUEST_METHOD"] == "HEAD" or head[0] in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
    return head[0], head[1], b"" if has_none else content
