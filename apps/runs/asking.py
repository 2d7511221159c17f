"""Answers what a block asks of the things that runs share. Called only within the run's own transaction."""

from datetime import datetime
from typing import Any

from apps.engine.decisions import Admit, Gather, Gathered, Launch, Listen, Question
from apps.runs import gathering, launching, listening
from apps.runs.journal import Journal


def answer(question: Question, journal: Journal, node: str, now: datetime) -> dict[str, Any]:
    """The facts that the block learns. Raises Refused when a person must mend something."""
    run = journal.run
    match question:
        case Admit():
            return gathering.admit(question, run, node, now)
        case Gather():
            return gathering.gather(question, run, node, now)
        case Gathered():
            return gathering.gathered(run, node)
        case Listen():
            return listening.listen(question, journal, node)
        case Launch():
            return launching.launch(question, journal, node, now)
