"""A system for each test, on a database of its own."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.system import System


@pytest.fixture
def system(tmp_path: Path) -> Iterator[System]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = System(tmp_path, port)
    yield running
    running.close()
