"""What a run knows: its trigger's body and the outputs of its steps. Only grows."""

from datetime import tzinfo
from typing import Any

from apps.common.values import Value
from apps.common.zones import zone_named
from apps.engine.values.paths import MISSING, reached

ROOTS = ("trigger", "steps", "profile", "workspace", "run")


class RunData(Value):
    """`trigger`: the event's clean body; `steps`: output by node key; `profile`: of the person it is about, if any."""

    trigger: dict[str, Any] = {}
    steps: dict[str, Any] = {}
    profile: dict[str, Any] = {}
    workspace: dict[str, Any] = {}
    run: dict[str, Any] = {}

    def with_step(self, key: str, output: dict[str, Any]) -> "RunData":
        return self.model_copy(update={"steps": {**self.steps, key: output}})

    def zone(self) -> tzinfo:
        """The workspace's: that of dates and times which say none."""
        return zone_named(str(self.workspace.get("time_zone", "UTC")))

    def names(self) -> dict[str, Any]:
        """All names a template may read; a bare name is the trigger's, and so is *profile* where nobody is known."""
        roots = {root: getattr(self, root) for root in ROOTS if root != "profile" or self.profile}
        return {**self.trigger, **roots}

    def lookup(self, path: str) -> Any:
        """The value at a path, or MISSING. Never raises."""
        return reached(self.names(), path)


def with_aliases(body: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """The body with short names beside the long ones: `names` maps short name to path."""
    whole = RunData(trigger=body)
    found = {short: whole.lookup(path) for short, path in names.items()}
    return {**body, **{short: value for short, value in found.items() if value is not MISSING}}
