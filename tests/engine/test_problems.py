"""Drawings as large as we take are checked while a person waits."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.engine.drawing.graph import parse_graph
from apps.engine.drawing.problem import Context
from apps.engine.drawing.problems import problems
from apps.engine.drawing.topology import Topology
from apps.sources.registry import TRIGGERS
from tests.support import draw
from tests.support.draw import rows

START = draw.webhook("n0")


def compared(**more: object) -> dict:
    return {"type": "test", "field": "a", **more}


@pytest.mark.parametrize(
    ("kind", "settings", "paths"),
    [
        ("http_request", {"url": {"text": "https://a"}, "auth": {"type": "header", "header": "ä"}}, {"auth.header", "auth.secret"}),
        ("http_request", {"url": {"text": "https://a"}, "auth": {"type": "bearer", "secret": {"secret": ""}}}, {"auth.secret.secret"}),
        ("http_request", {"url": {"text": "https://a"}, "body": {"type": "json", "text": "{"}}, {"body.text"}),
        ("http_request", {"url": {"text": "https://a"}, "retry": {"waits_s": [1, 0]}}, {"retry.waits_s.1"}),
        ("condition", {"branches": [{"id": "a", "name": "A", "when": {"items": [{"type": "group", "items": [compared(op="like")]}]}}]}, {"branches.0.when.items.0.items.0.op"}),
        ("condition", {"branches": [{"id": "a", "name": "A", "when": {"items": [compared(op="greater", value="x")]}}]}, {"branches.0.when.items.0"}),
        ("send", {"event": "e", "to": [{"channel": "fax", "address": {"text": "1"}}]}, {"to.0.channel"}),
        ("transform", {"rows": rows(a="{{ steps.gone.x }}")}, {"rows.0.value"}),
        ("webhook", {"guard": {"type": "hmac", "tolerance_s": 0}}, {"guard.tolerance_s"}),
    ],
)  # fmt: skip
def test_a_problem_names_the_path_of_its_field(kind: str, settings: dict, paths: set[str]) -> None:
    nodes = [START, {"id": "x", "kind": kind, "settings": settings}]
    graph = parse_graph({"nodes": nodes, "edges": [{"source": "n0", "target": "x"}]})
    found = problems(graph, Context(triggers=TRIGGERS.all()))
    assert {p.field for p in found if p.node == "x" and p.severity == "error"} - {"kind", "next", ""} == paths


def drawing(size: int, pairs: list[tuple[int, int]], waits: frozenset[int] = frozenset()):
    nodes = [START]
    for i in range(1, size):
        reads = rows(x="{{ steps.n1.x }} {{ order_id }}")
        settings = {} if i in waits else {"rows": reads}
        nodes.append({"id": f"n{i}", "kind": "delay" if i in waits else "transform", "settings": settings})
    return parse_graph({"nodes": nodes, "edges": [{"source": f"n{a}", "target": f"n{b}"} for a, b in pairs]})


def test_the_largest_drawing_is_checked_within_two_seconds() -> None:
    pairs = [(i, j) for i in range(499) for j in range(i + 1, min(i + 5, 500))][:2000]
    graph = drawing(500, pairs)
    begun = time.process_time()
    found = problems(graph, Context(triggers=TRIGGERS.all()))
    assert time.process_time() - begun < 2
    assert any("leads to 4 blocks" in p.message for p in found)


PAIRS = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20)


def leads(pairs: list[tuple[int, int]], start: int, cut: frozenset[int] = frozenset()) -> set[int]:
    """What can be reached from `start` in one step or more, not going on from a cut block."""
    found: set[int] = set()
    todo = [b for a, b in pairs if a == start]
    while todo:
        here = todo.pop()
        if here not in found:
            found.add(here)
            todo += [] if here in cut else [b for a, b in pairs if a == here]
    return found


@given(PAIRS, st.frozensets(st.integers(1, 7), max_size=3))
@settings(max_examples=300, deadline=None)
def test_the_fast_pass_finds_what_walking_finds(pairs: list[tuple[int, int]], waits: frozenset[int]) -> None:
    ways = Topology(drawing(8, pairs, waits))
    assert ways.reached() == {"n0", *(f"n{i}" for i in leads(pairs, 0))}
    cut = {f"n{i}" for i in waits}
    assert ways.circles(cut) == {f"n{i}" for i in range(8) if i not in waits and i in leads(pairs, i, waits)}
    for a in range(8):
        for b in range(8):
            assert ways.comes_before(f"n{a}", f"n{b}") == (b in leads(pairs, a))


SAMPLE = '{"paid_at": "2026-11-28T10:00:00", "sent_at": "2026-11-28T10:00:00Z", "amount": "1.499", "day": "03-04-2026"}'


def said_of(*nodes: dict, sample: str = SAMPLE) -> dict[str, str]:
    start = draw.webhook("start", sample=sample)
    graph = parse_graph({"nodes": [start, *nodes], "edges": [{"source": "start", "target": nodes[0]["id"]}]})
    found = problems(graph, Context(triggers=TRIGGERS.all(), time_zone="Asia/Kolkata"))
    return {p.field: p.message for p in found if p.severity == "warning"}


def condition(field: str, op: str, value: str = "1") -> dict:
    when = {"type": "group", "items": [{"type": "test", "field": field, "op": op, "value": value}]}
    return draw.condition("if", branches=[{"id": "a", "name": "A", "when": when}])


@pytest.mark.parametrize(
    ("node", "field", "words"),
    [
        (condition("paid_at", "within_last_hours"), "branches.0.when", "it is read by the clocks of Asia/Kolkata"),
        (condition("day", "before", "2026-01-01"), "branches.0.when", "may be two days: send it as 2026-04-03"),
        (condition("amount", "greater"), "branches.0.when", "is no number that can be read surely"),
        (
            draw.http_request(
                "call",
                url="https://shop.example/",
                headers=[{"name": "idempotency-key", "value": {"text": "{{ amount }}"}}],
            ),
            "headers.0.name",
            "sent in place of ours: calls with the same value are one",
        ),
        (
            draw.digest("gather", key="x", sums=[{"name": "s", "path": "amount"}]),
            "sums.0.path",
            "it adds nothing",
        ),
    ],
)
def test_what_may_surprise_is_said_while_drawing(node: dict, field: str, words: str) -> None:
    assert words in said_of(node)[field]


def test_what_is_read_as_it_stands_is_no_surprise() -> None:
    assert "branches.0.when" not in said_of(condition("sent_at", "within_last_hours"))
    assert "branches.0.when" not in said_of(condition("unknown", "greater"), sample="")
