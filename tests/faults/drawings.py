"""The workflows that the fault tests fire."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

CALL_S = 4  # a call ends soon, so a lease may: see `apps.py`
_PAYMENT = Path(__file__).resolve().parents[2] / "apps" / "workflows" / "examples" / "payment.json"
HEARS = {"event": "paid", "match": [{"path": "customer", "value": {"text": "{{ customer_id }}"}}], "amount": 9}
_ROUNDS = '{% for i in (1..28) %}{% assign t = s | split: "," | join: "," %}{% endfor %}'  # all that a text may cost
COSTLY = {"rows": [{"name": "t", "value": {"text": _ROUNDS}}]}


def drawings(shop: str, moody: str) -> dict[str, Any]:
    """By name; `shop` is the URL of the stub, `moody` of one that keeps no connection: nothing is said twice on it."""
    call = {"url": {"text": f"{shop}/orders/1"}, "timeout_s": CALL_S}
    once = {**call, "method": "POST", "body": {"type": "json", "text": '{"order": "{{ order_id }}"}'}}
    mood = {"url": {"text": moody + "/mood/{{ order_id }}"}}
    window = {"key": {"text": "{{ customer_id }}"}, "amount": 3, "unit": "seconds"}
    return {
        **of_abuse(call, window),
        "payments": payments(shop),
        "later": in_a_row(
            {"id": "wait", "kind": "delay", "settings": {"amount": 1, "unit": "seconds"}},
            {"id": "ask", "kind": "http_request", "settings": call},
        ),
        "much later": in_a_row(  # than it takes to start another process on a busy machine
            {"id": "wait", "kind": "delay", "settings": {"amount": 15, "unit": "seconds"}},
            {"id": "ask", "kind": "http_request", "settings": call},
        ),
        "moody once": in_a_mood({**once, **mood}),
        "moody safe": in_a_mood({**call, **mood}),
        "changed": in_a_row(
            {"id": "wait", "kind": "delay", "settings": {"amount": 8, "unit": "seconds"}},
            {"id": "ask", "kind": "http_request", "settings": call},
        ),
        "once": in_a_row({"id": "pay", "kind": "http_request", "settings": once}),
        "poison": in_a_row(
            {"id": "crash", "kind": "poison", "settings": {}},
            {"id": "ask", "kind": "http_request", "settings": call},
        ),
        "poison later": in_a_row(
            {"id": "wait", "kind": "delay", "settings": {"amount": 1, "unit": "seconds"}},
            {"id": "crash", "kind": "poison", "settings": {}},
            {"id": "ask", "kind": "http_request", "settings": call},
        ),
        "gather": in_a_row(
            {"id": "gather", "kind": "digest", "settings": window},
            {"id": "tell", "kind": "http_request", "settings": call},
        ),
    }


def of_abuse(call: dict[str, Any], window: dict[str, Any]) -> dict[str, Any]:
    return {
        "gathers": in_a_row(
            {"id": "gather", "kind": "digest", "settings": {**window, "amount": 15}},
            {"id": "tell", "kind": "http_request", "settings": call},
        ),
        "hears": in_a_row(
            {"id": "hear", "kind": "wait_for_event", "settings": HEARS},
            {"id": "ask", "kind": "http_request", "settings": call},
        ),
        "costly": in_a_row({"id": "work", "kind": "transform", "settings": COSTLY}),
    }


def payments(shop: str) -> Any:
    """The example, with calls that end soon."""
    drawing = json.loads(_PAYMENT.read_text().replace("SHOP_URL", shop))
    for node in drawing["nodes"]:
        if node["kind"] == "http_request":
            node["settings"]["timeout_s"] = CALL_S
    return drawing


def in_a_mood(call: dict[str, Any]) -> dict[str, Any]:
    """One call, tried twice; the run's code says by which outlet it left."""
    ask = {"id": "ask", "kind": "http_request", "settings": {**call, "retry": {"attempts": 2, "waits_s": [1]}}}
    outlets = ("success", "failure", "unknown")
    ends = [{"id": outlet, "kind": "stop", "settings": {"code": outlet}} for outlet in outlets]
    edges = [{"source": "ask", "outlet": outlet, "target": outlet} for outlet in outlets]
    first = {"id": "start", "kind": "webhook", "settings": {}}
    return {"nodes": [first, ask, *ends], "edges": [{"source": "start", "outlet": "next", "target": "ask"}, *edges]}


def in_a_row(*nodes: dict[str, Any]) -> dict[str, Any]:
    """A drawing of these blocks one after the other, by their ordinary outlets."""
    row = [{"id": "start", "kind": "webhook", "settings": {}}, *nodes]
    outlets = {"http_request": "success"}
    edges = [{"source": a["id"], "outlet": outlets.get(a["kind"], "next"), "target": b["id"]} for a, b in pairwise(row)]
    return {"nodes": row, "edges": edges}
