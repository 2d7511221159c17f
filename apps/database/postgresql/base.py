"""Django's PostgreSQL, where a server that must not be written to counts as away.

That is one that is read-only (a standby, a failover under way), and one whose timeline is older than another that this
process has seen: a primary of yesterday that came back. Each raises OperationalError, as if nobody answered; the
connection ends, so that the next one may find the right server.
"""

import logging
import threading
from typing import Any

import psycopg
from django.db.backends.postgresql import base
from django.db.utils import DEFAULT_DB_ALIAS, DatabaseErrorWrapper, OperationalError
from django.utils.functional import cached_property
from psycopg import errors

from apps.database.postgresql import resting

READ_ONLY = "the database is read-only"
OLDER = "the database is an old primary: its timeline is {found}, and {seen} was seen before"
# Read once a connection. The timeline is the first part of the name of the file that is written now.
_STAND = """
SELECT (SELECT system_identifier FROM pg_control_system()),
       current_setting('transaction_read_only') = 'on' OR pg_is_in_recovery(),
       CASE WHEN NOT pg_is_in_recovery() THEN pg_walfile_name(pg_current_wal_insert_lsn()) END
"""
_READS = "SELECT 0, current_setting('transaction_read_only') = 'on' OR pg_is_in_recovery(), NULL"
_UNKNOWN = (errors.InsufficientPrivilege, errors.UndefinedFunction, errors.FeatureNotSupported)  # of a managed server
log = logging.getLogger(__name__)
_newest: dict[int, int] = {}  # the highest timeline seen of each cluster
_lock = threading.Lock()


class DatabaseWrapper(base.DatabaseWrapper):  # type: ignore[misc]
    """As Django's; each connection looks where it stands as soon as a thread has it, and may rest between two jobs."""

    @cached_property
    def wrap_database_errors(self) -> "Errors":
        return Errors(self)

    def get_new_connection(self, conn_params: dict[str, Any]) -> resting.Connection:
        if self.alias == DEFAULT_DB_ALIAS and (found := resting.taken()):
            link, self.close_at = found
            return link
        made: resting.Connection = super().get_new_connection(conn_params)
        return made

    def init_connection_state(self) -> None:
        super().init_connection_state()
        try:
            self._look()
        except BaseException:
            self.close()
            resting.end_all()
            raise

    def rest(self) -> None:
        """Leave the connection to the thread that asks next."""
        if self.connection is None or self.in_atomic_block:
            return
        if not self.errors_occurred and resting.rests(self.connection, self.close_at):
            self.connection = None
        else:
            self.close()

    def close_pool(self) -> None:
        resting.end_all()
        super().close_pool()

    def _look(self) -> None:
        try:
            cluster, is_read_only, file = self._asked(_STAND)
        except _UNKNOWN:
            cluster, is_read_only, file = self._asked(_READS)
        if is_read_only:
            raise OperationalError(READ_ONLY)
        if file:
            refuse_older(cluster, int(file[:8], 16))

    def _asked(self, question: str) -> tuple[int, bool, str | None]:
        found: tuple[int, bool, str | None] = psycopg.Cursor(self.connection).execute(question).fetchone()
        return found


class Errors(DatabaseErrorWrapper):  # type: ignore[misc]
    """As Django's; that a server is read-only is no bug of ours."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, errors.ReadOnlySqlTransaction):
            self.wrapper.close_at = 0.0  # ends as soon as it is in no transaction
            raise OperationalError(READ_ONLY).with_traceback(trace) from error
        super().__exit__(kind, error, trace)


def refuse_older(cluster: int, timeline: int) -> None:
    """Raise OperationalError if a newer timeline of this cluster was seen."""
    with _lock:
        seen = _newest.setdefault(cluster, timeline)
        _newest[cluster] = max(seen, timeline)
    if timeline < seen:
        log.error(OLDER.format(found=timeline, seen=seen))
        raise OperationalError(OLDER.format(found=timeline, seen=seen))
