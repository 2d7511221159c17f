"""Tests while drawing: a dry run against recorded answers, one real call, and an event fired by a person."""

import json
from datetime import datetime
from typing import Any

from pydantic import Field

from apps.channels.models import Delivery
from apps.common import bounded_json
from apps.common.crypto import Undecryptable
from apps.common.effects import Answer, HttpCall, NoAnswer
from apps.common.ids import ordered_id
from apps.common.trouble import Refused
from apps.common.values import Value
from apps.database import bulk
from apps.egress import client
from apps.egress.addresses import Blocked
from apps.egress.redacting import Redactor
from apps.engine.contract.decisions import Call, Notify
from apps.engine.contract.node import StepContext
from apps.engine.drawing.graph import Graph, built_or_none
from apps.engine.dry_run import DryRun, dry_run
from apps.engine.values.bounds import MAX_TEXT
from apps.engine.values.data import RunData
from apps.notifications.notify import SendContext, notify
from apps.runs.execution.secrets_in_calls import plain_secrets, with_secrets
from apps.runs.journal.tested import would_be
from apps.runs.models import Step
from apps.sources.contract import Refusal
from apps.sources.registry import TRIGGERS
from apps.workflows.models import Workflow
from apps.workspaces.models import Secret

MAX_TRY_S = 20.0


class TrialInput(Value):
    """An answer given by hand; `lost`: the call gets none."""

    status: int = Field(default=200, ge=100, le=599)
    body: str = Field(default="", max_length=MAX_TEXT)
    lost: bool = False

    def answer(self) -> Answer | NoAnswer:
        if self.lost:
            return NoAnswer(kind="ambiguous", reason="no answer came (given by hand)")
        return Answer(status=self.status, body=self.body.encode())


class FakeWorld:
    """The outside of a dry run: answers given by hand, then the block's sample, then what it was answered last."""

    def __init__(self, workflow: Workflow, graph: Graph, given: dict[str, TrialInput], now: datetime) -> None:
        self.workflow, self.graph, self.given, self.now = workflow, graph, given, now

    def answer(self, node: str, call: HttpCall) -> Answer | NoAnswer | None:
        if node in self.given:
            return self.given[node].answer()
        found = self.graph.node(node)
        block = built_or_none(found) if found else None
        sample = str(getattr(block, "sample", "") or "")
        if sample.strip():
            return Answer(status=getattr(block, "success", [200])[0], body=sample.encode())
        return self._last_answered(node)

    def _last_answered(self, node: str) -> Answer | None:
        runs = list(self.workflow.runs.order_by("-id").values_list("pk", flat=True)[:20])
        step = Step.objects.filter(run_id__in=runs, node=node, http_status__isnull=False).order_by("-run_id").first()
        if step is None or "body" not in step.output:
            return None
        body = step.output["body"]
        text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        return Answer(status=step.http_status, body=text.encode())

    def say(self, node: str, said: Notify, data: RunData) -> tuple[dict[str, Any], dict[str, Any]]:
        occasion = SendContext(
            workspace=self.workflow.workspace, environment="live", run_id=ordered_id(), key=f"dry-{node}", now=self.now
        )
        found = notify(said, data, occasion)
        return found.outcome, {"messages": [_shown(row) for row in found.deliveries]}


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """A message that was captured."""
    would = "would be skipped" if row["state"] == Delivery.State.SKIPPED else "would be sent"
    facts = {"channel": row["channel"], "address": row["address"], "fate": would, "reason": row["reason"]}
    return {**facts, **row["content"]}


def payload_of(text: str) -> dict[str, Any]:
    """A payload as people wrote it. Raises Malformed."""
    found = bounded_json.loads(text.encode()) if text.strip() else {}
    return found if isinstance(found, dict) else {"body": found}


def dry(
    workflow: Workflow,
    graph: Graph,
    payload: dict[str, Any],
    facts: RunData,
    given: dict[str, TrialInput],
    now: datetime,
) -> DryRun:
    """Walk the drawing with this payload. Raises Refused when the trigger does not take it."""
    body = _started(graph, payload)
    data = facts.model_copy(update={"trigger": body, "profile": would_be(graph, body, workflow.workspace)})
    return dry_run(graph, data, FakeWorld(workflow, graph, given, now), now)


def _started(graph: Graph, payload: dict[str, Any]) -> dict[str, Any]:
    trigger = next((t for t in graph.triggers if t.kind in TRIGGERS.all()), None)
    if trigger is None:
        raise Refused("there is no trigger: add one")
    try:
        fired = TRIGGERS.all()[trigger.kind].model_validate(trigger.settings).fire(payload)
    except ValueError:
        raise Refused("the trigger's settings have errors: mend them first") from None
    if isinstance(fired, Refusal):
        raise Refused(f"the trigger would answer {fired.status}: {fired.message.rstrip('.')}")
    return fired.body


class TrialResult(Value):
    """What a real call was answered; `trouble` says why there is no answer."""

    status: int = 0
    body: str = ""
    seconds: float = 0
    trouble: str = ""


def try_call(workflow: Workflow, graph: Graph, key: str, data: RunData, now: datetime) -> TrialResult:
    """Make the call of one block for real, with its secrets. Raises Refused where it cannot be made."""
    node = graph.node(key)
    block = built_or_none(node) if node else None
    if block is None:
        raise Refused("the settings of this block have errors: mend them first")
    decision = block.decide(data, StepContext(attempt=1, key=f"try-{ordered_id()}", now=now))
    if not isinstance(decision, Call):
        raise Refused("this block makes no call")
    call = decision.call.model_copy(update={"timeout_s": min(decision.call.timeout_s, MAX_TRY_S)})
    try:
        plain = plain_secrets(call, workflow.workspace)
    except (Secret.DoesNotExist, Undecryptable) as error:
        raise Refused(f"a secret is missing or cannot be read: {error}") from None
    except Blocked as error:
        raise Refused(str(error)) from None
    bulk.release_connection()
    match Redactor(plain.values()).answer(client.send(with_secrets(call, plain))):
        case NoAnswer(reason=reason):
            return TrialResult(trouble=reason)
        case Answer() as answer:
            text = bounded_json.clean(answer.body.decode("utf-8", "replace"))[:MAX_TEXT]
            return TrialResult(status=answer.status, body=text, seconds=answer.seconds)
