"""The only module that writes deliveries: each change is a conditional update with the token, many in one commit."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from apps.channels import sending_limits_store
from apps.channels.models import Attempt, CapturedMessage, Connection, Delivery
from apps.channels.settlement import ClaimedDelivery, Settlement, attempt_of, captured_of, cursor_of, reported_of
from apps.common.ids import ordered_id
from apps.database import bulk, leases
from apps.database.fair_share import Group, groups_with_due_work, take_fairly
from apps.database.leases import LEASE_CLEARED, ClaimRequest
from apps.egress import reach
from apps.events import store as events
from apps.providers.contract import Result
from apps.providers.registry import PROVIDERS

LEASE_S = 105
MORE_TIME = timedelta(days=1)
CapacityFor = Callable[[int], int]  # how many messages of a workspace the asker can send now
State = Delivery.State
CURSOR = ("state", "reason", "attempt", "token", "lease_until", "due_at", "provider_ref", "ended_at")
IS_OURS = "t.state IN ('working', 'unknown') AND t.token = w.held"


def new_row(addressed: dict[str, Any], skip: str, now: datetime) -> dict[str, Any]:
    """The row of a new delivery, ready to be sent; skipped when there is a reason."""
    cursor = {
        "state": State.SKIPPED if skip else State.READY,
        "reason": skip,
        "attempt": 0,
        "token": None,
    }
    times = {"due_at": None if skip else now, "ended_at": now if skip else None, "lease_until": None}
    return {"id": ordered_id(), **addressed, **cursor, **times, "provider_ref": "", "created_at": now}


def insert_deliveries(new: list[dict[str, Any]]) -> None:
    """Write new deliveries in the caller's transaction."""
    bulk.insert(Delivery, new)


def insert_once(new: list[dict[str, Any]]) -> set[uuid.UUID]:
    """As `insert_deliveries`, but for those whose effect key is there already. The ids that went in."""
    return bulk.insert_new(Delivery, new, "id")


def is_due(row: dict[str, Any]) -> bool:
    """Whether a new delivery waits for somebody to send it."""
    return bool(row["state"] == State.READY)


def may_go(row: dict[str, Any]) -> bool:
    """Whether a new delivery can be sent at once: nothing counts its connection's messages."""
    return is_due(row) and not sending_limits_store.is_limited(row["connection_id"])


def claim_new(new: list[dict[str, Any]], now: datetime) -> list[ClaimedDelivery]:
    """Claim what is due and not written yet: its claim is in the commit that makes it."""
    return [_hold(row, now) for row in new]


def claim(delivery_id: str, now: datetime) -> ClaimedDelivery | None:
    """Take a due delivery, or None when somebody else has it."""
    row = Delivery.objects.filter(pk=delivery_id).values("connection_id").first()
    if row is None:
        return None
    asked = ClaimRequest(limit=1, capacities={row["connection_id"]: 1}, now=now, only=delivery_id)
    return next(iter(leases.claim(_claim, asked, _read_back)), None)


def claim_due(limit: int, now: datetime, capacity_for: CapacityFor) -> list[ClaimedDelivery]:
    """Take what is due, of each connection its part, oldest first."""
    groups = connections_with_due_messages(now)
    places = dict(Connection.objects.filter(pk__in=[g for g in groups if g]).values_list("pk", "workspace_id"))
    capacities = {group: capacity_for(places[group]) if group in places else limit for group in groups}
    if not any(capacities.values()):
        return []
    return leases.claim(_claim, ClaimRequest(limit=limit, capacities=capacities, now=now), _read_back)


def _read_back(held: list[ClaimedDelivery]) -> list[ClaimedDelivery]:
    """Those that the database has under our token."""
    ours = {one.token: one for one in held}
    there = Delivery.objects.filter(token__in=list(ours), state=State.WORKING).values_list("token", flat=True)
    return [ours[token] for token in there]


def settle(held: ClaimedDelivery, result: Result, *, captured: bool, now: datetime) -> bool:
    """Write what became of the attempt, as soon as the database takes it. False: the lease was lost."""
    settled = Settlement(held, result, captured, now)
    after = _moved(held.delivery, held.token, cursor_of(settled))
    known = {name: after[name] for name in ("state", "attempt", "ended_at")}
    there = Delivery.objects.filter(pk=held.delivery.pk, **known)
    return leases.settle(write, settled, is_settled=there.exists, left_s=LEASE_S)


def resolve(delivery_id: uuid.UUID, verdict: str, by: str, now: datetime) -> bool:
    """A person says what became of a delivery that is unknown: `arrived`, `again` or `give-up`. False: nothing to."""
    after: dict[str, dict[str, Any]] = {
        "arrived": {"state": State.SENT, "reason": f"{by} said that it arrived"},
        "again": {"state": State.READY, "due_at": now, "ended_at": None, "expires_at": now + MORE_TIME},
        "give-up": {"state": State.FAILED, "reason": f"given up by {by}"},
    }
    with transaction.atomic():
        row = Delivery.objects.select_for_update().filter(pk=delivery_id, state=State.UNKNOWN).first()
        if row is None:
            return False
        number, why = row.attempt + 1, f"{by} decided: {verdict}"
        Delivery.objects.filter(pk=row.pk).update(**after[verdict], token=None, attempt=number)
        facts = {
            "number": number,
            "outcome": Attempt.Outcome.DECIDED,
            "why": why[:500],
            "started_at": now,
            "ended_at": now,
        }
        Attempt.objects.create(delivery=row, **facts)
    return True


