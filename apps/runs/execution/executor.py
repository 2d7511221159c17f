"""Carries a run from call to call until it waits or ends."""

import logging
from collections.abc import Callable
from datetime import datetime
from functools import partial

from apps.channels import sending_limits_store
from apps.channels.deliveries import ClaimedDelivery
from apps.channels.sending import send
from apps.common.crypto import Undecryptable
from apps.common.effects import Answer, NoAnswer
from apps.common.trouble import Refused
from apps.database import bulk
from apps.database.failpoints import failpoint
from apps.database.group_commit import DATABASE_ERRORS
from apps.database.wakeups import rescan
from apps.egress import client, reach
from apps.egress.addresses import Blocked
from apps.egress.redacting import Redactor
from apps.engine.contract.node import StepContext
from apps.runs.claims import claiming, quarantine, settling
from apps.runs.execution.jobs import INLINE, Job, Pool
from apps.runs.execution.secrets_in_calls import plain_secrets, with_secrets
from apps.runs.interpreter.interpreter import effect_key
from apps.runs.journal.claim_values import ClaimedCall, StartedRun
from apps.runs.journal.journal import Journal
from apps.workspaces.models import Secret

Clock = Callable[[], datetime]
log = logging.getLogger(__name__)


class Untried(Exception):
    """The call cannot be made here: others may do better."""


def run_by_id(run_id: str, clock: Clock) -> None:
    """Take the run if it is due and go on with it."""
    try:
        held = claiming.claim(run_id, clock())
    except DATABASE_ERRORS:
        log.warning("run %s waits for the database", run_id)
        return
    except Exception as error:
        log.exception("run %s cannot go on", run_id)
        quarantine.record_failure(run_id, f"an error in Fynoflow itself: {type(error).__name__}", clock())
        return
    run_call(held, clock)


def guarded(do: Callable[[], object]) -> None:
    """An error of ours is seen and ends only what it met."""
    try:
        do()
    except Exception:
        log.exception("the machine met an error")
        bulk.drop()


def run_call(held: ClaimedCall | None, clock: Clock) -> None:
    """Call, settle, call … until there is nothing to call."""
    if held is not None:
        run_claimed(StartedRun(held.journal, held), clock)


def run_claimed(placed: StartedRun, clock: Clock, hands: Pool = INLINE) -> None:
    """As `carry_on`, for a run that may have nothing to call. What it says and we claimed goes out beside it."""
    held = placed.held
    _post(placed.journal, clock, hands)
    while held is not None:
        held = _stepped(held, clock)
        _post(placed.journal, clock, hands)


def _post(journal: Journal, clock: Clock, hands: Pool) -> None:
    hands.give([delivery_job(claimed, clock) for claimed in journal.pop_deliveries()])
    if journal.has_more_work:
        rescan()


def delivery_job(claimed: ClaimedDelivery, clock: Clock) -> Job:
    """The sending of a claimed message."""
    return Job(claimed.delivery.workspace_id, partial(guarded, partial(_sent, claimed, clock)))


def _sent(claimed: ClaimedDelivery, clock: Clock) -> None:
    send(claimed, clock)
    if sending_limits_store.is_limited(claimed.delivery.connection_id):
        rescan()  # there may be room for the next one


def _stepped(held: ClaimedCall, clock: Clock) -> ClaimedCall | None:
    try:
        answer, redactor = _answered(held, clock)
        ctx = StepContext(attempt=held.attempt, key=effect_key(held.journal, held.node), now=clock())
        conclusion = redactor.told(held.block.on_answer(answer, ctx))
        return settling.settle(held, conclusion, clock())
    except Untried as untried:
        reach.leave(held.run.pk)
        settling.give_back(held, str(untried), clock())
        return None
    except DATABASE_ERRORS:
        raise  # the database's trouble, not the run's: its lease ends, and then its policy says what follows
    except Exception as error:
        log.exception("run %s failed at %s", held.run.pk, held.node)
        held.journal.pop_deliveries()  # what it claimed was never written: it goes to nobody
        settling.fail(held, f"an error in Fynoflow itself: {type(error).__name__}", clock())
        return None


def _answered(held: ClaimedCall, clock: Clock) -> tuple[Answer | NoAnswer, Redactor]:
    """The answer, and what takes the secrets of the call out of whatever it says. Raises Untried."""
    if _too_late(held, clock()):
        return _not_sent("the worker was paused before the call")
    try:
        plain = plain_secrets(held.call.call, held.run.workspace)
    except Secret.DoesNotExist as error:
        return _not_sent(f"a secret is missing: {error}")
    except Undecryptable as error:
        raise Untried(str(error)) from None
    except (Refused, Blocked) as error:
        return _not_sent(str(error), never=True)
    redactor = Redactor(plain.values())
    place, key = reach.place_of(held.call.call), effect_key(held.journal, held.node)
    if reach.is_for_others(place, key):
        raise Untried(reach.said(place))
    failpoint("call.before")
    answer = client.send(with_secrets(held.call.call, plain))
    failpoint("call.after")
    if reach.learn(place, key, answer):
        raise Untried(reach.said(place))
    return redactor.answer(answer), redactor


def _not_sent(why: str, never: bool = False) -> tuple[NoAnswer, Redactor]:
    return NoAnswer(kind="not_sent", reason=why, never=never), Redactor(())


def _too_late(held: ClaimedCall, now: datetime) -> bool:
    left = held.lease_s - (now - held.started_at).total_seconds()
    return left < held.call.call.timeout_s + 5
