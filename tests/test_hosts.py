"""On several machines: a connection that died, a commit that failed, a server of yesterday, keys of another host."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection
from django.utils import timezone

from apps.channels.models import Delivery
from apps.common import rows
from apps.notifications.models import Notification
from apps.runs import example, starting
from apps.runs.executor import go_on
from apps.runs.lanes import AT_ONCE
from apps.runs.models import Run
from tests.cast import Clock, Outside, drain, fire

on_postgresql = pytest.mark.skipif("connection.vendor == 'sqlite'", reason="SQLite lives within the process")


@contextmanager
def refusing(table: str) -> Iterator[None]:
    """The database itself refuses new rows of a table."""
    names = {"table": table, "name": f"no_{table}"}
    if rows.is_sqlite():
        make = "CREATE TRIGGER {name} BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'not today'); END"
        drop = "DROP TRIGGER {name}"
    else:
        make = "ALTER TABLE {table} ADD CONSTRAINT {name} CHECK (false) NOT VALID"
        drop = "ALTER TABLE {table} DROP CONSTRAINT {name}"
    with connection.cursor() as cursor:
        cursor.execute(make.format(**names))
    yield
    with connection.cursor() as cursor:
        cursor.execute(drop.format(**names))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("table", ["notifications_notification", "channels_delivery"])
def test_a_settle_that_the_database_refuses_sends_nothing_of_what_it_said(
    outside: Outside, clock: Clock, table
) -> None:
    loaded = example.load(outside.url, timezone.now(), f"{outside.url}/send")
    outside.answer("/customers", (200, {"type": "power"}))
    fire(loaded.webhook_live)
    (placed,) = starting.start_due(1, clock(), AT_ONCE.room, AT_ONCE.room)
    with refusing(table):
        go_on(placed, clock)
    drain(clock)
    assert [got["path"].split("?")[0] for got in outside.got] == ["/customers", "/orders/c-42"]
    assert (Run.objects.get().state, Delivery.objects.count(), Notification.objects.count()) == ("failed", 0, 0)