def call_off(workspace_id: int, person: uuid.UUID, why: str, now: datetime) -> None:
    """Skip what waits to be sent to this person, in the caller's transaction; what is being sent ends by itself."""
    waiting = Delivery.objects.filter(workspace_id=workspace_id, person_id=person, state=State.READY)
    waiting.update(state=State.SKIPPED, reason=why, ended_at=now, due_at=None)


def call_off_of_run(run_id: uuid.UUID, why: str, now: datetime) -> None:
    """Skip what this run said and nobody has begun to send, in the caller's transaction."""
    waiting = Delivery.objects.filter(run_id=run_id, state=State.READY)
    waiting.update(state=State.SKIPPED, reason=why[:500], ended_at=now, due_at=None)


def reclaim_expired_leases(now: datetime, limit: int = 500) -> int:
    """Deliveries whose worker died may have been sent: unknown, or again where the provider knows our key."""
    working = Delivery.objects.filter(state=State.WORKING)
    rows = working.filter(pk__in=leases.expired(working, now, limit), lease_until__lt=now)
    return sum(_lose(row, now) for row in rows.select_related("connection"))


def write(settled: list[Settlement]) -> list[bool]:
    """Settle many in the caller's transaction."""
    cursors = [_moved(s.held.delivery, s.held.token, cursor_of(s)) for s in settled]
    moved = leases.move(Delivery, cursors, IS_OURS)
    mine = [s for s in settled if s.held.delivery.pk in moved]
    tried = [s for s in mine if s.result.kind != "untried"]
    bulk.insert_new(Attempt, [attempt_of(s) for s in tried], "delivery_id")  # a late answer finds its row there
    bulk.insert(CapturedMessage, [captured_of(s) for s in mine if s.captured and s.result.kind == "accepted"])
    after = {cursor["id"]: cursor for cursor in cursors}
    events.insert_events([one for s in mine for one in reported_of(s, after[s.held.delivery.pk])])
    return [s.held.delivery.pk in moved for s in settled]


def _claim(asked: list[ClaimRequest]) -> list[list[ClaimedDelivery]]:
    return [_shared_out(one) for one in asked]


def _shared_out(asked: ClaimRequest) -> list[ClaimedDelivery]:
    """Each connection's part, as far as its limits let it."""
    due = Delivery.objects.filter(state=State.READY, due_at__lte=asked.now).order_by("due_at")
    due = due.filter(pk=asked.only) if asked.only else due.exclude(pk__in=reach.left())
    known = Connection.objects.select_related("limiter").in_bulk([group for group in asked.capacities if group])

    left = {connection.workspace_id: asked.capacities[connection.pk] for connection in known.values()}

    def take(group: Group, most: int) -> list[ClaimedDelivery]:
        connection = known.get(group or 0)
        mine = due.filter(connection_id=group)
        if connection is None:
            return _claimed(mine, most, asked.now)
        held = _counted_out(connection, mine, min(most, left[connection.workspace_id]), asked.now)
        left[connection.workspace_id] -= len(held)
        return held

    return take_fairly(asked.limit, asked.capacities, take)


def connections_with_due_messages(now: datetime) -> list[Group]:
    """The connections that have messages due."""
    moment = bulk.time_param(now)
    return groups_with_due_work(
        "channels_delivery", "connection_id", open="state = 'ready'", due="due_at <= %s", given=(moment,)
    )


def _counted_out(connection: Connection, due: QuerySet[Delivery], most: int, now: datetime) -> list[ClaimedDelivery]:
    """As many as its limits let pass."""
    found = sending_limits_store.admit(connection, most, now)
    held = [replace(held, probe=found.probe) for held in _claimed(due, found.count, now)]
    sending_limits_store.count_claimed(
        connection, len(held), now, now + timedelta(seconds=LEASE_S) if found.probe else None
    )
    return held


def _claimed(due: QuerySet[Delivery], most: int, now: datetime) -> list[ClaimedDelivery]:
    found = [row.__dict__ for row in due.select_for_update(skip_locked=True)[:most]] if most else []
    was = {row["id"]: row["state"] for row in found}
    held = [_hold(row, now) for row in found]
    cursors = [{**_row(h.delivery), "was": was[h.delivery.pk], "held": None} for h in held]
    moved = leases.move(Delivery, cursors)
    return [h for h in held if h.delivery.pk in moved]


def _hold(row: dict[str, Any], now: datetime) -> ClaimedDelivery:
    lease = now + timedelta(seconds=LEASE_S)
    row.update(state=State.WORKING, token=uuid.uuid4(), lease_until=lease, attempt=row["attempt"] + 1)
    return ClaimedDelivery(Delivery(**{n: v for n, v in row.items() if n != "_state"}), row["token"], now)


def _row(delivery: Delivery) -> dict[str, Any]:
    return {"id": delivery.pk, **{name: getattr(delivery, name) for name in CURSOR}}


def _moved(delivery: Delivery, token: uuid.UUID, cursor: dict[str, Any]) -> dict[str, Any]:
    return {**_row(delivery), **LEASE_CLEARED, **cursor, "was": State.WORKING, "held": token}


def _lose(delivery: Delivery, now: datetime) -> bool:
    provider = PROVIDERS.get(delivery.connection.kind) if delivery.connection else None
    idempotent = provider is not None and provider.policy == "idempotent"
    why = "the worker stopped while sending; it may have been sent"
    kind = "temporary_failure" if idempotent else "unknown"
    if delivery.token is None:
        return False
    return settle(ClaimedDelivery(delivery, delivery.token, now), Result(kind=kind, why=why), captured=False, now=now)
