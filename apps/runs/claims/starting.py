"""News starts runs: an event finds its subscription, and its run begins."""

import logging
from dataclasses import dataclass, field
from datetime import datetime

from apps.database import bulk
from apps.database.failpoints import failpoint
from apps.database.fair_share import Group, take_fairly
from apps.database.group_commit import DATABASE_ERRORS
from apps.engine.values.budget import COUNTED, budget
from apps.events import store as events
from apps.events.models import Event
from apps.events.sources import COHORT_TOLD, OCCURRED
from apps.people.facts import Profiles, profiles_of
from apps.runs.claims import resuming, writing
from apps.runs.claims.arrivals.cohort_pages import take_page
from apps.runs.claims.arrivals.exits import end_journeys
from apps.runs.claims.arrivals.fan_out import Starts, WorkflowStart, fan_out, starts_of
from apps.runs.claims.arrivals.forgetting import forget_person
from apps.runs.claims.event_batch import ReceivedEvent, as_read, paused_for_sure, received
from apps.runs.claims.read_ahead import ReadAhead, checkpointed, claimed, read_ahead
from apps.runs.claims.turns import AT_ONCE, lightest_first, turn
from apps.runs.coordination.event_waits import AWAITABLE, EventReader, keys_for, waiting_for, was_counted
from apps.runs.interpreter.interpreter import walk
from apps.runs.journal.claim_values import ClaimedCall, RunRequest, StartedRun
from apps.runs.journal.journal import CapacityFor, opened
from apps.runs.models import Run
from apps.workflows.models import Version

MOST_HEARD = 200
FEW = 32  # events that are read together
GONE = "the workflow has no version for this environment any more: make one, then try again"
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Look:
    """An event, and what was made of it before the commit: a run that `begun`, the `keys` of who waits for it, or what
    it `starts`."""

    came: ReceivedEvent
    asked: RunRequest
    begun: ReadAhead | None = None
    told: EventReader | None = None
    starts: list[WorkflowStart] | None = None
    keys: list[str] = field(default_factory=list)


def start_one(event_id: str, now: datetime) -> ClaimedCall | None:
    """Start the run of one event that is still received."""
    try:
        found = claimed(_walked, _written, RunRequest(limit=1, capacities={}, now=now, only=event_id))
    except DATABASE_ERRORS:
        raise  # the database's trouble, not the event's
    except Exception:
        events.record_failure(event_id, now)
        raise
    return found[0].held if found else None


def start_due(limit: int, now: datetime, capacity_for: CapacityFor, can_send: CapacityFor) -> list[StartedRun]:
    """Start the runs of received events, of each workspace its part; one that fails is tried apart from the others."""
    capacities = {workspace: capacity_for(workspace) for workspace in events.workspaces_with_new_events()}
    if not any(capacities.values()):
        return []
    try:
        found = claimed(_walked, _written, RunRequest(limit=limit, capacities=capacities, now=now, can_send=can_send))
        failpoint("route.after")
        return found
    except Exception:
        log.exception("events cannot be routed together")
    return [placed for pk in events.received_ids(limit) for placed in start_alone(pk, now, can_send)]


def start_alone(event_id: str, now: datetime, can_send: CapacityFor) -> list[StartedRun]:
    """Start the runs of one event."""
    try:
        return claimed(_walked, _written, RunRequest(limit=1, capacities={}, now=now, can_send=can_send, only=event_id))
    except DATABASE_ERRORS:
        log.warning("event %s waits for the database", event_id)
        return []
    except Exception:
        log.exception("event %s cannot be routed", event_id)
        events.record_failure(event_id, now)
        return []


