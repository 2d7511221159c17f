"""A run's page: the path it took and why; while the run is open it asks for its live part again and again."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_POST, require_safe

from apps.channels import deliveries
from apps.channels.models import Attempt, Delivery
from apps.common.values import Value
from apps.console.page.page import show
from apps.database import clocks
from apps.engine.drawing.graph import TRIGGER_OUTLET, Graph, Node, built_or_none
from apps.runs.claims import interventions
from apps.runs.models import AWAITING_VERDICT, Run, Step
from apps.runs.upkeep import retention
from apps.runs.upkeep.run_history import MAX_STEPS, deliveries_of
from apps.workflows.describe.picture import icon_of, picture_of
from apps.workspaces.models import Membership
from apps.workspaces.tenancy import editor, member

OPEN = (Run.State.READY, Run.State.WORKING, Run.State.WAITING, Run.State.RECONCILING)
MOST_SHOWN = 20_000
UNKNOWN_ICON = "circle-help"


class StepShown(Value):
    """A step as people read it; `took` is empty when it took no time worth a word."""

    model_config = {"arbitrary_types_allowed": True, "frozen": True}
    step: Step
    name: str
    kind: str
    icon: str
    outlet: str
    took: str
    input: str
    output: str


class Question(Value):
    """What only a person can tell: whether a call, or the message with the id `delivery`, arrived."""

    what: str
    sent_at: datetime
    why: str
    delivery: str = ""


@require_safe
@member
def run(request: HttpRequest, membership: Membership, run_id: str) -> HttpResponse:
    return show(request, "pages/run.html", membership, {"here": "runs", **_told(_run(membership, run_id))})


@require_POST
@editor
def decide(request: HttpRequest, membership: Membership, run_id: str) -> HttpResponse:
    """What a person says, as `arrived`, or of one of the run's messages as `arrived <its id>`."""
    found, now = _run(membership, run_id), clocks.now()
    verdict, _, delivery_id = request.POST.get("verdict", "").partition(" ")
    if _decided(found, verdict, delivery_id, str(membership.user), now):
        messages.success(request, "Decided.")
    else:
        messages.error(request, "There was nothing to decide any more.")
    return redirect("run", membership.workspace.wsid, run_id)


def _decided(found: Run, verdict: str, delivery_id: str, by: str, now: datetime) -> bool:
    if verdict == "cancel":
        return interventions.cancel(found.pk, by, now)
    if verdict not in interventions.VERDICTS:
        raise Http404
    if not delivery_id:
        return interventions.resolve(found.pk, verdict, by, now)
    row = next((row for row in deliveries_of(found) if str(row.pk) == delivery_id), None)
    return row is not None and deliveries.resolve(row.pk, verdict, by, now)


@require_safe
@member
def run_live(request: HttpRequest, membership: Membership, run_id: str) -> HttpResponse:
    """The part of the page that changes. 304 while it says the same."""
    answer = show(request, "partials/run.html", membership, _told(_run(membership, run_id)))
    etag = f'"{hashlib.sha256(answer.content).hexdigest()[:32]}"'
    answer["ETag"], answer["Cache-Control"] = etag, "private, no-cache"
    return get_conditional_response(request, etag=etag, response=answer) or answer


def _run(membership: Membership, run_id: str) -> Run:
    rows = Run.objects.of(membership.workspace).select_related("version", "workflow", "event", "workspace")
    return get_object_or_404(rows, pk=run_id)


def _told(found: Run) -> dict[str, Any]:
    steps = list(found.steps.order_by("seq")[:MAX_STEPS])
    graph, sent = found.version.drawing(), _messages(found)
    return {
        "run": found,
        "may_stop": found.ended_at is None,
        "questions": [*_of_run(found, steps, graph), *_of_messages(sent)],
        "open": found.state in OPEN,
        "took": span(found.created_at, found.ended_at) if found.ended_at else "",
        "at": _at(found, graph),
        "steps": [_shown(step, graph) for step in steps],
        "cut": len(steps) == MAX_STEPS,
        "picture": picture_of(graph, _passed(graph, steps), found.version.layout),
        "body": pretty_json(found.event.body),
        "emptied": settings.BODIES_DAYS if retention.is_emptied(found) else 0,
        "messages_sent": sent,
    }


def _of_run(found: Run, steps: list[Step], graph: Graph) -> list[Question]:
    lost = [step for step in steps if step.outcome == "lost"][-1:] if found.state in AWAITING_VERDICT else []
    return [
        Question(what=f"the call of {_name(graph.node(step.node), step.node)}", sent_at=step.started_at, why=step.why)
        for step in lost
    ]


def _of_messages(sent: list[tuple[Delivery, list[Attempt]]]) -> list[Question]:
    unknown = [(row, tries[-1]) for row, tries in sent if row.state == Delivery.State.UNKNOWN and tries]
    return [
        Question(
            what=f"the {row.get_channel_display()} to {row.address}",
            sent_at=last.started_at,
            why=row.reason,
            delivery=str(row.pk),
        )
        for row, last in unknown
    ]


def _passed(graph: Graph, steps: list[Step]) -> frozenset[tuple[str, str]]:
    began = [(t.id, TRIGGER_OUTLET) for t in graph.triggers]
    return frozenset([*began, *((s.node, s.outlet) for s in steps)])


def _shown(step: Step, graph: Graph) -> StepShown:
    node = graph.node(step.node)
    block = built_or_none(node) if node else None
    return StepShown(
        step=step,
        name=_name(node, step.node),
        kind=node.kind if node else "",
        icon=icon_of(node) if node else UNKNOWN_ICON,
        outlet=block.label(step.outlet) if block and step.outlet else step.outlet,
        took=span(step.started_at, step.ended_at),
        input=pretty_json(step.input),
        output=pretty_json(step.output),
    )


def _at(found: Run, graph: Graph) -> str:
    """Where an open run stands."""
    return _name(graph.node(found.node), found.node) if found.state in OPEN else ""


def _name(node: Node | None, key: str) -> str:
    return (node.name if node else "") or key


def _messages(found: Run) -> list[tuple[Delivery, list[Attempt]]]:
    """Each delivery with its tries: their reasons are the provider's own words."""
    deliveries = deliveries_of(found)
    tries: dict[Any, list[Attempt]] = {d.pk: [] for d in deliveries}
    for attempt in Attempt.objects.filter(delivery_id__in=list(tries)).order_by("number")[:MAX_STEPS]:
        tries[attempt.delivery_id].append(attempt)
    return [(d, tries[d.pk]) for d in deliveries]


def span(start: Any, end: Any) -> str:
    """How long, in words: 340 ms, 2.5 s, 3 min 20 s, 2 h 5 min, 3 d 4 h; empty below a millisecond."""
    seconds = max((end - start).total_seconds(), 0)
    if seconds < 0.001:
        return ""
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, size, below, small in (("d", 86400, 3600, "h"), ("h", 3600, 60, "min"), ("min", 60, 1, "s")):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // below} {small}"
    return f"{whole} s"


def pretty_json(value: Any) -> str:
    """JSON for people to open; a long one is cut and says so."""
    if not value:
        return ""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]}\n… cut: {len(text):,} characters in all"
