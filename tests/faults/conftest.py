"""One system for all tests of a process; each starts and ends processes of its own."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.system import System


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = System(Path(tmp_path_factory.mktemp("faults")), port)
    yield running
    running.close()


@pytest.fixture
def system(prepared: System) -> Iterator[System]:
    yield prepared
    prepared.end_all()
