"""Several at once, and what is undone after."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from apps.channels.models import Connection
from apps.notifications.models import EventConnection


@contextmanager
def undone() -> Iterator[None]:
    """What is written within it is rolled back: many cases share one cast."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


on_postgresql = pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite lives within the process")


def direct() -> dict[str, object]:
    return {name: value for name, value in connection.get_connection_params().items() if name != "cursor_factory"}


def carried_by(workspace, channel: str, kind: str, settings: dict) -> None:
    connection = Connection(workspace=workspace, name=kind, kind=kind)
    connection.put(settings)
    connection.save()
    EventConnection.objects.filter(event__workspace=workspace, channel=channel).update(connection=connection)


WORKERS = 6


def at_once(job) -> list:
    """Run the job in several threads that begin together."""
    gate = threading.Barrier(WORKERS)

    def worker(_: int):
        try:
            gate.wait()
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(worker, range(WORKERS)))
