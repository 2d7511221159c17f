"""Answers what a block asks of the things that runs share, within the run's own commit."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from apps.engine.contract.decisions import Admit, Gather, Gathered, Launch, Listen, Question
from apps.runs.coordination import digests, event_waits, subworkflows
from apps.runs.journal.journal import Journal

Answer = Callable[[Journal], dict[str, Any]]


def ready(question: Question, journal: Journal, node: str, now: datetime) -> Answer:
    """What is to be called within the commit: the facts that the block learns.

    All that can be done before is done here. The call raises Refused when a person must mend something.
    """
    match question:
        case Admit():
            return lambda there: digests.admit(question, there.run, node, now)
        case Gather():
            return lambda there: digests.gather(question, there.run, node, now)
        case Gathered():
            return lambda there: digests.gathered(there.run, node)
        case Listen():
            return partial(event_waits.listen, question, node)
        case Launch():
            return partial(subworkflows.launch, question, node, subworkflows.made(question, journal.run, now))
