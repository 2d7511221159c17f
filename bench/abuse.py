"""What one workspace's costly texts, lists and patterns, many waits and many viewers cost the others.

.venv/bin/python bench/abuse.py [--database postgresql://…bench --broker redis://…] [--waits 100000] [--seconds 15]

Prints: the delay (202 to call) of another workspace's runs, alone and beside each kind of abuse; the share of a core
that waits for events take; the webhook's p95 beside 32 viewers who preview a costly text.
"""

import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests
from cpu import children, ticks
from payment import ROOT, arguments, empty, environment, manage, wait_ready

ROUNDS = '{% assign t = s | split: "," | join: "," %}'
TEXT = "{% for i in (1..130) %}" + ROUNDS * 10 + "{% endfor %}"


def condition(*tests: dict[str, str]) -> dict[str, Any]:
    branches = [{"id": f"b{n}", "name": str(n), "when": {"items": tests[n::20]}} for n in range(min(len(tests), 20))]
    return {"id": "work", "kind": "condition", "settings": {"branches": branches}}


COSTLY = {  # a block, and what a sender sends it
    "a text of 130 rounds": (
        {"id": "work", "kind": "transform", "settings": {"rows": [{"name": "t", "value": {"text": TEXT}}]}},
        {"s": ",".join("a" * 9_990)},
    ),
    "a list of 480,000 items": (
        condition({"type": "test", "field": "s", "op": "contains", "value": "vip"}),
        {"s": [1] * 480_000},
    ),
    "500 patterns": (
        condition(*({"type": "test", "field": "s", "op": "matches", "value": f"^(b{n}|a)*x$"} for n in range(500))),
        {"s": "a" * 20_000},
    ),
}
WORLD = """
import json
from django.utils import timezone
from apps.accounts.models import User
from apps.engine.drawing.graph import parse_graph
from apps.notifications.models import Template
from apps.workflows import example
from apps.workflows.release import publishing
from apps.workspaces.models import Membership, Workspace
def row(*nodes):
    every = [{"id": "start", "kind": "webhook"}, *nodes]
    out = lambda n: {"http_request": "success", "condition": "else"}.get(n["kind"], "next")
    return {"nodes": every, "edges": [{"source": a["id"], "outlet": out(a), "target": b["id"]} for a, b in zip(every, every[1:])]}
def made(place, name, graph):
    flow = publishing.create(place, name)
    publishing.go_live(publishing.save(flow, parse_graph(graph), by=None, now=timezone.now()), by=None, now=timezone.now())
    flow.refresh_from_db()
    return example.door(flow, "live")
given = json.loads(GIVEN)
heavy, light = Workspace.objects.create(name="Heavy"), Workspace.objects.create(name="Light")
doors = {name: made(heavy, name, row(block)) for name, block in given["costly"].items()}
call = {"id": "call", "kind": "http_request", "settings": {"url": {"text": given["stub"] + "/{{ n }}"}}}
wait = {"id": "wait", "kind": "wait_for_event", "settings": {"event": "paid", "match": [{"path": "id", "value": {"text": "{{ n }}"}}], "amount": 9}}
viewer = User.objects.create_user("viewer@example.com", "a long password")
Membership.objects.create(workspace=heavy, user=viewer, role="viewer")
print(json.dumps({"doors": doors, "light": made(light, "Call", row(call)), "waits": made(heavy, "Wait", row(wait)), "wsid": heavy.wsid}))
"""
PARKED = """
from django.utils import timezone
from datetime import timedelta
from apps.common.ids import ordered_id
from apps.events.models import Event
from apps.runs.models import EventWait, Run, Step
from apps.runs.coordination.event_waits import _whole
run = Run.objects.select_related("event").get(workflow__name="Wait")
event, step, wait = run.event, run.steps.get(), EventWait.objects.get(run=run)
def park(lot):
    events, runs, steps, waits = [], [], [], []
    for number in range(1000):
        event.pk, event.state = ordered_id(), "routed"
        events.append(Event(**{f.attname: getattr(event, f.attname) for f in Event._meta.concrete_fields}))
        run.pk, run.event_id, run.due_at = ordered_id(), event.pk, timezone.now() + timedelta(days=8)
        runs.append(Run(**{f.attname: getattr(run, f.attname) for f in Run._meta.concrete_fields}))
        step.pk, step.run_id = None, run.pk
        steps.append(Step(**{f.attname: getattr(step, f.attname) for f in Step._meta.concrete_fields}))
        wait.pk, wait.run_id, wait.match = ordered_id(), run.pk, {"id": f"{lot}-{number}"}
        wait.key_hash = _whole(wait.match)
        waits.append(EventWait(**{f.attname: getattr(wait, f.attname) for f in EventWait._meta.concrete_fields}))
    for model, rows in ((Event, events), (Run, runs), (Step, steps), (EventWait, waits)):
        model.objects.bulk_create(rows)
for lot in range(MANY // 1000): park(lot)
"""


class Calls:
    """A stub that remembers when it was called with each number."""

    def __init__(self, port: int) -> None:
        self.at: dict[str, float] = {}
        calls = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                calls.at.setdefault(self.path[1:], time.monotonic())
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: object) -> None: ...

        threading.Thread(target=ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever, daemon=True).start()


