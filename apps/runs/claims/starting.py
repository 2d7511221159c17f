"""News starts runs: an event finds its subscription, and its run begins."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from apps.database import bulk
from apps.database.failpoints import killpoint
from apps.database.fair_share import Group, fairly
from apps.database.group_commit import AWAY
from apps.engine.values.budget import COUNTED, budget
from apps.events import store as events
from apps.events.models import Event
from apps.runs.claims import settling
from apps.runs.claims.event_batch import News, as_read, paused_for_sure, received
from apps.runs.claims.read_ahead import Walked, placed, taken, walked
from apps.runs.claims.turns import AT_ONCE, lightest_first, turn
from apps.runs.coordination.event_waits import HEARD, Told, keys_for, waiting_for, was_heard
from apps.runs.interpreter.interpreter import walk
from apps.runs.journal.claim_values import Held, Placed
from apps.runs.journal.journal import Free, nobody, opened
from apps.runs.models import Run
from apps.workflows.models import Version

MOST_HEARD = 200
FEW = 32  # events that are read together
GONE = "the workflow has no version for this environment any more: make one, then try again"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """Which events to route: at most `limit`, of a workspace no more than its room; or `only` this one.

    `free`: how much of what their runs say the asker can send.
    """

    limit: int
    rooms: Mapping[Group, int]
    now: datetime
    free: Free
    only: str = ""


@dataclass(frozen=True)
class Look:
    """An event, and what was made of it before the commit: a run that `begun`, or the `keys` of who waits for it."""

    news: News
    asked: Asked
    begun: Walked | None = None
    told: Told | None = None
    keys: list[str] = field(default_factory=list)


def route(event_id: str, now: datetime) -> Held | None:
    """Start the run of one event that is still received."""
    try:
        found = taken(_walked, _written, Asked(1, {}, now, nobody, event_id))
    except AWAY:
        raise  # the database's trouble, not the event's
    except Exception:
        events.stumble(event_id, now)
        raise
    return found[0].held if found else None


def start_due(limit: int, now: datetime, room: Free, free: Free) -> list[Placed]:
    """Start the runs of received events, of each workspace its part; one that fails is tried apart from the others."""
    rooms = {workspace: room(workspace) for workspace in events.owing()}
    if not any(rooms.values()):
        return []
    try:
        found = taken(_walked, _written, Asked(limit, rooms, now, free))
        killpoint("route.after")
        return found
    except Exception:
        log.exception("events cannot be routed together")
    return [placed for pk in events.received_ids(limit) for placed in start_alone(pk, now, free)]


def start_alone(event_id: str, now: datetime, free: Free) -> list[Placed]:
    """Start the runs of one event."""
    try:
        return taken(_walked, _written, Asked(1, {}, now, free, event_id))
    except AWAY:
        log.warning("event %s waits for the database", event_id)
        return []
    except Exception:
        log.exception("event %s cannot be routed", event_id)
        events.stumble(event_id, now)
        return []


def _walked(asked: Asked) -> list[Look]:
    """What is left when much was done is taken in the next round."""
    last: dict[Group, Event] = {}  # of those looked at, which stand as they did

    def take(workspace: Group, most: int) -> list[Look]:
        found: list[Look] = []
        with turn(workspace):
            while len(found) < most and work.spent < AT_ONCE:
                some = received(min(most - len(found), FEW), workspace=workspace, after=last.get(workspace))
                found += [_looked_at(news, asked) for news in some if work.spent < AT_ONCE]
                if not some:
                    break
                last[workspace] = some[-1].event
        return found

    with budget(COUNTED) as work:
        if asked.only:
            return [_looked_at(news, asked) for news in received(1, only=asked.only)]
        return fairly(asked.limit, asked.rooms, take, lightest_first)


def _looked_at(news: News, asked: Asked) -> Look:
    if news.event.kind in HEARD:
        told = Told(news.event)
        return Look(news, asked, told=told, keys=keys_for(told))
    if news.version is None or news.paused:
        return Look(news, asked)
    return Look(news, asked, begun=_begun(news.event, news.version, asked))


def _begun(event: Event, version: Version, asked: Asked) -> Walked:
    run = Run(
        workspace=event.workspace,
        workflow_id=version.workflow_id,
        version=version,
        environment=event.environment,
        event=event,
        created_at=asked.now,
    )
    journal, graph = opened(run, asked.free), version.drawing()
    return walked(journal, walk(graph, graph.first(), journal, attempt=1, now=asked.now), 1, asked.now)


def _written(found: list[Look]) -> list[Placed]:
    """The runs that begin or go on."""
    starting, heard, paused = [], [], []
    for look in _as_read(found) if bulk.is_sqlite() else found:
        if look.told is not None:
            heard += _heard(look.told, look)
        elif look.news.version is None:
            events.fail(look.news.event.pk, GONE, look.asked.now)
        elif look.begun is None:
            paused.append(look.news.event)
        else:
            starting.append(look.begun)
    _hold(paused)
    events.route([one.journal.run.event_id for one in starting])
    if starting:
        killpoint("route.within")
    begun = [placed(one, one.journal.run.created_at) for one in starting]
    settling.begin(begun)
    return [*heard, *begun]


def _as_read(found: list[Look]) -> list[Look]:
    there = {news.event.pk for news in as_read([look.news for look in found])}
    return [look for look in found if look.news.event.pk in there]


def _hold(found: list[Event]) -> None:
    """They wait for their workflow to be resumed. One that has been just now is looked at again in the next round."""
    paused = paused_for_sure({event.source_id for event in found}) if found else set()
    wait = [event.pk for event in found if (event.source_id, event.environment) in paused]
    if wait:
        events.hold(wait)


def _heard(told: Told, look: Look) -> list[Placed]:
    """The runs that waited for it go on; those above the limit, or in others' hands, do in the next round."""
    event, asked = told.event, look.asked
    waits = waiting_for(told, look.keys, MOST_HEARD)
    found, held = settling.hear(event, waits, asked.now, asked.free) if waits else ([], False)
    if not held and len(waits) < MOST_HEARD:
        events.hear(event.pk) if found or was_heard(event.pk) else events.unmatch(event.pk)
    return found
