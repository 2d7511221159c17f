"""What an API may do to its caller, by the last word of the path: `/mood/…-hang`. It keeps no connection."""

import contextlib
import socket
import struct
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

HANG_S, HUGE = 20, 100 * 2**20


def hang(asked: BaseHTTPRequestHandler) -> None:
    time.sleep(HANG_S)


def reset(asked: BaseHTTPRequestHandler) -> None:
    """The connection is torn down, not closed."""
    asked.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def cut(asked: BaseHTTPRequestHandler) -> None:
    head(asked, 200, 100)
    asked.wfile.write(b'{"half":')
    asked.wfile.flush()
    reset(asked)


def drip(asked: BaseHTTPRequestHandler) -> None:
    head(asked, 200, HANG_S)
    for _ in range(HANG_S):
        asked.wfile.write(b" ")
        asked.wfile.flush()
        time.sleep(1)


def huge(asked: BaseHTTPRequestHandler) -> None:
    head(asked, 200, HUGE)
    for _ in range(HUGE // 2**16):
        asked.wfile.write(b" " * 2**16)


def redirect(asked: BaseHTTPRequestHandler) -> None:
    asked.send_response(302)
    asked.send_header("Location", asked.path)
    asked.send_header("Content-Length", "0")
    asked.send_header("Connection", "close")
    asked.end_headers()


def head(asked: BaseHTTPRequestHandler, status: int, length: int) -> None:
    asked.send_response(status)
    asked.send_header("Content-Length", str(length))
    asked.send_header("Connection", "close")
    asked.end_headers()


MOODS: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {
    mood.__name__: mood for mood in (hang, reset, cut, drip, huge, redirect)
}


def act(asked: BaseHTTPRequestHandler) -> None:
    """Behave as the path says: one of `MOODS`, or a status."""
    mood = asked.path.rpartition("-")[2]
    with contextlib.suppress(OSError):  # the caller does not wait for ever
        MOODS[mood](asked) if mood in MOODS else head(asked, int(mood), 0)
    asked.close_connection = True
