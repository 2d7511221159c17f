"""Starts another workflow, and can wait for its end."""

from datetime import timedelta
from typing import Any, ClassVar

from pydantic import Field

from apps.engine.contract.decisions import Ask, Next, StartSubworkflow, Wait, Waited
from apps.engine.contract.node import NodeType, Read, StepContext, hurried
from apps.engine.fields import Rows, hint
from apps.engine.texts.templates import filled_value
from apps.engine.values.data import RunData

ENDED_WELL = "completed"


class StartWorkflow(NodeType):
    """Start another workflow of this workspace, with data; if wanted, wait until it has ended."""

    kind: ClassVar[str] = "start_workflow"
    title: ClassVar[str] = "Start workflow"
    icon: ClassVar[str] = "workflow"
    group: ClassVar[str] = "Actions"
    summary: ClassVar[str] = "{workflow}"
    fixed_outlets: ClassVar[tuple[str, ...]] = ("next", "failure")
    waits: ClassVar[bool] = False
    has_output: ClassVar[bool] = True
    failure_outlets: ClassVar[tuple[str, ...]] = ("failure",)
    workflow: str = Field(
        title="Workflow",
        description="It runs in the same environment: test starts its test version, live its live one.",
        min_length=1,
        max_length=100,  # a public id, or the name of one that was not there when the drawing came in
        json_schema_extra=hint("choice", source="workflows"),
    )
    data: Rows = Field(
        default=[],
        title="Data",
        description="What its trigger gets, as a payload; a single placeholder keeps its value's type.",
        max_length=100,
        json_schema_extra=hint(item="name"),
    )
    wait: bool = Field(
        default=False, title="Wait for its end", description="Goes on by failure when it failed or was cancelled."
    )
    days: int = Field(
        default=30,
        title="For at most",
        description="Days; then it goes on by failure.",
        ge=1,
        le=365,
        json_schema_extra=hint(hide_when={"wait": [False]}),
    )

    def reads(self) -> list[Read]:
        return [Read(field=f"data.{i}.value", text=row.value) for i, row in enumerate(self.data)]

    def uses(self) -> list[tuple[str, str, str]]:
        return [("workflow", "workflow", self.workflow)]

    def gives(self) -> list[str]:
        return ["request_id", "status", "code", "error"] if self.wait else ["request_id"]

    def example(self, data: RunData) -> dict[str, Any]:
        started = {"request_id": "00000000-0000-0000-0000-000000000000"}
        return started | ({"status": ENDED_WELL, "code": "done", "error": ""} if self.wait else {})

    def decide(self, data: RunData, ctx: StepContext) -> Ask:
        made = {row.name: filled_value(row.value, data) for row in self.data}
        return Ask(question=StartSubworkflow(workflow=self.workflow, data=made, listens=self.wait))

    def on_facts(self, facts: dict[str, Any], ctx: StepContext, memo: dict[str, Any]) -> Next | Wait:
        if "event" in facts:
            return _ended(facts["event"]["data"])
        if not self.wait:
            return Next(outlet="next", why=f"started, request {facts['request_id']}", output=facts)
        until = ctx.now + timedelta(days=self.days)
        why = f"started, request {facts['request_id']}; waiting for its end until {until:%Y-%m-%d %H:%M} UTC"
        return Wait(until=until, outlet="failure", why=why, memo=facts, listens=True)

    def on_timer(self, waited: Waited, data: RunData, ctx: StepContext) -> Next:
        facts = {"request_id": waited.memo.get("request_id", ""), "status": "open", "code": "", "error": ""}
        why = f"it had not ended after {self.days} days"
        return Next(outlet="failure", outcome="failed", why=why, output=facts)

    def on_hurry(self, waited: Waited, data: RunData, ctx: StepContext) -> Next:
        facts = {"request_id": waited.memo.get("request_id", ""), "status": "open", "code": "", "error": ""}
        return Next(outlet="failure", outcome="failed", why=hurried(waited.hurried_by), output=facts)

    def awaits(self) -> str:
        return "the end of the workflow that it started"


def _ended(told: dict[str, Any]) -> Next:
    why = f"it ended as {told['status']}" + (f" with the code {told['code']}" if told["code"] else "")
    if told["status"] == ENDED_WELL:
        return Next(outlet="next", why=why, output=told)
    because = f": {told['error']}" if told["error"] else ""
    return Next(outlet="failure", outcome="failed", why=why + because, output=told)
