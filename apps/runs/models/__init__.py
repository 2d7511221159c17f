"""The tables of the machine: runs and their steps, what runs share, workers.

Imports workflows, events and workspaces; never anything else of runs.
"""

from apps.runs.models.run import ASKED, DUE, HELD, OVER, Run, Step
from apps.runs.models.shared_state import SHOWN, Admission, DigestItem, DigestWindow, Listening, hashed
from apps.runs.models.worker import SILENT, Beat, Leader, Worker

__all__ = [
    "ASKED",
    "DUE",
    "HELD",
    "OVER",
    "SHOWN",
    "SILENT",
    "Admission",
    "Beat",
    "DigestItem",
    "DigestWindow",
    "Leader",
    "Listening",
    "Run",
    "Step",
    "Worker",
    "hashed",
]
