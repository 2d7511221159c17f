"""Official SDKs against a running system: every event that one says it delivered is there once, with its person.

python bench/senders/run.py      (make senders; needs Node 20 and the packages' registries)

Between the SDKs and us stands a proxy that answers the first request of each SDK with a 500 after handing it on: what
came in is sent again, and must be there once all the same. SDKs that never repeat a request are let through.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PORT, COUNT = 18400, 12
SDKS = {
    "segment_python.py": "segment",
    "segment_node.mjs": "segment",
    "rudder_python.py": "rudderstack",
    "rudder_node.mjs": "rudderstack",
    "amplitude_python.py": "amplitude",
    "mixpanel_python.py": "mixpanel",
    "mixpanel_node.mjs": "mixpanel",
}
REPEATS = {name for name in SDKS if name not in ("amplitude_python.py", "mixpanel_python.py", "mixpanel_node.mjs")}
MAKE = """
import json
from django.utils import timezone
from apps.sources.registry import DOORS
from apps.triggers.models import Source
from apps.triggers.source_urls import make_urls
from apps.workspaces.models import Workspace
KEYS = {"segment": "write_key", "rudderstack": "write_key", "amplitude": "api_key", "mixpanel": "token"}
found = {}
for kind, key in KEYS.items():
    made = Source(workspace=Workspace.objects.first(), kind=kind, name=kind)
    made.put({key: "wk"})
    made.about = [row.model_dump() for row in DOORS.all()[kind].first_about]
    made.save()
    make_urls(made, timezone.now())
    found[kind] = made.urls.get(environment="live").token
print(json.dumps(found))
"""
COUNT_THEM = """
import json
from collections import Counter
from apps.events.models import Event
from apps.people.models import PersonIdentity
own = dict(PersonIdentity.objects.filter(kind="distinct_id").values_list("person_id", "value"))
rows = Event.objects.filter(kind="source.fired").values_list("source_kind", "person_id")
print(json.dumps(sorted([kind, own.get(person, ""), n] for (kind, person), n in Counter(rows).items())))
"""


class Proxy(BaseHTTPRequestHandler):
    """Hands each request on to us; the first of a source that `fails` is answered 500 for all that."""

    fails: set[str] = set()
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.handed_on(body)

    def do_GET(self) -> None:
        self.handed_on(b"")

    def handed_on(self, body: bytes) -> None:
        link = HTTPConnection("127.0.0.1", PORT, timeout=30)
        link.request(self.command, self.path, body or None, dict(self.headers.items()))
        answer = link.getresponse()
        status, text = answer.status, answer.read()
        token = (urlsplit(self.path).path.split("/") + [""] * 4)[3]
        if token in Proxy.fails:
            Proxy.fails.discard(token)
            status, text = 500, b"{}"
        self.send_response(status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "text/plain"))
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        python = installed(Path(folder))
        env = {**os.environ, "DATA_DIR": f"{folder}/data", "PORT": str(PORT), "DOOR_PER_S": "0"}
        env = {name: value for name, value in env.items() if name not in ("DATABASE_URL", "BROKER_URL")}
        Path(env["DATA_DIR"]).mkdir()
        log = (Path(folder) / "system.log").open("w")
        system = subprocess.Popen([sys.executable, "-m", "fynoflow.run"], cwd=ROOT, env=env, stdout=log, stderr=log)
        try:
            wait_ready()
            tokens = json.loads(shell(env, MAKE))
            proxy = ThreadingHTTPServer(("127.0.0.1", PORT + 9), Proxy)
            threading.Thread(target=proxy.serve_forever, daemon=True).start()
            faults = [fault for name in SDKS for fault in tried(name, tokens, env, Path(folder), python)]
        finally:
            system.send_signal(signal.SIGINT)
            system.wait(60)
    print("\n".join(faults) or "every event is there once, with its person")
    sys.exit(bool(faults))


def installed(folder: Path) -> Path:
    """Both worlds' packages in a folder of their own; the Python that has them."""
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"], check=True)
    for path in (HERE / "package.json", *HERE.glob("*.mjs")):
        (folder / path.name).write_text(path.read_text())
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
    return python


def wait_ready() -> None:
    for _ in range(300):
        try:
            link = HTTPConnection("127.0.0.1", PORT, timeout=2)
            link.request("GET", "/health/ready")
            if link.getresponse().status == 200:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise SystemExit("the system was not ready within a minute")


def shell(env: dict[str, str], code: str) -> str:
    whole = [sys.executable, "manage.py", "shell", "--no-imports", "-c", code]
    return subprocess.run(whole, cwd=ROOT, env=env, check=True, capture_output=True, text=True).stdout


def tried(name: str, tokens: dict[str, str], env: dict[str, str], folder: Path, python: Path) -> list[str]:
    """What is wrong with what this SDK sent; printed as it goes."""
    kind = SDKS[name]
    before = counted(env, kind)
    if name in REPEATS:
        Proxy.fails.add(tokens[kind])
    url = f"http://127.0.0.1:{PORT + 9}/in/source/{tokens[kind]}"
    runner = [python, HERE / name] if name.endswith(".py") else ["node", folder / name]
    done = subprocess.run([*runner, url, str(COUNT)], capture_output=True, text=True, timeout=120, cwd=folder)
    new = {who: n - before.get(who, 0) for who, n in counted(env, kind).items() if n != before.get(who, 0)}
    wrong = {who: n for who, n in new.items() if n != 1 and not (name == "mixpanel_python.py" and who == "py-0")}
    print(
        f"{name}: {sum(new.values())} events of {len(new)} people, exit {done.returncode} {done.stderr.strip()[:200]}"
    )
    if done.returncode or "lost" in done.stderr or len(new) != COUNT or wrong or "" in new:
        return [f"{name}: {len(new)} of {COUNT} people, wrong counts {wrong}: {done.stderr[-300:]}"]
    return []


def counted(env: dict[str, str], kind: str) -> dict[str, int]:
    return {who: n for where, who, n in json.loads(shell(env, COUNT_THEM)) if where == kind}


if __name__ == "__main__":
    main()
