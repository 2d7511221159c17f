"""Before a process works: whether the database is fit for it, and its keys are those of the installation."""

import logging
import os
import threading
import time
from contextlib import ExitStack
from typing import Any

import psycopg
from django.db import OperationalError, ProgrammingError, connection

from apps.common import crypto
from apps.database import bulk, clocks
from apps.database.group_commit import DATABASE_ERRORS
from apps.database.postgresql.base import READ_ONLY
from apps.workspaces import known_keys

PAUSE_S, SAY_S, READ_ONLY_S, TURNS = 1.0, 10.0, 60.0, 4
MISFIT = 78  # EX_CONFIG of sysexits.h
LIMITS = {"statement_timeout": "5s", "lock_timeout": "2s", "idle_in_transaction_session_timeout": "10s"}
POOLER = (
    "PostgreSQL is behind a pooler that mixes up prepared statements: give it max_prepared_statements (PgBouncer 1.21"
    " or later) or pool_mode = session; docs/operating.md, Several machines."
)
OPTIONS = (
    "The pooler before PostgreSQL refuses the time limits that we send: set ignore_startup_parameters = options there,"
    " and the limits by ALTER ROLE; docs/operating.md, Several machines."
)
READ_ONLY_LONG = "The database has been read-only for a minute: let DATABASE_URL lead to the primary."
TABLES = "The database's tables are not those of this version: run `manage.py migrate` first."
log = logging.getLogger(__name__)


def wait_until_fit(stopped: threading.Event | None = None) -> None:
    """Return when the database is fit or `stopped` is set; while it is away, wait. A misfit ends the process."""
    stopped = stopped or threading.Event()
    began = said_at = time.monotonic()
    while not stopped.is_set():
        misfit, trouble = _looked()
        if misfit or (trouble == READ_ONLY and time.monotonic() - began > READ_ONLY_S):
            log.critical("%s", misfit or READ_ONLY_LONG)
            os._exit(MISFIT)
        if not trouble:
            return
        if time.monotonic() - said_at > SAY_S:
            said_at = time.monotonic()
            log.warning("this process waits for the database: %s", trouble)
        stopped.wait(PAUSE_S)


def _looked() -> tuple[str, str]:
    """What does not fit, or what kept us from looking."""
    try:
        return found(), ""
    except DATABASE_ERRORS as error:
        return "", str(error)
    except Exception as error:
        log.exception("the start check met an error")
        return "", type(error).__name__
    finally:
        bulk.release_connection()


def found() -> str:
    """What keeps this process from working with this database, as a sentence; empty: it fits. Raises what AWAY has."""
    misfit = "" if bulk.is_sqlite() else _prepared() or _limited()
    try:
        return misfit or _keyed(known_keys.missing(clocks.database_now()))
    except ProgrammingError:
        return TABLES


def _keyed(missing: list[str]) -> str:
    if not missing:
        return ""
    return (
        f"This installation encrypts with the key {missing[0]}, which is not among the ENCRYPTION_KEYS of this process"
        f" ({', '.join(crypto.key_ids())}): give it those of the other hosts. If that key is lost for good, run"
        f" `manage.py rotate_keys --forget {missing[0]}`; what it encrypted must then be entered again."
    )


def _prepared() -> str:
    try:
        with ExitStack() as stack:
            return POOLER if _mixed_up([stack.enter_context(_link()) for _ in range(2)]) else ""
    except psycopg.OperationalError as error:
        if "unsupported startup parameter" in str(error):
            return OPTIONS
        raise OperationalError(str(error)) from error
    except psycopg.Error:
        return POOLER


def _link() -> psycopg.Connection[Any]:
    return psycopg.connect(**{**connection.get_connection_params(), "autocommit": True})


def _mixed_up(links: list[psycopg.Connection[Any]]) -> bool:
    """Clients prepare different statements under one name, and use them again after commits, apart and at once."""
    for turn in range(TURNS):
        with ExitStack() as at_once:
            for number, link in enumerate(links):
                if turn % 2:
                    at_once.enter_context(link.transaction())
                cursor = psycopg.Cursor(link)  # Django's own never prepares
                answer = cursor.execute(f"SELECT %s::int + {100 * number}", [turn], prepare=True).fetchone()
                if answer != (turn + 100 * number,):
                    return True
    return False


def _limited() -> str:
    """Whether the limits of time are in force: all laws of leases rest on them, and a pooler drops what we send."""
    asked = "SELECT name FROM pg_settings WHERE name = ANY(%s) AND setting::bigint = 0 ORDER BY name"
    off = [name for (name,) in bulk.read(asked, [list(LIMITS)])]
    if not off:
        return ""
    user = connection.settings_dict["USER"] or "the_user"
    role = "; ".join(f"ALTER ROLE {user} SET {name} = '{LIMITS[name]}'" for name in off)
    return f"PostgreSQL keeps no limits of time ({', '.join(off)}), as behind a pooler: run `{role}`, then start again."
