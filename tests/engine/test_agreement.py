"""The canvas and the server have one idea of what may be connected: 2,000 drawings, each with a connection to judge."""

import json
import os
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from apps.console.canvas import canvas
from apps.engine.drawing.graph import Graph, parse_graph
from apps.engine.drawing.problem import Context
from apps.engine.drawing.problems import problems
from apps.sources.registry import TRIGGERS
from apps.workflows.describe.catalogue import catalogue

FRONTEND = Path(canvas.__file__).parent / "frontend"
KINDS = ["http_request", "condition", "send", "delay", "stop", "transform", "wait_for_event", "split", "throttle"]
STRUCTURE = ("outlet", "edge", "circle")
pytestmark = pytest.mark.skipif(
    not (FRONTEND / "node_modules").exists() and not os.environ.get("CI"), reason="make canvas installs what this needs"
)


def block(chance: random.Random, number: int) -> dict[str, Any]:
    kind = chance.choice(KINDS)
    test = {"type": "test", "field": "x", "op": "equals", "value": "1"}
    when = {"type": "group", "items": [test]}
    branches = [{"id": f"b{n}", "name": f"Branch {n}", "when": when} for n in range(chance.randint(1, 3))]
    settings = {
        "condition": {"branches": branches},
        "http_request": {"url": {"text": "https://shop.example/"}},
        "send": {"event": "x", "to": [{"channel": "sms", "address": {"text": "1"}}]},
        "wait_for_event": {"event": "x", "match": [{"path": "a", "value": {"text": "1"}}]},
        "split": {
            "ways": [{"id": "a", "name": "A", "percent": 50}, {"id": "b", "name": "B", "percent": 50}],
            "person": {"text": "1"},
        },
        "throttle": {"key": {"text": "1"}},
        "transform": {"rows": [{"name": "a", "value": {"text": "1"}}]},
    }
    row = {"id": f"n{number}", "kind": kind, "name": f"N{number}", "settings": settings.get(kind, {})}
    return {**row, "position": {"x": 0, "y": 0}}


def faults(drawing: dict[str, Any]) -> int:
    found = problems(parse_graph(drawing), Context(triggers=TRIGGERS.all()))
    return sum(p.severity == "error" and any(word in p.message for word in STRUCTURE) for p in found)


def connected(drawing: dict[str, Any], edge: dict[str, str]) -> dict[str, Any]:
    others = [e for e in drawing["edges"] if (e["source"], e["outlet"]) != (edge["source"], edge["outlet"])]
    return {**drawing, "edges": [*others, edge]}


def outlets(graph: Graph) -> list[list[str]]:
    return [["next"] if node.is_trigger() else list(node.block.outlets()) for node in graph.nodes]


def drawn(chance: random.Random) -> tuple[dict[str, Any], dict[str, str]]:
    """A sound drawing, and a connection that may or may not be allowed in it."""
    start = {"id": "start", "kind": "webhook", "name": "Start", "settings": {}, "position": {"x": 0, "y": 0}}
    nodes = [start, *(block(chance, n) for n in range(chance.randint(2, 7)))]
    drawing: dict[str, Any] = {"nodes": nodes, "edges": [], "notes": []}
    ways = outlets(parse_graph(drawing))

    def some_edge() -> dict[str, str]:
        at = chance.randrange(len(nodes))
        outlet = chance.choice([*ways[at], "failure", "odd"] if chance.random() < 0.1 else ways[at] or ["next"])
        return {"source": nodes[at]["id"], "outlet": outlet, "target": chance.choice(nodes)["id"]}

    for _ in range(chance.randint(0, 14)):
        next_drawing = connected(drawing, some_edge())
        drawing = drawing if faults(next_drawing) else next_drawing
    return drawing, some_edge()


def test_the_canvas_and_the_server_agree_on_2000_drawings() -> None:
    chance = random.Random(2026)
    cases, wanted, ways = [], [], []
    while len(cases) < 2000:
        drawing, edge = drawn(chance)
        if edge in drawing["edges"]:
            continue
        cases.append({"graph": drawing, **edge})
        wanted.append(faults(connected(drawing, edge)) > 0)
        ways.append(outlets(parse_graph(drawing)))
    node = shutil.which("node")
    assert node, "Node is needed to ask the canvas"
    asked = json.dumps({"kinds": catalogue(), "cases": cases})
    said = subprocess.run(
        [node, "test/agree.mjs"], input=asked, capture_output=True, text=True, cwd=FRONTEND, timeout=60
    )
    assert said.returncode == 0, said.stderr
    verdicts = json.loads(said.stdout)
    assert [v["outlets"] for v in verdicts] == ways
    odd = [c for c, v, w in zip(cases, verdicts, wanted, strict=True) if v["refused"] != w]
    assert not odd, json.dumps(odd[0])
    assert 400 < sum(wanted) < 1600


def test_only_blocks_that_call_somebody_can_be_tried() -> None:
    assert [kind for kind, known in catalogue().items() if known["calls"]] == ["http_request"]
