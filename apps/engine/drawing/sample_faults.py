"""What goes wrong when each block is tried with the samples: values that are not there, calls and messages that can
never be sent. Pure: nothing is called, the world around the drawing is told by `Outside`.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from apps.common.trouble import Refused
from apps.common.values import Value
from apps.engine.contract.decisions import Call, Notify
from apps.engine.contract.node import NodeType, StepContext
from apps.engine.drawing.graph import Graph, built_or_none
from apps.engine.drawing.topology import Topology
from apps.engine.fields import Text
from apps.engine.texts.templates import as_text, placeholders, render
from apps.engine.values.budget import TooMuch, budget
from apps.engine.values.data import RunData
from apps.engine.values.paths import segments

MAX_WORK = 50_000_000  # for the whole drawing: about a second
_TRY = StepContext(attempt=1, key="sample", now=datetime(2000, 1, 1, tzinfo=UTC))


class CarriedChannel(Value):
    """How an event is said on one channel. `trouble`: why it never can be; `texts`: what its template says there."""

    trouble: str = ""
    is_paused: bool = False
    texts: tuple[Text, ...] = ()


class Outside(Value):
    """`never`: why a URL can never be called, or nothing. `events`: by name, the channels on which each is said."""

    model_config = {"arbitrary_types_allowed": True, "frozen": True}
    never: Callable[[str], str] = lambda url: ""
    events: Mapping[str, Mapping[str, CarriedChannel]] = {}


class Fault(NamedTuple):
    node: str
    field: str
    severity: Literal["error", "warning"]
    message: str


def sample_faults(graph: Graph, ways: Topology, data: RunData, outside: Outside) -> Iterator[Fault]:
    """`data`: what a run would know at its end, by the samples; where the trigger has none, no value is missed."""
    try:
        with budget(MAX_WORK):
            for node in graph.nodes:
                block = built_or_none(node)
                if block is not None:
                    yield from _of_block(node.id, block, _before(node.id, ways, data), outside)
    except TooMuch:
        return  # the run has the same bounds, block by block, and says so there


def _before(node: str, ways: Topology, data: RunData) -> RunData:
    steps = {step: output for step, output in data.steps.items() if ways.comes_before(step, node)}
    return data.model_copy(update={"steps": steps})


def _of_block(node: str, block: NodeType, data: RunData, outside: Outside) -> Iterator[Fault]:
    missing = list(_missing(node, block, data)) if data.trigger else []
    yield from missing
    try:
        decision = block.decide(data, _TRY)
    except Refused as trouble:
        if data.trigger and not missing:
            yield Fault(node, "", "warning", f"With the samples this block fails: {trouble}.")
        return
    except Exception as error:  # a block of somebody's own; its run says so, too, and nobody is kept from the canvas
        what = f"With the samples this block has an error of its own: {type(error).__name__}."
        yield Fault(node, "", "warning", what)
        return
    if isinstance(decision, Call) and (why := outside.never(decision.call.url)):
        yield Fault(
            node, "url" if "url" in type(block).model_fields else "", "error", f"It can never be called: {why}."
        )
    if isinstance(decision, Notify):
        yield from _of_messages(node, decision, data, outside)


def _missing(node: str, block: NodeType, data: RunData) -> Iterator[Fault]:
    """Texts that end the run, or leave by *failure*, where the samples are all there is."""
    for read in block.reads():
        if read.path or as_text(read.text).missing != "error":
            continue
        try:
            render(read.text, data)
        except TooMuch:
            raise
        except Refused as trouble:
            yield Fault(node, read.field, "warning", f"With the samples {trouble}. Add it to the sample it comes from.")


def _of_messages(node: str, said: Notify, data: RunData, outside: Outside) -> Iterator[Fault]:
    channels = outside.events.get(said.event)
    known = data.model_copy(update={"trigger": {**data.trigger, **said.data}})
    for number, (name, address) in enumerate(said.addresses.items()):
        here = f"to.{number}"
        carried = channels.get(name) if channels is not None else CarriedChannel()
        if carried is None or carried.trouble:
            why = carried.trouble if carried else f"the event {said.event} has no connection for it"
            yield Fault(node, f"{here}.channel", "error", f"Nothing can be sent here: {why}.")
        elif carried.is_paused:
            yield Fault(node, f"{here}.channel", "warning", "Its connection is paused: messages wait until it goes on.")
        if data.trigger and not address and name not in said.troubles:
            yield Fault(node, f"{here}.address", "warning", "With the samples there is no address: nobody gets this.")
        if data.trigger and carried is not None:
            yield from _of_words(node, f"{here}.channel", carried.texts, known)


def _of_words(node: str, field: str, texts: tuple[Text, ...], data: RunData) -> Iterator[Fault]:
    for text in texts:
        try:
            render(text, data)
        except TooMuch:
            raise
        except Refused as trouble:
            told = f"With the samples the template’s words cannot be filled in: {trouble}. Add it under Data."
            yield Fault(node, field, "warning", told)
            return


def reads_trigger(graph: Graph) -> tuple[str, ...]:
    """Names of the trigger's data without which some text would end the run, in the order of the blocks."""
    found: dict[str, None] = {}
    for node in graph.nodes:
        block = built_or_none(node)
        for read in block.reads() if block else ():
            if not read.path and as_text(read.text).missing == "error":
                found |= dict.fromkeys(_of_trigger(as_text(read.text).text))
    return tuple(found)


def _of_trigger(text: str) -> list[str]:
    try:
        names = placeholders(text)
    except Refused:
        return []
    return [name for name in names if segments(name)[0] not in ("steps", "profile", "workspace", "run")]
