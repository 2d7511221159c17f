"""Ready to go live is true: what cannot work is a problem at its field, and a drawing without problems runs."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.effects import Answer, HttpCall
from apps.common.trouble import Refused
from apps.egress import client
from apps.engine.contract.decisions import Notify
from apps.engine.drawing.graph import Graph, parse_graph
from apps.engine.drawing.problem import Context, Problem
from apps.engine.drawing.problems import problems
from apps.engine.drawing.sample_faults import CarriedChannel, Outside
from apps.engine.drawing.samples import trigger_example
from apps.engine.dry_run import DryRun, dry_run
from apps.engine.fields import Text
from apps.engine.nodes.send import CHANNEL_WORDS
from apps.engine.nodes.transform import Transform
from apps.engine.texts.templates import render
from apps.engine.values.data import RunData
from apps.sources.registry import TRIGGERS
from tests.support import draw

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
SAMPLE = '{"id": "A-1", "customer": {"name": "Asha", "phone": "+919800000001"}, "at": "2026-12-24T10:00:00Z"}'
EVENTS = {
    "order_confirmed": {
        "sms": CarriedChannel(texts=(Text(text="Order {{ id }} of {{ customer.name }}"),)),
        "email": CarriedChannel(texts=(Text(text="{{ coupon }}"),)),
        "push": CarriedChannel(trouble="the template Order has no words for Push"),
    },
    "paused": {"sms": CarriedChannel(is_paused=True)},
}
CONTEXT = Context(
    triggers=TRIGGERS.all(),
    known={"notification event": frozenset(EVENTS)},
    outside=Outside(never=client.why_never, events=EVENTS),
)


def drawing(*nodes: dict[str, Any], edges: list[dict[str, str]] | None = None, **start: Any) -> Graph:
    """The blocks in a row, each by its first way out; failures lead to an end of their own."""
    start = {"sample": SAMPLE, **start}
    rows = [draw.webhook("start", **start), *nodes]
    ways = {"http_request": "success", "condition": "a", "split": "a"}
    row = [{"source": a["id"], "outlet": ways.get(a["kind"], "next"), "target": b["id"]} for a, b in pairwise(rows)]
    open_ = [node for node in nodes if node["kind"] in ("http_request", "send", "start_workflow")]
    failed = [draw.stop("failed")] if open_ else []
    row += [{"source": node["id"], "outlet": "failure", "target": "failed"} for node in open_]
    return parse_graph({"nodes": [*rows, *failed], "edges": row if edges is None else edges})


def found(graph: Graph, context: Context = CONTEXT) -> dict[tuple[str, str], Problem]:
    return {(p.node, p.field): p for p in problems(graph, context)}


def sending(event: str, channel: str = "sms", address: str = "{{ customer.phone }}", **more: Any) -> dict[str, Any]:
    return draw.send("say", event=event, to=[{"channel": channel, "address": {"text": address}}], **more)


MATCH = [{"path": "id", "value": {"text": ""}}]


@pytest.mark.parametrize(
    ("node", "field"),
    [
        (draw.http_request("x", url=" "), "url"),
        (
            draw.http_request("x", url="https://a.example", body={"type": "text", "content": {"text": ""}}),
            "body.content",
        ),
        (draw.throttle("x", key=""), "key"),
        (draw.digest("x", key=""), "key"),
        (draw.wait_for_event("x", event="paid", match=MATCH), "match.0.value"),
        (draw.send("x", event="order_confirmed", to=[{"channel": "sms", "address": {"text": ""}}]), "to.0.address"),
    ],
)
def test_a_needed_text_that_is_empty_is_an_error_at_its_field(node, field: str) -> None:
    problem = found(drawing(node))["x", field]
    assert (problem.severity, problem.message) == ("error", "Fill this in.")


def test_a_row_may_be_empty() -> None:
    rows = [{"name": "x-empty", "value": {"text": ""}}]
    assert not found(drawing(draw.http_request("x", url="https://a.example/", headers=rows)))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://a.example/", "only http and https"),
        ("a.example/orders", "only http and https"),
        ("https:///orders", "no usable host"),
        ("https://intranet/", "single-label host"),
        ("http://10.0.0.1/", "the address is not allowed"),
        ("{{ customer.name }}", "only http and https"),
    ],
)
def test_a_call_that_can_never_be_made_is_an_error(url: str, words: str) -> None:
    problem = found(drawing(draw.http_request("x", url=url)))["x", "url"]
    assert problem.severity == "error" and words in problem.message


@pytest.mark.parametrize(
    ("node", "field", "severity", "words"),
    [
        (sending("order_confirmed", "push"), "to.0.channel", "error", "no words for Push"),
        (sending("order_confirmed", "whatsapp"), "to.0.channel", "error", "has no connection for it"),
        (sending("paused"), "to.0.channel", "warning", "is paused"),
        (sending("order_confirmed", "email"), "to.0.channel", "warning", "a value is missing: coupon"),
        (sending("nobody_defined_it"), "event", "error", "There is no notification event"),
        (sending("order_confirmed", address="{{ customer.fax }}"), "to.0.address", "warning", "customer.fax"),
        (draw.delay("say", mode="until_field", field="customer.name"), "", "warning", "this block fails"),
        (draw.transform("say", rows=draw.rows(x="{{ customer.gone }}")), "rows.0.value", "warning", "customer.gone"),
    ],
)
def test_what_the_samples_show_is_said_at_its_field(node, field: str, severity: str, words: str) -> None:
    problem = found(drawing(node))["say", field]
    assert problem.severity == severity and words in problem.message


def test_what_the_block_adds_for_its_template_is_there() -> None:
    given_ = draw.rows(coupon="{{ id }}")
    assert not found(drawing(sending("order_confirmed", "email", data=given_)))


def test_without_a_sample_the_trigger_says_once_what_is_read() -> None:
    graph = drawing(sending("order_confirmed"), draw.transform("t", rows=draw.rows(x="{{ id }}")), sample="")
    assert {place: p.message for place, p in found(graph).items()} == {
        ("start", "sample"): "Paste an example request: blocks read customer.phone, id, and no sample has it."
    }


def test_a_step_that_a_run_can_pass_by_may_be_missing() -> None:
    when = {"type": "group", "items": [{"type": "test", "field": "id", "op": "equals", "value": "A-1"}]}
    split = draw.condition("if", branches=[{"id": "a", "name": "A", "when": when}])
    nodes = [
        split,
        draw.transform("one", rows=draw.rows(x="1")),
        draw.transform("two", rows=draw.rows(y="{{ steps.one.x }}")),
    ]
    edges = [("start", "next", "if"), ("if", "a", "one"), ("if", "else", "two"), ("one", "next", "two")]
    graph = drawing(*nodes, edges=[{"source": a, "outlet": o, "target": b} for a, o, b in edges])
    assert "a run can come here without passing one" in found(graph)["two", "rows.0.value"].message


@pytest.mark.parametrize("guard", [{"type": "bearer"}, {"type": "hmac"}, {"type": "sender", "sender": "stripe"}])
def test_a_guard_without_a_secret_is_an_error_unless_the_trigger_has_one(guard: dict[str, str]) -> None:
    without = CONTEXT.model_copy(update={"has_secret": False})
    graph = drawing(draw.stop("end"), guard=guard)
    assert found(graph, without)["start", "guard.secret"].severity == "error"
    assert not found(graph, CONTEXT)
    named = drawing(draw.stop("end"), guard={**guard, "secret": "door"})
    assert not found(named, without)
    missing = without.model_copy(update={"known": {"secret": frozenset()}})
    assert "There is no secret 'door'" in found(named, missing)["start", "guard.secret"].message


class World:
    """Answers with the block's sample, and says what the events above say."""

    def answer(self, node: str, call: HttpCall) -> Answer:
        assert not client.why_never(call.url), call.url
        return Answer(status=200, body=b'{"type": "power"}')

    def say(self, node: str, said: Notify, data: RunData) -> tuple[dict[str, Any], dict[str, Any]]:
        known = data.model_copy(update={"trigger": {**data.trigger, **said.data}})
        for channel, address in said.addresses.items():
            carried = EVENTS[said.event].get(channel, CarriedChannel(trouble="no connection"))
            if carried.trouble or not address:
                raise Refused(carried.trouble or "no address")
            for text in carried.texts:
                render(text, known)
        return {"notification": "n", "deliveries": []}, {}