def main() -> None:
    given = arguments(("--waits", 100_000), ("--seconds", 15))
    with tempfile.TemporaryDirectory() as folder:
        env = {**environment(given, folder), "RATE_LIMITS": "off"}
        if given.database:
            empty(given.database)
        manage(env, "migrate", "--verbosity", "0")
        calls, costly = Calls(given.port + 2), {name: block for name, (block, _) in COSTLY.items()}
        world = f"GIVEN = {json.dumps(json.dumps({'costly': costly, 'stub': env['SHOP_URL']}))}\n{WORLD}"
        made = json.loads(scripted(env, world).splitlines()[-1])
        log = (Path(folder) / "system.log").open("w")
        system = subprocess.Popen([sys.executable, "-m", "fynoflow.run"], cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            wait_ready(given.port)
            measured(given, made, calls, env, system.pid)
        finally:
            system.terminate()
            system.wait(60)


def scripted(env: dict[str, str], code: str) -> str:
    shell = [sys.executable, "manage.py", "shell"]
    return subprocess.run(shell, cwd=ROOT, env=env, check=True, input=code, stdout=subprocess.PIPE, text=True).stdout


def measured(given: Any, made: dict[str, Any], calls: Calls, env: dict[str, str], supervisor: int) -> None:
    delays_of(made["light"], calls, 3)
    print("alone:", shown(delays_of(made["light"], calls, given.seconds)), flush=True)
    for name, (_, body) in COSTLY.items():
        with again_and_again(2, poster(made["doors"][name], body)) as done:
            print(
                f"beside {name}:",
                shown(delays_of(made["light"], calls, given.seconds)),
                f"({len(done)} sent)",
                flush=True,
            )
        wait_idle(made["light"], calls)
    session = signed_in(given.port)
    url = f"http://127.0.0.1:{given.port}/w/{made['wsid']}/templates/preview"
    form = {"sms.on": "on", "sms.text": TEXT, "sample": json.dumps({"s": ",".join("a" * 9_990)})}
    with again_and_again(32, lambda: session.post(url, form, timeout=60).status_code) as done:
        print("webhooks beside 32 viewers:", shown(answers_of(made["light"], given.seconds)), counted(done), flush=True)
    requests.post(made["waits"], json={"n": "1"}, timeout=30)
    time.sleep(8)
    scripted(env, f"MANY = {given.waits}\n{PARKED}")
    time.sleep(5)
    print(
        f"{given.waits} waits:", f"{100 * core(supervisor, 30):.2f} % of a core;", "none:", "see --waits 0", flush=True
    )


def delays_of(door: str, calls: Calls, seconds: float) -> list[float]:
    """From the 202 to the call, one every quarter of a second, in milliseconds."""
    acked, end = {}, time.monotonic() + seconds
    while time.monotonic() < end:
        key = str(time.monotonic_ns())
        if requests.post(door, json={"n": key}, timeout=60).status_code == 202:
            acked[key] = time.monotonic()
        time.sleep(0.25)
    until = time.monotonic() + 90
    while acked.keys() - calls.at.keys() and time.monotonic() < until:
        time.sleep(0.1)
    return [1000 * (calls.at.get(key, until) - at) for key, at in acked.items()]


def answers_of(door: str, seconds: float) -> list[float]:
    """How long a webhook takes to answer, in milliseconds."""
    found, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        began = time.monotonic()
        requests.post(door, json={"n": str(time.monotonic_ns())}, timeout=60)
        found.append(1000 * (time.monotonic() - began))
        time.sleep(0.1)
    return found


def poster(door: str, body: dict[str, Any]) -> Callable[[], int]:
    raw = json.dumps(body).encode()

    def post() -> int:
        time.sleep(0.2)
        return requests.post(door, raw, headers={"Content-Type": "application/json"}, timeout=60).status_code

    return post


@contextmanager
def again_and_again(hands: int, do: Callable[[], int]) -> Iterator[list[int]]:
    """So many threads that do it until the block ends; what each time came of it."""
    stop, done = threading.Event(), list[int]()

    def work() -> None:
        while not stop.is_set():
            done.append(do())

    threads = [threading.Thread(target=work, daemon=True) for _ in range(hands)]
    for thread in threads:
        thread.start()
    yield done
    stop.set()
    for thread in threads:
        thread.join(90)


def wait_idle(door: str, calls: Calls) -> None:
    """Until what was sent is worked off: another workspace's run is fast again twice."""
    while max(delays_of(door, calls, 0.6)) > 100:
        time.sleep(1)


def signed_in(port: int) -> requests.Session:
    session = requests.Session()
    url = f"http://127.0.0.1:{port}/sign-in"
    session.get(url, timeout=30)
    form = {"username": "viewer@example.com", "password": "a long password"}
    session.headers["Referer"] = url
    session.post(url, {**form, "csrfmiddlewaretoken": session.cookies["csrftoken"]}, timeout=30)
    session.headers["X-CSRFToken"] = session.cookies["csrftoken"]
    return session


def core(supervisor: int, seconds: float) -> float:
    """The share of a core that the workers take."""
    workers = [pid for pid in children(supervisor) if "worker" in Path(f"/proc/{pid}/cmdline").read_text()]
    before = sum(map(ticks, workers))
    time.sleep(seconds)
    return (sum(map(ticks, workers)) - before) / seconds


def shown(found: list[float]) -> str:
    found = sorted(found)
    return f"p50 {found[len(found) // 2]:.0f} ms, p95 {found[int(len(found) * 0.95)]:.0f} ms, most {found[-1]:.0f} ms"


def counted(done: list[int]) -> str:
    return "answers: " + ", ".join(f"{done.count(status)} × {status}" for status in sorted(set(done)))


if __name__ == "__main__":
    main()
