"""One system for all tests of a process; each starts and ends processes of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.system import System, free_port


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    running = System(Path(tmp_path_factory.mktemp("faults")), free_port())
    yield running
    running.close()


@pytest.fixture
def system(prepared: System) -> Iterator[System]:
    yield prepared
    prepared.end_all()
    if prepared.database:
        prepared.database.back()
