"""What is counted for a key, in the transaction of the run that asks."""

from datetime import datetime
from typing import Any

from apps.common.ids import ordered_id
from apps.database import bulk
from apps.engine.contract.decisions import Admit
from apps.runs.coordination.keyed_rows import found_or_made, where_it_lies
from apps.runs.models import Run, ThrottleCount


def admit(asked: Admit, run: Run, node: str, now: datetime) -> dict[str, Any]:
    """Count one more if there is room: `passed`, `count`, `free_at`."""
    place = where_it_lies(run, node, asked.key)
    first = {**place, "id": ordered_id(), "times": [now.timestamp()], "last_at": now}

    def begun() -> dict[str, Any] | None:
        return {"passed": True, "count": 1} if bulk.insert_new(ThrottleCount, [first], "id") else None

    return found_or_made(lambda: _counted(asked, place, now), begun)


def _counted(asked: Admit, place: dict[str, Any], now: datetime) -> dict[str, Any] | None:
    found = next(iter(ThrottleCount.objects.select_for_update().filter(**place)), None)
    if found is None:
        return None
    times = [at for at in found.times if at > now.timestamp() - asked.period_s]
    if len(times) >= asked.most:
        free_at = datetime.fromtimestamp(times[-asked.most] + asked.period_s, now.tzinfo)
        return {"passed": False, "count": len(times), "free_at": f"{free_at:%Y-%m-%d %H:%M:%S} UTC"}
    ThrottleCount.objects.filter(pk=found.pk).update(times=[*times, now.timestamp()], last_at=now)
    return {"passed": True, "count": len(times) + 1}
