"""Processes that do not outlive who started them, where the kernel can see to it (Linux)."""

import ctypes
import signal
import sys

DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(sign: signal.Signals) -> None:
    """Of this process: the kernel sends it this when its parent dies, however that dies."""
    if _LIBC is not None:
        _LIBC.prctl(DIE_WITH_PARENT, sign)
