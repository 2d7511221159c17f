"""The tables of the machine: runs and their steps, what runs share, workers.

Imports workflows, events and workspaces; never anything else of runs.
"""

from apps.runs.models.run import AWAITING_VERDICT, DUE, HELD, OVER, Run, Step
from apps.runs.models.shared_state import MAX_KEY_SHOWN, DigestItem, DigestWindow, EventWait, ThrottleCount, hashed
from apps.runs.models.worker import SILENT, Beat, Leader, Worker

__all__ = [
    "AWAITING_VERDICT",
    "DUE",
    "HELD",
    "MAX_KEY_SHOWN",
    "OVER",
    "SILENT",
    "Beat",
    "DigestItem",
    "DigestWindow",
    "EventWait",
    "Leader",
    "Run",
    "Step",
    "ThrottleCount",
    "Worker",
    "hashed",
]
