"""Named places of the machine. A fault test makes a process die or stop there; otherwise passing them does nothing."""

from collections.abc import Callable


def _nothing(name: str) -> None:
    """What happens in production."""


reached: Callable[[str], None] = _nothing


def failpoint(name: str) -> None:
    reached(name)
