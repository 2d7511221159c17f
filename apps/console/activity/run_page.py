"""What the page of a run shows, read from its journal."""

import json
from datetime import datetime, tzinfo
from typing import Any

from django.conf import settings

from apps.channels.models import Attempt, Delivery
from apps.common.values import Value
from apps.console.activity.words import local_words, pretty_json, span
from apps.database import clocks
from apps.engine.contract.decisions import Waited
from apps.engine.drawing.graph import TRIGGER_OUTLET, Graph, Node, built_or_none
from apps.people.facts import name_of
from apps.people.models import Person
from apps.runs.journal.journal import GOES_ON, WAITING
from apps.runs.models import AWAITING_VERDICT, EventWait, Run, Step
from apps.runs.upkeep import retention
from apps.runs.upkeep.run_history import MAX_STEPS, deliveries_of
from apps.workflows.describe.picture import icon_of, picture_of

OPEN = (Run.State.READY, Run.State.WORKING, Run.State.WAITING, Run.State.RECONCILING)
UNKNOWN_ICON = "circle-help"


class StepShown(Value):
    """A step as people read it; `took` is empty when it took no time worth a word."""

    model_config = {"arbitrary_types_allowed": True, "frozen": True}
    step: Step
    name: str
    kind: str
    icon: str
    outlet: str
    why: str
    took: str
    input: str
    output: str


class WaitShown(Value):
    """What an open run waits for, after *waits for* (empty: for a time), and until when. `event` is the name of the
    event, with `sample` as the least that it must hold; empty where it waits for none."""

    name: str
    what: str
    until: datetime
    event: str = ""
    sample: str = ""


class Question(Value):
    """What only a person can tell: whether a call, or the message with the id `delivery`, arrived."""

    what: str
    sent_at: datetime
    why: str
    delivery: str = ""


def told(found: Run, zone: tzinfo) -> dict[str, Any]:
    """All that the page shows; `zone` is that of who reads."""
    steps = list(found.steps.order_by("seq")[:MAX_STEPS])
    graph, sent = found.version.drawing(), _messages(found)
    return {
        "run": found,
        "may_stop": found.ended_at is None,
        "questions": [*_of_run(found, steps, graph), *_of_messages(sent)],
        "open": found.state in OPEN,
        "took": span(found.created_at, found.ended_at) if found.ended_at else "",
        "at": _name(graph.node(_stands_at(found)), _stands_at(found)),
        "wait": _wait(found, steps, graph),
        "now": clocks.now(),
        "error": _said(found.error, graph, zone),
        "steps": [_shown(step, graph, zone) for step in steps],
        "cut": len(steps) == MAX_STEPS,
        "picture": picture_of(graph, _passed(graph, steps), found.version.layout, _stands_at(found)),
        "body": pretty_json(found.event.body),
        "emptied": settings.BODIES_DAYS if retention.is_emptied(found) else 0,
        "messages_sent": sent,
        "person": _person(found),
    }


def _person(found: Run) -> str:
    """The name of whom it is about; empty where nobody knows."""
    person = Person.objects.filter(pk=found.person_id).first() if found.person_id else None
    return name_of(person) if person else ""


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
    return frozenset([*began, *((s.node, s.outlet) for s in steps if s.outcome in GOES_ON)])


def _wait(found: Run, steps: list[Step], graph: Graph) -> WaitShown | None:
    """The true deadline stands in what the block noted; the run's own alarm may ring before it, to look again."""
    if found.state not in (Run.State.WAITING, Run.State.READY) or found.due_at is None:
        return None
    node = graph.node(found.node)
    block = built_or_none(node) if node else None
    if found.state == Run.State.READY:
        is_retry = found.attempt > 0 and found.due_at > clocks.now()
        name = _name(node, found.node)
        return WaitShown(name=name, what="the next try of its call", until=found.due_at) if is_retry else None
    row = next((s for s in reversed(steps) if s.node == found.node and s.outcome == WAITING), None)
    memo = Waited.kept(row.outlet, row.output).memo if row else {}
    until = datetime.fromisoformat(memo["until"]) if "until" in memo else found.due_at
    event = block.awaited_event() if block else ""
    sample = _sample(found) if event else ""
    return WaitShown(
        name=_name(node, found.node), what=block.awaits() if block else "", until=until, event=event, sample=sample
    )


def _sample(found: Run) -> str:
    """The least that an event must hold so that this run hears it."""
    row = EventWait.objects.filter(run=found, open=True).first()
    made: dict[str, Any] = {}
    for path, value in (row.match if row else {}).items():
        first, _, second = path.partition(".")
        if second:
            made.setdefault(first, {})[second] = value
        else:
            made[first] = value
    return json.dumps(made, indent=2, ensure_ascii=False)


def _said(words: str, graph: Graph, zone: tzinfo) -> str:
    """A block by its name, and times in the zone of who reads."""
    key, colon, rest = words.partition(": ")
    node = graph.node(key) if colon else None
    return local_words(f"{node.name or key}: {rest}" if node else words, zone)


def _shown(step: Step, graph: Graph, zone: tzinfo) -> StepShown:
    node = graph.node(step.node)
    block = built_or_none(node) if node else None
    return StepShown(
        step=step,
        name=_name(node, step.node),
        kind=node.kind if node else "",
        icon=icon_of(node) if node else UNKNOWN_ICON,
        outlet="" if step.outcome == WAITING else block.label(step.outlet) if block and step.outlet else step.outlet,
        why=local_words(step.why, zone),
        took=span(step.started_at, step.ended_at),
        input=pretty_json(step.input),
        output=pretty_json(step.output),
    )


def _stands_at(found: Run) -> str:
    """The block at which a run stands that is not over."""
    return found.node if found.ended_at is None else ""


def _name(node: Node | None, key: str) -> str:
    return (node.name if node else "") or key


def _messages(found: Run) -> list[tuple[Delivery, list[Attempt]]]:
    """Each delivery with its tries: their reasons are the provider's own words."""
    deliveries = deliveries_of(found)
    tries: dict[Any, list[Attempt]] = {d.pk: [] for d in deliveries}
    for attempt in Attempt.objects.filter(delivery_id__in=list(tries)).order_by("number")[:MAX_STEPS]:
        tries[attempt.delivery_id].append(attempt)
    return [(d, tries[d.pk]) for d in deliveries]
