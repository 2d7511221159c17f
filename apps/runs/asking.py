"""Answers what a block asks of the things that runs share, within the run's own commit."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from apps.engine.decisions import Admit, Gather, Gathered, Launch, Listen, Question
from apps.runs import gathering, launching, listening
from apps.runs.journal import Journal

Answer = Callable[[Journal], dict[str, Any]]


def ready(question: Question, journal: Journal, node: str, now: datetime) -> Answer:
    """What is to be called within the commit: the facts that the block learns.

    All that can be done before is done here. The call raises Refused when a person must mend something.
    """
    match question:
        case Admit():
            return lambda there: gathering.admit(question, there.run, node, now)
        case Gather():
            return lambda there: gathering.gather(question, there.run, node, now)
        case Gathered():
            return lambda there: gathering.gathered(there.run, node)
        case Listen():
            return partial(listening.listen, question, node)
        case Launch():
            return partial(launching.launch, question, node, launching.made(question, journal.run, now))
