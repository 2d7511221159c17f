"""Patterns from users: RE2, so matching takes linear time; making one is counted."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import re2

from apps.engine.values.budget import MAX_WORK, PER_INSTRUCTION, STEP, spend


@dataclass(frozen=True)
class Pattern:
    """`compiled` is None where `trouble` says why; `cost` is what making it took, in units of work."""

    compiled: Any
    trouble: str
    cost: int


def pattern_of(text: str) -> Pattern:
    """The pattern; whether it was remembered or not, everybody counts alike. Raises TooMuch."""
    found = _made(text)
    spend(found.cost)
    return found


@lru_cache(maxsize=512)
def _made(text: str) -> Pattern:
    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(text, options)
    except re2.error as error:
        return Pattern(None, str(error)[:100], MAX_WORK // 2 if "too large" in str(error) else STEP)
    return Pattern(compiled, "", PER_INSTRUCTION * compiled.programsize)
