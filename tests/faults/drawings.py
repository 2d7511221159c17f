"""The workflows that the fault tests fire."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

CALL_S = 4  # a call ends soon, so a lease may: see `apps.py`
_PAYMENT = Path(__file__).resolve().parents[2] / "apps" / "workflows" / "examples" / "payment.json"


def drawings(shop: str) -> dict[str, Any]:
    """By name; `shop` is the URL of the stub."""
    return {"payments": payments(shop)}


def payments(shop: str) -> Any:
    """The example, with calls that end soon."""
    drawing = json.loads(_PAYMENT.read_text().replace("SHOP_URL", shop))
    for node in drawing["nodes"]:
        if node["kind"] == "http_request":
            node["settings"]["timeout_s"] = CALL_S
    return drawing


def in_a_row(*nodes: dict[str, Any]) -> dict[str, Any]:
    """A drawing of these blocks one after the other, by their ordinary outlets."""
    row = [{"id": "start", "kind": "webhook", "settings": {}}, *nodes]
    outlets = {"http_request": "success"}
    edges = [{"source": a["id"], "outlet": outlets.get(a["kind"], "next"), "target": b["id"]} for a, b in pairwise(row)]
    return {"nodes": row, "edges": edges}