TEXTS = st.sampled_from(
    ["", "A-1", "{{ id }}", "{{ customer.phone }}", "{{ gone }}", "{{ customer.gone }}", "{{ steps.n0.x }}",
     "{{ steps.n1.body.type }}", "{{ steps.n2.status }}", "{% for i in customer %}{{ i }}{% endfor %}", "{{ broken"]
)  # fmt: skip
URLS = st.sampled_from(
    ["https://a.example/{{ id }}", "http://10.0.0.1/", "{{ customer.name }}", "", "https://{{ gone }}"]
)
FIELDS = st.sampled_from(["at", "id", "customer.gone", "steps.n0.x"])


@st.composite
def blocks(pick, number: int) -> dict[str, Any]:
    name, text = f"n{number}", pick(TEXTS)
    match = [{"path": "id", "value": {"text": text}}]
    sample = pick(st.sampled_from(["", '{"type": "power"}']))
    kinds = [
        lambda: draw.transform(name, rows=draw.rows(x=text)),
        lambda: draw.http_request(name, url=pick(URLS), sample=sample),
        lambda: draw.throttle(name, key=text),
        lambda: draw.digest(name, key=text),
        lambda: draw.wait_for_event(name, event="paid", match=match),
        lambda: draw.delay(name, mode="until_field", field=pick(FIELDS)),
        lambda: draw.send(
            name,
            event=pick(st.sampled_from([*EVENTS, "gone"])),
            to=[{"channel": pick(st.sampled_from(list(CHANNEL_WORDS))), "address": {"text": text}}],
        ),
    ]
    return pick(st.sampled_from(kinds))()


@st.composite
def drawings(pick) -> Graph:
    size = pick(st.integers(1, 4))
    return drawing(*[pick(blocks(number)) for number in range(size)])


def dry(graph: Graph) -> DryRun:
    return dry_run(graph, RunData(trigger=trigger_example(graph, TRIGGERS.all())), World(), NOW)


@given(drawings())
@settings(max_examples=400, deadline=None)
def test_a_drawing_without_problems_run_with_its_sample_comes_to_its_end(graph: Graph) -> None:
    if problems(graph, CONTEXT):
        return
    ran = dry(graph)
    assert ran.ending == "completed", ran.error
    assert {step.outcome for step in ran.steps} <= {"done"}, ran.steps


def test_a_block_with_an_error_of_its_own_keeps_nobody_from_the_canvas(monkeypatch) -> None:
    def broken(self: object, data: RunData, ctx: object) -> None:
        raise KeyError("order_id")

    monkeypatch.setattr(Transform, "decide", broken)
    problem = found(drawing(draw.transform("x", rows=draw.rows(a="1"))))["x", ""]
    assert problem.severity == "warning" and "an error of its own: KeyError" in problem.message
