"""The door outlives idle, slow and broken senders: a request is read whole before a thread is taken for it."""

import contextlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from fynoflow.run import processes
from tests.faults.system import free_port
from tests.support import migrated
from tests.support.system import BODY, DATABASE, ROOT, manage

pytestmark = [pytest.mark.xdist_group("senders"), pytest.mark.timeout(240)]
PORT, MANY, PATIENCE_S = free_port(), 500, 120


LOOKED_AT = """
import asyncio, threading
from fynoflow import asgi

over = threading.Event()
asgi._answer = lambda environ: (over.wait(20) if "/in/" not in environ["PATH_INFO"] else None, (200, [], b""))[1]

async def ask(path):
    async def receive():
        return {"type": "http.request"}
    async def send(message):
        pass
    scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": [], "scheme": "http"}
    await asgi.app({**scope, "http_version": "1.1"}, receive, send)

async def main():
    pages = [asyncio.create_task(ask(path)) for path in ("/w/x/", "/admin/", "/sign-in") for _ in range(40)]
    await asyncio.sleep(0.2)
    await asyncio.wait_for(ask("/in/live/x"), 10)
    over.set()
    await asyncio.gather(*pages)
    print("answered")

asyncio.run(main())
"""


@dataclass
class Web:
    """The web process of the Procfile, and the URL of the example's door."""

    url: str
    process: "subprocess.Popen[bytes]"

    def spoken(self, raw: bytes) -> bytes:
        """What is answered to these bytes, when nothing follows them."""
        with socket.create_connection(("127.0.0.1", PORT), 10) as link:
            link.sendall(raw)
            link.shutdown(socket.SHUT_WR)
            return b"".join(iter(lambda: link.recv(65536), b""))

    def head(self, *lines: str) -> bytes:
        whole = (f"POST {urlsplit(self.url).path} HTTP/1.1", f"Host: 127.0.0.1:{PORT}", *lines, "", "")
        return "\r\n".join(whole).encode()


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("web")
    env = {**os.environ, "DATA_DIR": str(folder), "PORT": str(PORT), "BROKER_URL": "filesystem://", "DOOR_PER_S": "0"}
    env.pop("DJANGO_SETTINGS_MODULE", None)
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    if DATABASE:
        env["DATABASE_URL"] = migrated.postgresql(DATABASE.rpartition("/")[0], "fynoflow_slow_senders")
    else:
        migrated.sqlite(folder)
    url = json.loads(manage(env, "load_example", "--json"))["webhook_live"]
    command = shlex.split(processes()["web"].replace("${PORT:-8000}", str(PORT)))
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(command, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        with contextlib.suppress(requests.RequestException):
            if requests.get(f"http://127.0.0.1:{PORT}/health/live", timeout=2).ok:
                break
        time.sleep(0.2)
    yield Web(url, running)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait(10)


@contextlib.contextmanager
def held(count: int, begun: bytes) -> Iterator[list[socket.socket]]:
    """So many connections that said only this."""
    links = [socket.create_connection(("127.0.0.1", PORT), 10) for _ in range(count)]
    try:
        for link in links:
            link.sendall(begun)
        yield links
    finally:
        for link in links:
            link.close()


def test_fifteen_hundred_idle_and_half_sent_requests_hold_nobody_up(web: Web) -> None:
    half_head, half_body = web.head()[:60], web.head("Content-Type: application/json", "Content-Length: 100") + b"{"
    with held(MANY, b""), held(MANY, half_head), held(MANY, half_body):
        time.sleep(1)
        requests.post(web.url, json=BODY, timeout=10)  # the first one opens the database
        took = []
        for _ in range(20):
            answer = requests.post(web.url, json=BODY, timeout=10)
            assert answer.status_code == 202
            took.append(answer.elapsed.total_seconds())
    assert sorted(took)[10] < 0.3, took


def test_pages_that_take_long_leave_the_doors_their_threads() -> None:
    done = subprocess.run([sys.executable, "-c", LOOKED_AT], cwd=ROOT, stdout=subprocess.PIPE, text=True, timeout=60)
    assert done.stdout == "answered\n"


@pytest.mark.parametrize(
    "lines, body",
    [
        (("Content-Length: 10",), b"abc"),
        (("Transfer-Encoding: chunked",), b"3\r\nabc\r\n"),
        (("Transfer-Encoding: chunked",), b"8\r\nabc"),
        (("Transfer-Encoding: chunked",), b"ZZ\r\nabc\r\n0\r\n\r\n"),
    ],
    ids=["too short", "no last chunk", "half a chunk", "no chunk"],
)
def test_a_body_that_broke_off_is_never_taken_for_a_whole_one(web: Web, lines: tuple[str, ...], body: bytes) -> None:
    answer = web.spoken(web.head("Content-Type: text/plain", *lines) + body)
    assert b" 202 " not in answer.partition(b"\r\n")[0]


def test_a_chunked_body_is_taken_whole(web: Web) -> None:
    answer = requests.post(
        web.url,
        data=iter([b'{"order_id": "A-1", ', b'"status": "paid"}']),
        timeout=10,
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 202, answer.text


@pytest.mark.parametrize("size", [1024 * 1024 + 1, 3 * 1024 * 1024, 6 * 1024 * 1024])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_is_too_large_is_refused_in_words(web: Web, size: int, chunked: bool) -> None:
    data = iter([b"x" * 65536] * (size // 65536 + 1)) if chunked else b"x" * size
    answer = requests.post(web.url, data=data, headers={"Content-Type": "text/plain"}, timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (413, "The body is larger than 1048576 bytes.")


def test_a_key_of_other_letters_is_a_key_too(web: Web) -> None:
    """A repeat that is not known for one would be a second run."""
    head = {"Idempotency-Key": "заказ-7".encode(), "X_Forwarded_For": "1.2.3.4"}
    first, second = (requests.post(web.url, json=BODY, headers=head, timeout=10).json() for _ in range(2))
    assert first["request_id"] == second["request_id"]


def test_a_stop_answers_what_was_begun_and_ends_the_process(web: Web) -> None:
    body = b'{"order_id": "A-1"}'
    with socket.create_connection(("127.0.0.1", PORT), 10) as link:
        link.sendall(web.head("Content-Type: application/json", f"Content-Length: {len(body)}") + body[:5])
        time.sleep(0.3)
        web.process.terminate()
        time.sleep(0.3)
        link.sendall(body[5:])
        assert b" 202 " in link.recv(65536).partition(b"\r\n")[0]
    assert web.process.wait(20) in (0, -signal.SIGTERM)
