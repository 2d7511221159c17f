"""A run changes the profile of whom it is about, in its own commit."""

from datetime import datetime
from typing import Any

from apps.common.trouble import Refused
from apps.engine.contract.decisions import ChangeProfile
from apps.engine.values.profiles import NOBODY_KNOWN, changed
from apps.people import updating
from apps.runs.journal.journal import Journal


def change_profile(asked: ChangeProfile, journal: Journal, now: datetime) -> dict[str, Any]:
    """`before`, `after` and `kept`; the run reads the profile as it is from then on. Raises Refused."""
    run = journal.run
    is_live = run.environment == "live"
    if not journal.data.profile:
        raise Refused(NOBODY_KNOWN)
    if is_live:
        facts, before = updating.update(run.workspace, run.person_id, list(asked.changes), now)
    else:
        facts, before = changed(journal.data.profile, list(asked.changes))
    journal.data = journal.data.model_copy(update={"profile": facts})
    return {"before": before, "after": {name: facts.get(name) for name in before}, "kept": is_live}