def _walked(asked: RunRequest) -> list[Look]:
    """What is left when much was done is taken in the next round."""
    last: dict[Group, Event] = {}  # of those looked at, which stand as they did

    def take(workspace: Group, most: int) -> list[Look]:
        found: list[Look] = []
        with turn(workspace):
            while len(found) < most and work.spent < AT_ONCE:
                some = received(min(most - len(found), FEW), workspace=workspace, after=last.get(workspace))
                people = profiles_of(came.event.person_id for came in some)
                starts = starts_of([came.event for came in some])
                found += [_looked_at(came, asked, people, starts) for came in some if work.spent < AT_ONCE]
                if not some:
                    break
                last[workspace] = some[-1].event
        return found

    with budget(COUNTED) as work:
        if asked.only:
            alone = received(1, only=asked.only)
            people = profiles_of(came.event.person_id for came in alone)
            starts = starts_of([came.event for came in alone])
            return [_looked_at(came, asked, people, starts) for came in alone]
        return take_fairly(asked.limit, asked.capacities, take, lightest_first)


def _looked_at(came: ReceivedEvent, asked: RunRequest, people: Profiles, starts: Starts) -> Look:
    if came.event.kind in AWAITABLE:
        told = EventReader(came.event)
        return Look(came, asked, told=told, keys=keys_for(told))
    if came.event.pk in starts:
        return Look(came, asked, starts=starts[came.event.pk])
    if came.version is None or came.paused:
        return Look(came, asked)
    return Look(came, asked, begun=_begun(came.event, came.version, asked, people))


def _begun(event: Event, version: Version, asked: RunRequest, people: Profiles) -> ReadAhead:
    run = Run(
        workspace=event.workspace,
        workflow_id=version.workflow_id,
        version=version,
        environment=event.environment,
        event=event,
        person_id=event.person_id,
        created_at=asked.now,
    )
    journal, graph = opened(run, people, asked.can_send), version.drawing()
    return read_ahead(journal, walk(graph, graph.first(), journal, attempt=1, now=asked.now), 1, asked.now)


def _written(found: list[Look]) -> list[StartedRun]:
    """The runs that begin or go on."""
    starting, heard, paused, telling = [], [], [], []
    for look in _as_read(found) if bulk.is_sqlite() else found:
        if look.told is not None:
            end_journeys(look.came.event, look.asked.now)
            heard += _resumed(look.told, look)
        elif look.came.event.kind == COHORT_TOLD:
            take_page(look.came.event, look.asked.now)
        elif look.came.event.kind == OCCURRED and look.starts is None:
            forget_person(look.came.event, look.asked.now)
        elif look.starts is not None:
            telling.append((look.came.event, look.starts))
        elif look.came.version is None:
            events.fail(look.came.event.pk, GONE, look.asked.now)
        elif look.begun is None:
            paused.append(look.came.event)
        else:
            starting.append(look.begun)
    if telling:
        fan_out(telling, found[0].asked.now)
    _hold(paused)
    events.dispatch([one.journal.run.event_id for one in starting])
    if starting:
        failpoint("route.within")
    begun = [checkpointed(one, one.journal.run.created_at) for one in starting]
    writing.begin(begun)
    return [*heard, *begun]


def _as_read(found: list[Look]) -> list[Look]:
    there = {came.event.pk for came in as_read([look.came for look in found])}
    return [look for look in found if look.came.event.pk in there]


def _hold(found: list[Event]) -> None:
    """They wait for their workflow to be resumed. One that has been just now is looked at again in the next round."""
    paused = paused_for_sure({event.source_id for event in found}) if found else set()
    wait = [event.pk for event in found if (event.source_id, event.environment) in paused]
    if wait:
        events.hold(wait)


def _resumed(told: EventReader, look: Look) -> list[StartedRun]:
    """The runs that waited for it go on; those above the limit, or in others' hands, do in the next round."""
    event, asked = told.event, look.asked
    waits = waiting_for(told, look.keys, MOST_HEARD)
    found, held = resuming.resume_waiting(event, waits, asked.now, asked.can_send) if waits else ([], False)
    if not held and len(waits) < MOST_HEARD:
        events.mark_received(event.pk) if found or was_counted(event.pk) else events.mark_unmatched([event.pk])
    return found
