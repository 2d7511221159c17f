"""A block that ends its process, as a fault in a library would, for orders that say so."""

import ctypes
from typing import ClassVar

from apps.engine.contract.decisions import Next
from apps.engine.contract.node import NodeType, StepContext
from apps.engine.values.data import RunData


class Poison(NodeType):
    """Crash."""

    kind: ClassVar[str] = "poison"
    title: ClassVar[str] = "Poison"
    icon: ClassVar[str] = "circle-stop"
    group: ClassVar[str] = "Flow"
    summary: ClassVar[str] = ""

    def decide(self, data: RunData, this: StepContext) -> Next:
        if "poison" in str(data.trigger["order_id"]):
            ctypes.string_at(0)
        return Next(outlet="next", why="harmless")
