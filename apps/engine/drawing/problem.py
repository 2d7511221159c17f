"""One defect of a drawing, and what must be known of the world around it to find them."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import ValidationError

from apps.common.values import Value
from apps.engine.contract.node import EntryNode
from apps.engine.drawing.graph import Node
from apps.engine.drawing.sample_faults import Outside


class Problem(Value):
    """`node` is the id of the block, or empty for the whole drawing; `field` is a dotted path in its settings."""

    node: str
    field: str
    severity: Literal["error", "warning"]
    message: str


class Context(Value):
    """What exists around the drawing: trigger types by kind, names by what they are, the workspace's zone, and where
    calls and messages may go. `profile`: an example of one. `has_secret`: the trigger's own row has one, whatever the
    drawing says.
    """

    model_config = {"arbitrary_types_allowed": True, "frozen": True}
    triggers: Mapping[str, type[EntryNode]] = {}
    known: Mapping[str, frozenset[str]] = {}
    time_zone: str = "UTC"
    outside: Outside = Outside()
    profile: dict[str, Any] = {}
    has_secret: bool = True


def error(node: str, field: str, message: str) -> Problem:
    return Problem(node=node, field=field, severity="error", message=message)


def warning(node: str, field: str, message: str) -> Problem:
    return Problem(node=node, field=field, severity="warning", message=message)


def entry_of(trigger: Node, context: Context) -> EntryNode | None:
    """The trigger's settings; None where they cannot be read."""
    try:
        return context.triggers[trigger.kind].model_validate(trigger.settings)
    except (KeyError, ValidationError):
        return None
