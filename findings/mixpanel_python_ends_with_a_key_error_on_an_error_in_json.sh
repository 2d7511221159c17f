#!/usr/bin/env bash
# mixpanel 5.4.1 for Python: what a server's error is called depends on the shape of its body.
#
# The SDK documents MixpanelException for whatever goes wrong while sending. A 503 whose body is plain text raises it. A
# 503 whose body is a JSON object without `status`, as gateways and frameworks answer (RFC 9457), raises KeyError from
# inside the SDK: code that catches MixpanelException to keep the event for later loses it, with the request handler.
# The HTTP status is read in neither case. Whoever answers this SDK must put `status` into every body, of errors, too.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet mixpanel==5.4.1
cd "$folder"
cat > tell.py <<'PY'
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from mixpanel import Consumer, Mixpanel, MixpanelException

BODIES = {"text": b"away", "problem": b'{"title": "Service Unavailable"}', "own": b'{"status": 0, "error": "away"}'}


class Answers(BaseHTTPRequestHandler):
    body = b""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(503)
        self.send_header("Content-Length", str(len(Answers.body)))
        self.end_headers()
        self.wfile.write(Answers.body)

    def log_message(self, *given):
        pass


server = HTTPServer(("127.0.0.1", 0), Answers)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = Mixpanel("token", consumer=Consumer(events_url=f"http://127.0.0.1:{server.server_port}/track", retry_limit=0))
for name, Answers.body in BODIES.items():
    try:
        client.track("user", "event")
        print(name, "taken")
    except MixpanelException as error:
        print(name, "MixpanelException")
    except Exception as error:
        print(name, type(error).__name__)
PY
"$folder/venv/bin/python" tell.py | tee said
printf 'text MixpanelException\nproblem KeyError\nown MixpanelException\n' | diff - said
