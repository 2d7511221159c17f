"""Garbage collection for a process that lives long and makes many short-lived values."""

import gc

YOUNG, MIDDLE, OLD = 20_000, 20, 50  # values before a look at the young ones; looks before one at the next generation


def collect_less_often() -> None:
    """What is loaded by now is looked at no more, and new values seldom: an eighth of a busy worker went there."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
