"""How fluid the canvas is: opening, dragging and zooming a drawing of 200 and of 500 blocks in Chromium.

.venv/bin/python bench/canvas.py [--blocks 200 500] [--rounds 3]

Frames are the gaps between animation frames while the mouse moves, in ms: median, 95 %, worst; each the median of the
rounds. Opening: from the start of the navigation to the first card, warm. Needs Chromium. A line for each size is
added to bench/results/canvas.jsonl.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench" / "results" / "canvas.jsonl"
sys.path.insert(0, str(ROOT))
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
FRAMES = """() => { window.gaps = []; let last = performance.now();
const tick = (now) => { window.gaps.push(now - last); last = now; window.ticking = requestAnimationFrame(tick); };
window.ticking = requestAnimationFrame(tick); }"""
STOP = "() => { cancelAnimationFrame(window.ticking); return window.gaps.slice(1); }"
OPENED = """() => performance.getEntriesByName("first card")[0]?.startTime ?? 0"""
WATCH = """new MutationObserver((_, it) => { if (document.querySelector(".react-flow__node")) {
performance.mark("first card"); it.disconnect(); } }).observe(document, { childList: true, subtree: true });"""


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--blocks", type=int, nargs="+", default=[200, 500])
    ask.add_argument("--rounds", type=int, default=3)
    given = ask.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "fynoflow.settings", "PORT": "18230"}
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
        for line in measured(given.blocks, given.rounds):
            print(json.dumps(line))
            RESULTS.parent.mkdir(exist_ok=True)
            with RESULTS.open("a") as results:
                results.write(json.dumps(line) + "\n")


def measured(sizes: list[int], rounds: int) -> list[dict[str, Any]]:
    import django

    django.setup()
    from django.core.management import call_command
    from playwright.sync_api import sync_playwright

    call_command("migrate", verbosity=0)
    paths, password = drawings(sizes)
    serve()
    lines = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(WATCH)
        page.goto("http://127.0.0.1:18230/sign-in")
        page.get_by_label("E-mail").fill("owner@example.com")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Your workspaces").wait_for()
        for size, path in zip(sizes, paths, strict=True):
            found = [one_round(page, f"http://127.0.0.1:18230{path}") for _ in range(rounds + 1)][1:]
            medians = {name: statistics.median(row[name] for row in found) for name in found[0]}
            lines.append(
                {"blocks": size, **medians, "rounds": rounds, "machine": f"{platform.machine()} {os.cpu_count()} cores"}
            )
        browser.close()
    return lines


def one_round(page: Any, url: str) -> dict[str, float]:
    page.goto(url)
    page.locator(".react-flow__node").first.wait_for()
    page.wait_for_timeout(1500)
    found = {"open_ms": round(page.evaluate(OPENED))}
    card = page.locator('.react-flow__node[data-id="n0"]')
    box = card.bounding_box()
    at = (box["x"] + 60, box["y"] + 20)
    page.mouse.move(*at)
    page.mouse.down()
    found |= frames(page, "drag", lambda n: page.mouse.move(at[0] + n * 4, at[1] + n * 2))
    page.mouse.up()
    page.wait_for_timeout(500)
    if abs(card.bounding_box()["x"] - box["x"]) < 100:
        raise SystemExit("the block was not dragged: nothing was measured")
    page.mouse.move(600, 400)
    page.keyboard.down("Control")
    found |= frames(page, "zoom", lambda n: page.mouse.wheel(0, -12 if n % 40 < 20 else 12))
    page.keyboard.up("Control")
    page.evaluate("localStorage.clear()")  # the next round begins with the drawing as it was saved
    return found


def frames(page: Any, name: str, move: Any) -> dict[str, float]:
    page.evaluate(FRAMES)
    for number in range(80):
        move(number)
    gaps = sorted(page.evaluate(STOP))
    at = {"median": len(gaps) // 2, "95": int(len(gaps) * 0.95), "worst": len(gaps) - 1}
    return {f"{name}_{word}_ms": round(gaps[index], 1) for word, index in at.items()}


def drawings(sizes: list[int]) -> tuple[list[str], str]:
    from django.urls import reverse
    from django.utils import timezone

    from apps.engine.drawing.graph import parse_graph
    from apps.workflows import example
    from apps.workflows.release import publishing
    from apps.workspaces.models import Workspace

    loaded = example.load("http://127.0.0.1:9", timezone.now())
    workspace = Workspace.objects.get(wsid=loaded.workspace)
    paths = []
    for size in sizes:
        workflow = publishing.create(workspace, f"{size} blocks")
        publishing.save(workflow, parse_graph(drawing(size)), by=None, now=timezone.now())
        paths.append(reverse("canvas", args=[workspace.wsid, workflow.slug]))
    return paths, loaded.password


def drawing(size: int) -> dict[str, Any]:
    """Rows of twenty blocks, each row led to from the one above."""
    kinds = ["http_request", "send", "transform", "delay"]
    settings: dict[str, dict[str, Any]] = {
        "http_request": {"url": {"text": "https://shop.example/orders/{{ order_id }}"}},
        "send": {"event": "payment_link", "to": [{"channel": "sms", "address": {"text": "{{ phone }}"}}]},
        "transform": {"rows": [{"name": "total", "value": {"text": "{{ amount }}"}}]},
    }
    nodes: list[dict[str, Any]] = [{"id": "start", "kind": "webhook", "name": "Start", "position": {"x": -336, "y": 0}}]
    edges = [{"source": "start", "target": "n0"}]
    for n in range(size - 1):
        kind, place = kinds[n % 4], {"x": (n % 20) * 336, "y": (n // 20) * 190}
        nodes.append(
            {"id": f"n{n}", "kind": kind, "name": f"{kind} {n}", "settings": settings.get(kind, {}), "position": place}
        )
        outlet = {"http_request": "success"}.get(kind, "next")
        if (n + 1) % 20 and n + 2 < size:
            edges.append({"source": f"n{n}", "outlet": outlet, "target": f"n{n + 1}"})
        if n % 20 == 0 and n + 21 < size:
            edges.append({"source": f"n{n}", "outlet": "failure", "target": f"n{n + 20}"})
    return {"nodes": nodes, "edges": edges}


def serve() -> None:
    from django.contrib.staticfiles.handlers import StaticFilesHandler
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application

    class Quiet(WSGIRequestHandler):
        def log_message(self, *said: Any) -> None:
            pass

    server = ThreadedWSGIServer(("127.0.0.1", 18230), Quiet)
    server.set_app(StaticFilesHandler(get_wsgi_application()))
    threading.Thread(target=server.serve_forever, daemon=True).start()


if __name__ == "__main__":
    main()
