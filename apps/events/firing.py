"""Events that partners and people fire by name; runs that wait for one hear it."""

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from apps.common.trouble import Refused
from apps.common.values import Value
from apps.events.correlation_keys import MAX_KEYED, correlation_keys_of
from apps.events.recording import NewEvent, Recorded, record
from apps.workspaces.models import Workspace

FIRED = "custom.fired"


class Custom(Value):
    """An event by name. `data` is what runs read, and by what they tell whose it is."""

    name: str = Field(pattern=r"^[A-Za-z0-9_.:-]{1,50}$")
    environment: Literal["test", "live"] = "live"
    data: dict[str, Any] = {}


def fire(workspace: Workspace, fired: Custom, now: datetime, raw: bytes = b"", key: str = "") -> Recorded:
    """Commit the event; the same key gets the same answer. Raises Refused, or Conflict for a key with other content."""
    keys = correlation_keys_of(fired.name, fired.data)
    if len(keys) > MAX_KEYED:
        raise Refused(f"an event has at most {MAX_KEYED} values in the top two levels of its data: send fewer")
    new = NewEvent(
        workspace_id=workspace.pk,
        kind=FIRED,
        source_kind="api",
        source_id=fired.name,
        environment=fired.environment,
        content_type="application/json",
        raw=raw,
        body=fired.data,
        words=tuple(keys),
        dedup_scope=f"events:{workspace.pk}:{fired.environment}",
        key=key,
    )
    return record(new, now)
