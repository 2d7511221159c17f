"""Connections that rest between two jobs: given to the next thread, never when dead, old or within a transaction."""

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import OperationalError, connection

from apps.database import bulk
from apps.database.postgresql import base as postgresql
from apps.database.postgresql import resting
from tests.support.threads import direct, on_postgresql


def backend() -> int:
    return int(bulk.read("SELECT pg_backend_pid()")[0][0])


def ended(process: int) -> None:
    with psycopg.connect(**direct(), autocommit=True) as link:
        link.execute("SELECT pg_terminate_backend(%s, 5000)", [process])


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_one_hand_gave_back_serves_the_next_thread(none_rests) -> None:
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(1) as other:
        first = one.submit(backend).result()
        second = other.submit(backend).result()
        assert second != first, "that one has it still"
        one.submit(bulk.release_connection).result()
        other.submit(bulk.release_connection).result()
        assert [one.submit(backend).result(), other.submit(backend).result()] == [second, first]
        one.submit(lambda: connection.close()).result()
        other.submit(lambda: connection.close()).result()


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_what_the_server_ended_while_it_rested_is_not_given_out(none_rests) -> None:
    dead = backend()
    bulk.release_connection()
    ended(dead)
    assert backend() != dead


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_only_a_few_rest_and_none_that_is_within_a_transaction_or_too_old(none_rests, monkeypatch) -> None:
    with psycopg.connect(**direct()) as busy:
        busy.execute("SELECT 1")
        assert not resting.rests(busy, None)
    mine = backend()
    monkeypatch.setattr(resting, "MAX_RESTING", 1)
    with psycopg.connect(**direct(), autocommit=True) as link:
        assert not resting.rests(link, time.monotonic())
        bulk.release_connection()
        assert not resting.rests(link, None)
    assert backend() == mine


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_when_one_finds_a_primary_of_yesterday_the_others_end_too(none_rests, monkeypatch) -> None:
    with psycopg.connect(**direct(), autocommit=True) as link:
        assert resting.rests(link, None)
        backend()
        bulk.release_connection()
        monkeypatch.setattr(postgresql, "_newest", {cluster: 2**31 for cluster in postgresql._newest})
        with pytest.raises(OperationalError, match="old primary"):
            backend()
        assert link.closed and not resting._resting
