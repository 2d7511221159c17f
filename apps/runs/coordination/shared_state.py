"""Answers what a block asks of the things that runs share, within the run's own commit."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from apps.engine.contract.decisions import (
    Admit,
    AwaitEvent,
    ChangeProfile,
    Gather,
    Gathered,
    Question,
    StartSubworkflow,
)
from apps.runs.coordination import digests, event_waits, profile_changes, subworkflows, throttles
from apps.runs.journal.journal import Journal

Answer = Callable[[Journal], dict[str, Any]]


def answer_for(question: Question, journal: Journal, node: str, now: datetime) -> Answer:
    """What is to be called within the commit: the facts that the block learns.

    All that can be done before is done here. The call raises Refused when a person must mend something.
    """
    match question:
        case Admit():
            return lambda there: throttles.admit(question, there.run, node, now)
        case Gather():
            return lambda there: digests.gather(question, there.run, node, now)
        case Gathered():
            return lambda there: digests.gathered(there.run, node)
        case ChangeProfile():
            return lambda there: profile_changes.change_profile(question, there, now)
        case AwaitEvent():
            return partial(event_waits.await_event, question, node)
        case StartSubworkflow():
            return partial(subworkflows.start, question, node, subworkflows.new_subworkflow(question, journal.run, now))
