"""Tests on the canvas: what was received, a dry run, one call for real, and a run on the test list."""

import json
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from pydantic import Field

from apps.common.bounded_json import MAX_BYTES
from apps.common.ids import uuid_in
from apps.common.trouble import Refused
from apps.common.values import Value
from apps.console.canvas.canvas_page import run_facts
from apps.console.page.filling import one_at_a_time
from apps.console.page.json_views import Nothing, answers
from apps.console.page.page import zone_for
from apps.console.workflows.workflow import workflow_of
from apps.database import clocks
from apps.engine.drawing.graph import Graph
from apps.engine.drawing.samples import sample_data
from apps.engine.dry_run import Passed
from apps.events.models import Event
from apps.runs import trial
from apps.sources.registry import TRIGGERS
from apps.triggers import ingest
from apps.workflows.models import Workflow
from apps.workspaces.models import Membership
from apps.workspaces.tenancy import editor, member

MAX_PAYLOADS, MAX_SHOWN = 10, 32 * 1024


class DryRunRequest(Value):
    """`answers` are given by hand, by block."""

    graph: Graph
    payload: str = Field(default="", max_length=MAX_BYTES)
    answers: dict[str, trial.TrialInput] = Field(default={}, max_length=500)


class TryCall(Value):
    graph: Graph
    node: str = Field(max_length=60)


class Fire(Value):
    payload: str = Field(default="", max_length=MAX_BYTES)


@member
@answers(Nothing)
def payloads(request: HttpRequest, membership: Membership, asked: Nothing, slug: str) -> dict[str, Any]:
    """What came in last, newest first; a body too long to show is left out."""
    found = workflow_of(membership, slug)
    ids = list(found.runs.order_by("-id").values_list("event_id", flat=True)[:MAX_PAYLOADS])
    events = Event.objects.of(membership.workspace).filter(pk__in=ids).order_by("-id")
    return {"payloads": [_payload(event, membership) for event in events]}


def received_payload(membership: Membership, workflow: Workflow, event_id: str) -> dict[str, Any] | None:
    """One request that started this workflow, as the list above tells it."""
    key = uuid_in(event_id)
    row = workflow.runs.filter(event_id=key).select_related("event").first() if key else None
    return _payload(row.event, membership) if row else None


def _payload(event: Event, membership: Membership) -> dict[str, Any]:
    text = json.dumps(event.body, indent=2, ensure_ascii=False)
    at = event.received_at.astimezone(zone_for(membership))
    words = f"{at:%d %b %H:%M:%S} · {event.environment}"
    return {"id": str(event.pk), "words": words, "body": text if len(text) <= MAX_SHOWN else ""}


@member
@answers(DryRunRequest)
@one_at_a_time
def dry_run(request: HttpRequest, membership: Membership, asked: DryRunRequest, slug: str) -> dict[str, Any]:
    """Walk the drawing as it is on the screen; nothing is sent."""
    found = workflow_of(membership, slug)
    payload = trial.payload_of(asked.payload)
    walked = trial.dry(found, asked.graph, payload, run_facts(found), asked.answers, clocks.now())
    return {**walked.model_dump(mode="json"), "steps": [_step(step) for step in walked.steps]}


def _step(step: Passed) -> dict[str, Any]:
    """Documents as text: a browser would round their long numbers."""
    messages = step.input.get("messages")
    inside = {name: value for name, value in step.input.items() if name != "messages"}
    facts = step.model_dump(mode="json", exclude={"input", "output"})
    found = messages if isinstance(messages, list) else []
    return {**facts, "messages": found, "input": _text(inside), "output": _text(step.output)}


def _text(document: dict[str, Any]) -> str:
    return json.dumps(document, indent=2, ensure_ascii=False, default=str) if document else ""


@editor
@answers(TryCall)
def try_call(request: HttpRequest, membership: Membership, asked: TryCall, slug: str) -> dict[str, Any]:
    """Make the call of one block for real, filled in with samples."""
    found = workflow_of(membership, slug)
    data = sample_data(asked.graph, run_facts(found), TRIGGERS.all())
    return trial.try_call(found, asked.graph, asked.node, data, clocks.now()).model_dump()


@editor
@answers(Fire)
def fire(request: HttpRequest, membership: Membership, asked: Fire, slug: str) -> dict[str, Any]:
    """Start a real run of the Test version: its messages reach only addresses on the test list."""
    found = workflow_of(membership, slug)
    if found.test is None:
        raise Refused("there is no Test version yet: save first")
    request_id = ingest.fire_by_hand(found.trigger, "test", trial.payload_of(asked.payload), clocks.now())
    return {"request_id": request_id, "url": reverse("begun", args=[membership.workspace.wsid, request_id])}
