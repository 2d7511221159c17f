"""A person has a message sent again: a new delivery with the same words to the same address, linked to the first.

Once for each delivery: its effect key is made of the first one's id, so that two people at the same moment make one.
The new one may be sent again in its turn.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from apps.channels import deliveries
from apps.channels.models import Delivery
from apps.workspaces.models import Workspace

State = Delivery.State
COPIED = (
    "workspace_id",
    "notification_id",
    "run_id",
    "person_id",
    "environment",
    "channel",
    "address",
    "content",
    "connection_id",
)
OVER = (State.SENT, State.FAILED, State.SKIPPED)


def successors(rows: list[Delivery]) -> dict[UUID, UUID]:
    """Of those that were sent again: the id of the delivery that followed."""
    found = Delivery.objects.filter(again_of__in=[row.pk for row in rows])
    return dict(found.values_list("again_of", "pk"))


def why_not(row: Delivery, workspace: Workspace, followed: bool) -> str:
    """Why this delivery of the workspace cannot be sent again, in a sentence; empty: it can."""
    if row.state == State.UNKNOWN:
        return "Say first whether it arrived."
    if row.state not in OVER:
        return "It is still on its way."
    if followed:
        return "It was sent again already."
    if row.connection_id is None:
        return "The connection that carried it was deleted."
    if not row.address:
        return "It has no address."
    if not row.content:
        return "Its words are not there: they were never filled in, or deleted because of their age."
    if row.environment == "test" and not workspace.may_test(row.address):
        return "It is a test message, and its address is not on the test list."
    return ""


def send_again(rows: list[Delivery], workspace: Workspace, by: str, now: datetime) -> dict[UUID, UUID]:
    """Send those of the rows that can be sent again. Of each that is: the id of its new delivery."""
    followed = successors(rows)
    able = [row for row in rows if not why_not(row, workspace, row.pk in followed)]
    made = {row.pk: _follower(row, by, now) for row in able}
    went = deliveries.insert_once(list(made.values()))
    return {first: new["id"] for first, new in made.items() if new["id"] in went}


def _follower(row: Delivery, by: str, now: datetime) -> dict[str, Any]:
    """It may wait as long as the first one might."""
    same = {name: getattr(row, name) for name in COPIED}
    own = {"effect_key": f"again-{row.pk}", "expires_at": now + (row.expires_at - row.created_at)}
    return {**deliveries.new_row({**same, **own}, "", now), "again_of": row.pk, "asked_by": by[:254]}
