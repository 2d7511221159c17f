"""What decides is pure: conditions, templates, problems."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common.effects import Answer
from apps.common.trouble import Refused
from apps.engine.conditions import ConditionGroup, Test, evaluate
from apps.engine.contract.decisions import Next, Retry
from apps.engine.contract.node import StepContext
from apps.engine.drawing.graph import parse_graph
from apps.engine.drawing.problem import Context
from apps.engine.drawing.problems import problems
from apps.engine.fields import Text
from apps.engine.nodes.http_request import HttpRequest
from apps.engine.registry import NODES
from apps.engine.texts.templates import render, render_json, render_url
from apps.engine.values.data import RunData
from apps.engine.values.operators import OPERATORS, Comparison
from apps.sources.registry import TRIGGERS
from tests.support import draw
from tests.support.clock import NOW

DATA = RunData(
    trigger={
        "amount": 900,
        "text": "Hello",
        "tags": ["a", "b"],
        "on": "yes",
        "at": "2026-11-24T11:30:00Z",
        "none": None,
        "yes": True,
        "phone": "+919800000001",
        "code": "00123",
        "count": "1_000",
        "seconds": "1732449600",
        "stamp": 1732449600000,
        "stamp_text": "1732449600000",
        "limits": {"low": 1, "high": 899},
    }
)


@pytest.mark.parametrize(
    ("field", "op", "value", "holds"),
    [
        ("amount", "equals", "900", True),
        ("amount", "equals", "900.0", True),
        ("amount", "greater_or_equal", "1000", False),
        ("amount", "between", ["900", "901"], True),
        ("amount", "in", ["x", "900"], True),
        ("text", "contains", "ell", True),
        ("text", "matches", "^H.*o$", True),
        ("text", "greater", "1", False),
        ("tags", "contains", "b", True),
        ("tags", "not_contains", "b", False),
        ("on", "is_true", "", True),
        ("on", "equals", "{{ yes }}", True),
        ("amount", "greater", "{{ limits.low }}", True),
        ("amount", "between", ["{{ limits.low }}", "{{ limits.high }}"], False),
        ("amount", "equals", "{{ nobody }}", False),
        ("phone", "equals", "919800000001", False),
        ("phone", "equals", "+919800000001", True),
        ("code", "equals", "123", False),
        ("code", "in", ["x", "00123"], True),
        ("count", "equals", "1000", False),
        ("phone", "greater", "1", False),
        ("none", "equals", "{{ none }}", True),
        ("none", "not_equals", "{{ amount }}", True),
        ("none", "in", ["{{ none }}"], True),
        ("seconds", "after", "2024-11-24T00:00:00Z", True),
        ("seconds", "before", "2024-11-25", True),
        ("stamp", "after", "2024-11-24", True),
        ("stamp", "before", "1732492800", True),
        ("stamp_text", "before", "2024-11-25", True),
        ("at", "before", "2026-11-24T12:00:00+00:00", True),
        ("at", "within_last_hours", "1", True),
        ("at", "within_last_minutes", "20", False),
        ("none", "is_empty", "", True),
        ("none", "exists", "", False),
        ("nothing", "exists", "", False),
        ("nothing", "not_equals", "1", True),
        ("tags.1", "equals", "b", True),
    ],
)
def test_operators(field: str, op: str, value: str | list[str], holds: bool) -> None:
    operand = {"values": value} if isinstance(value, list) else {"value": value}
    group = ConditionGroup.model_validate({"items": [{"type": "test", "field": field, "op": op, **operand}]})
    assert evaluate(group, DATA, NOW).holds is holds


@pytest.mark.parametrize(
    ("op", "operand", "words"),
    [
        ("between", {"values": ["10", "1"]}, "lower number first"),
        ("between", {"values": ["1"]}, "needs two numbers"),
        ("greater", {"value": "many"}, "needs a number"),
        ("matches", {"value": "("}, "pattern is broken"),
        ("before", {"value": "soon"}, "needs a date as 2026-11-28"),
        ("like", {"value": "x"}, "Input should be"),
    ],
)
def test_an_operand_that_cannot_fit_is_refused_while_drawing(op: str, operand: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Test(field="amount", op=op, **operand)


def test_an_operand_known_only_in_a_run_gives_no_and_says_why() -> None:
    test = Test(field="amount", op="between", values=["{{ limits.high }}", "{{ limits.low }}"])
    verdict = evaluate(ConditionGroup(items=[test]), DATA, NOW)
    assert verdict.holds is False and "lower number first" in verdict.trace[0]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(sorted(OPERATORS)), JSON, JSON)
@settings(max_examples=600, deadline=None)
def test_conditions_never_raise(op: str, found: object, operand: object) -> None:
    if not OPERATORS[op].operand_fault(operand):
        assert isinstance(OPERATORS[op].compare(Comparison(found, operand, NOW)).holds, bool)


@given(st.sampled_from(sorted(OPERATORS)), JSON, JSON)
@settings(max_examples=300, deadline=None)
def test_a_test_whose_operand_comes_from_the_run_never_raises(op: str, found: object, operand: object) -> None:
    test = Test(field="found", op=op, value="{{ operand }}", values=["{{ operand }}", "{{ operand }}"])
    data = RunData(trigger={"found": found, "operand": operand})
    assert len(evaluate(ConditionGroup(items=[test]), data, NOW).trace) == 1


def test_the_trace_is_in_words() -> None:
    verdict = evaluate(ConditionGroup(items=[Test(field="amount", op="greater_or_equal", value="1000")]), DATA, NOW)
    assert verdict.trace == ('amount 900 ≥ "1000" → no',)


def test_groups_nest_four_deep_and_no_deeper() -> None:
    group: object = {"type": "group", "items": [{"type": "test", "field": "a", "op": "exists"}]}
    for _ in range(3):
        group = {"type": "group", "items": [group]}
    ConditionGroup.model_validate(group)
    with pytest.raises(ValueError, match="at most 4"):
        ConditionGroup.model_validate({"type": "group", "items": [group]})


def test_missing_values_do_what_the_field_says() -> None:
    with pytest.raises(Refused, match="nobody"):
        render("Hi {{ nobody }}", DATA)
    assert render(Text(text="Hi{{ nobody }}", missing="empty"), DATA) == "Hi"
    assert render(Text(text="{{ nobody }}", missing="default", default="you"), DATA) == "you"


def test_url_values_are_encoded() -> None:
    data = RunData(trigger={"id": "../admin?x=1", "base": "https://a.example"})
    assert render_url("https://a.example/o/{{ id }}", data) == "https://a.example/o/..%2Fadmin%3Fx%3D1"
    assert render_url("{{ base }}/o/{{ id }}", data) == "https://a.example/o/..%2Fadmin%3Fx%3D1"


def test_json_values_keep_their_type_and_are_never_spliced() -> None:
    data = RunData(trigger={"n": 5, "evil": '","admin":true,"'})
    assert render_json({"n": "{{ n }}", "t": "a {{ evil }}"}, data) == {"n": 5, "t": 'a ","admin":true,"'}


@pytest.mark.parametrize(
    "text",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ trigger.__class__ }}",
        "{% include 'x' %}",
        "{{ 'a' | replace: 'a', 'aaaaaaaaaa' | replace: 'a', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' | nope }}",
        "{% for a in (1..100000) %}{% for b in (1..100000) %}x{% endfor %}{% endfor %}",
        "{{",
    ],
)
def test_text_from_users_is_never_code(text: str) -> None:
    with pytest.raises(Refused):
        render(text, DATA)


def test_a_chain_of_filters_is_bounded() -> None:
    grow = " | replace: 'a', 'aaaaaaaaaaaaaaaaaaaa'" * 6
    with pytest.raises(Refused):
        render("{{ 'a'" + grow + " }}", DATA)


START = draw.webhook("start")
STOP = draw.stop("end")


def edge(source: str, target: str, outlet: str = "next") -> dict:
    return {"source": source, "outlet": outlet, "target": target}


def http(**more: object) -> dict:
    return draw.http_request("call", **{"url": "https://a.example", **more})


@pytest.mark.parametrize(
    ("graph", "node", "words"),
    [
        ({"nodes": [STOP]}, "", "no trigger"),
        ({"nodes": [START, STOP], "edges": [edge("start", "start")]}, "start", "leads to the trigger"),
        ({"nodes": [START, {**START, "id": "two"}]}, "two", "two triggers"),
        ({"nodes": [{**START, "kind": "fax"}]}, "start", "Unknown kind"),
        (
            {"nodes": [START, {"id": "x", "kind": "fax"}], "edges": [edge("start", "x")]},
            "x",
            "Unknown kind",
        ),
        ({"nodes": [START, STOP, STOP], "edges": [edge("start", "end")]}, "end", "stands 2 times"),
        (
            {"nodes": [START, STOP], "edges": [edge("start", "end"), edge("start", "end")]},
            "start",
            "leads to 2",
        ),
        ({"nodes": [START, STOP], "edges": []}, "end", "Nothing leads here"),
        ({"nodes": [START, STOP], "edges": []}, "start", "leads nowhere"),
        (
            {"nodes": [START, http()], "edges": [edge("start", "call"), edge("call", "gone", "success")]},
            "call",
            "no node",
        ),
        (
            {"nodes": [START, http()], "edges": [edge("start", "call"), edge("call", "call", "success")]},
            "call",
            "without a wait",
        ),
        (
            {
                "nodes": [START, http(), STOP],
                "edges": [edge("start", "call"), edge("call", "end", "perhaps")],
            },
            "call",
            "no outlet",
        ),
        (
            {"nodes": [START, http(colour="red")], "edges": [edge("start", "call")]},
            "call",
            "There is no such setting",
        ),
        (
            {"nodes": [START, http(url={"text": "https://a/{{ steps.x.y }}"})], "edges": [edge("start", "call")]},
            "call",
            "no step 'x'",
        ),
        (
            {"nodes": [START, http(url={"text": "https://a/{{ x"})], "edges": [edge("start", "call")]},
            "call",
            "Mend the text",
        ),
        ({"nodes": [START, http()], "edges": [edge("start", "call")]}, "call", "is not connected"),
        (
            {
                "nodes": [START, http(auth={"type": "bearer", "secret": {"secret": "T"}})],
                "edges": [edge("start", "call")],
            },
            "call",
            "no secret 'T'",
        ),
    ],
)
def test_every_defect_is_named_with_its_place(graph: dict, node: str, words: str) -> None:
    context = Context(triggers=TRIGGERS.all(), known={"secret": frozenset()})
    found = problems(parse_graph(graph), context)
    assert any(p.node == node and words in p.message for p in found), found


def test_alike_drawings_have_one_hash() -> None:
    graph = {
        "nodes": [START, STOP, http()],
        "edges": [edge("start", "call"), edge("call", "end", "success")],
    }
    other = {**graph, "nodes": [{**node, "position": {"x": 1, "y": 2}} for node in graph["nodes"][::-1]]}
    other["edges"] = graph["edges"][::-1]
    assert parse_graph(graph).content_hash() == parse_graph(other).content_hash()


def test_a_renamed_branch_keeps_its_outlet() -> None:
    when = {"items": [{"type": "test", "field": "amount", "op": "exists"}]}
    node = NODES.all()["condition"]
    for name in ("Rich", "Wealthy"):
        block = node.model_validate({"branches": [{"id": "b7x", "name": name, "when": when}]})
        assert block.outlets() == ("b7x", "else") and block.label("b7x") == name
        step = block.decide(DATA, StepContext(attempt=1, key="k", now=NOW))
        assert step.outlet == "b7x" and step.output == {"branch": name}


def test_an_answer_gives_its_headers_without_cookies() -> None:
    block = NODES.all()["http_request"].model_validate({"url": {"text": "https://a.example"}})
    rows = (("Location", "/orders/7"), ("Set-Cookie", "session=1"), ("X-Long", "y" * 5000))
    step = block.on_answer(Answer(status=200, headers=rows, body=b"{}"), StepContext(attempt=1, key="k", now=NOW))
    assert step.output["headers"] == {"location": "/orders/7", "x-long": "y" * 1000}
    assert set(block.gives()) == set(step.output)


@pytest.mark.parametrize("value", ["a\r\nX-Admin: yes", "caf\u00e9", "\U0001f600"])
def test_a_header_that_http_cannot_carry_is_refused(value: str) -> None:
    settings = {"url": {"text": "https://a.example"}, "headers": [{"name": "X-Name", "value": {"text": "{{ name }}"}}]}
    block = NODES.all()["http_request"].model_validate(settings)
    with pytest.raises(Refused, match="X-Name"):
        block.decide(RunData(trigger={"name": value}), StepContext(attempt=1, key="k", now=NOW))


def sent(body: dict, **trigger: object) -> bytes:
    """What a call with this body sends."""
    settings = {"method": "PUT", "url": {"text": "https://a.example"}, "body": body}
    block = NODES.all()["http_request"].model_validate(settings)
    return block.decide(RunData(trigger=trigger), StepContext(attempt=1, key="k", now=NOW)).call.body


def test_a_json_body_is_a_document_whose_placeholders_keep_their_type() -> None:
    body = {"type": "json", "text": '{"n": "{{ n }}", "t": "a {{ evil }}", "l": ["{{ l }}", 1]}'}
    made = json.loads(sent(body, n=5, evil='","admin":true,"', l=[1, 2]))
    assert made == {"n": 5, "t": 'a ","admin":true,"', "l": [[1, 2], 1]}


def test_a_json_body_says_what_a_missing_value_gives() -> None:
    body = {"type": "json", "text": '{"n": "{{ nobody }}", "t": "Hi {{ nobody }}"}'}
    assert json.loads(sent({**body, "missing": "empty"})) == {"n": None, "t": "Hi "}
    with pytest.raises(Refused, match="nobody"):
        sent(body)


def test_a_json_body_that_is_no_json_is_refused_while_drawing_with_its_place() -> None:
    with pytest.raises(ValueError, match="line 1 column 6"):
        sent({"type": "json", "text": '{"n":'})


def test_a_form_and_a_text_are_filled_too() -> None:
    form = {"type": "form", "rows": [{"name": "q", "value": {"text": "{{ q }}&"}}]}
    assert sent(form, q="a b") == b"q=a+b%26"
    assert sent({"type": "text", "content": {"text": "Hi {{ q }}"}}, q="x") == b"Hi x"


@pytest.mark.parametrize(("method", "outcome"), [("GET", Retry), ("PUT", Retry), ("POST", Next)])
def test_a_success_whose_body_broke_off_is_read_again_where_that_is_safe(method: str, outcome: type) -> None:
    block = HttpRequest.model_validate({"method": method, "url": {"text": "https://shop.example.com/"}})
    answer = Answer(status=200, body=b'{"type": "pow', truncated=True, cut=True)
    told = block.on_answer(answer, StepContext(attempt=1, key="k", now=NOW))
    assert isinstance(told, outcome) and "broke within the body" in told.why
    assert block.on_answer(answer, StepContext(attempt=5, key="k", now=NOW)).outlet == (
        "failure" if outcome is Retry else "success"
    )
