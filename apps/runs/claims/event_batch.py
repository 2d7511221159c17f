"""Received events with their binding and its version, in one query: the SQL of starting."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from apps.database import bulk
from apps.events.entries import Source
from apps.events.models import Event
from apps.workflows.models import Version
from apps.workspaces.models import Workspace

_BINDING = """
LEFT JOIN triggers_subscription s ON s.environment = e.environment
     AND s.trigger_id = CASE WHEN e.kind IN ('trigger.fired', 'workflow.started') THEN CAST(e.source_id AS bigint) END
LEFT JOIN workflows_version v ON v.id = COALESCE(e.version_id, s.version_id)
WHERE e.state = 'received' AND
"""
_READ = """
SELECT e.id, e.environment, e.source_id, e.source_kind, e.kind, e.depth, e.root, e.received_at, e.person_id, e.body,
       w.id, w.wsid, w.name, w.time_zone, w.country, w.test_addresses,
       s.paused, v.id, v.content_hash, v.lived_at IS NOT NULL
FROM events_event e JOIN workspaces_workspace w ON w.id = e.workspace_id {binding} {which}
ORDER BY e.received_at, e.id LIMIT %s {lock}
"""
_LOOK_AGAIN = "SELECT e.id, s.paused, v.id, v.content_hash FROM events_event e {binding} {among}"


# A version that was never Live may still change until a run uses it: who saves it waits for our commit.
_HOLD = "SELECT id, content_hash FROM workflows_version WHERE {among} FOR KEY SHARE"


# Whoever resumes a workflow writes its row before releasing what was held: it waits for our commit, or we see it.
_PAUSED = "SELECT trigger_id, environment FROM triggers_subscription WHERE paused AND {among} FOR SHARE"


class _Row(NamedTuple):
    """What `_READ` selects, in its order."""

    event_id: Any
    environment: str
    source_id: str
    source_kind: str
    kind: str
    depth: int
    root: Any
    received_at: Any
    person_id: Any
    body: str
    workspace_id: int
    wsid: str
    name: str
    time_zone: str
    country: str
    test_addresses: str
    paused: Any
    version_id: int
    content_hash: str
    was_live: bool


@dataclass(frozen=True)
class ReceivedEvent:
    """`version` is None when nothing is published there any more."""

    event: Event
    paused: bool
    version: Version | None

    def standing(self) -> tuple[Any, ...]:
        """What is behind its source: whether it is paused, which version there is, and what it holds."""
        return (self.paused, self.version and self.version.pk, self.version and self.version.content_hash)


def received(
    limit: int, *, workspace: int | None = None, after: Event | None = None, only: str = ""
) -> list[ReceivedEvent]:
    """Events of a workspace still to be dispatched, oldest first, or only this one; locked where that is possible."""
    lock = "" if bulk.is_sqlite() else "FOR UPDATE OF e SKIP LOCKED"
    which, given = ("e.id = %s", [bulk.uuid_param(only)]) if only else ("e.workspace_id = %s", [workspace])
    if after is not None:
        which += " AND (e.received_at, e.id) > (%s, %s)"
        given += [bulk.time_param(after.received_at), bulk.uuid_param(str(after.pk))]
    sql = _READ.format(binding=_BINDING, which=which, lock=lock)
    rows = [_Row(*row) for row in bulk.read(sql, [*given, limit])]
    held = _held({row.version_id for row in rows if row.version_id and not row.was_live})
    return [_received(row, held.get(row.version_id, row.content_hash)) for row in rows]


def as_read(found: list[ReceivedEvent]) -> list[ReceivedEvent]:
    """Those that stand as they were read, where nobody else was kept from them."""
    sql = _LOOK_AGAIN.format(binding=_BINDING, among=bulk.one_of("e.id"))
    again = bulk.read(sql, [bulk.array_param(bulk.uuid_param(str(came.event.pk)) for came in found)])
    stand = {bulk.uuid_of(pk): (bool(paused), *version) for pk, paused, *version in again}
    return [came for came in found if stand.get(came.event.pk) == came.standing()]


def paused_for_sure(sources: set[str]) -> set[Source]:
    """Which of these triggers are paused, by environment, now and until our commit."""
    sql = _PAUSED if not bulk.is_sqlite() else _PAUSED.removesuffix(" FOR SHARE")
    found = bulk.read(sql.format(among=bulk.one_of("trigger_id")), [bulk.array_param({int(pk) for pk in sources})])
    return {(str(pk), environment) for pk, environment in found}


def _held(versions: set[int]) -> dict[int, str]:
    """Their contents' hashes as they stand now and until our commit. SQLite has one writer at a time: us."""
    if not versions or bulk.is_sqlite():
        return {}
    return dict(bulk.read(_HOLD.format(among=bulk.one_of("id")), [bulk.array_param(versions)]))


def _received(row: _Row, content_hash: str | None) -> ReceivedEvent:
    event = Event(
        id=bulk.uuid_of(row.event_id),
        workspace=_workspace(row.workspace_id, row.wsid, row.name, row.time_zone, row.country, row.test_addresses),
        environment=row.environment,
        source_id=row.source_id,
        source_kind=row.source_kind,
        kind=row.kind,
        depth=row.depth,
        root=bulk.uuid_of(row.root) if row.root else None,
        received_at=bulk.moment_of(row.received_at),
        person_id=bulk.uuid_of(row.person_id) if row.person_id else None,
        body=json.loads(row.body),
    )
    version = _version(row.version_id, content_hash) if row.version_id and content_hash else None
    return ReceivedEvent(event, bool(row.paused), version)


@lru_cache(maxsize=1024)
def _workspace(pk: int, wsid: str, name: str, time_zone: str, country: str, test_addresses: str) -> Workspace:
    facts = {"time_zone": time_zone, "country": country, "test_addresses": test_addresses}
    return Workspace(id=pk, wsid=wsid, name=name, **facts)


def _version(pk: int, content_hash: str) -> Version:
    """The version, with this content unless somebody saves it just now."""
    try:
        return _remembered(pk, content_hash)
    except _Changed:
        return Version.objects.get(pk=pk)


class _Changed(Exception):
    pass


@lru_cache(maxsize=1024)
def _remembered(pk: int, content_hash: str) -> Version:
    found = Version.objects.get(pk=pk)
    if found.content_hash != content_hash:
        raise _Changed
    return found
