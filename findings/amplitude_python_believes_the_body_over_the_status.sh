#!/usr/bin/env bash
# amplitude-analytics 1.3.0 for Python: `code` in the body outranks the HTTP status, and a 2xx without it is no success.
#
# A 500 whose JSON body says {"code": 200} is told to the callback as delivered. A 200 whose body is JSON without `code`
# never reaches the callback at all: the thread that reads the answer raises, the event is neither delivered nor failed,
# and flush() ends. Proxies that answer 200 {} for the vendor make a sender lose its own book-keeping without a word.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet amplitude-analytics==1.3.0
cd "$folder"
cat > tell.py <<'PY'
import logging
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

from amplitude import Amplitude, BaseEvent

logging.disable(logging.CRITICAL)
threading.excepthook = lambda given: None


class Answers(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        body = sys.argv[2].encode()
        self.send_response(int(sys.argv[1]))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *given):
        pass


server = HTTPServer(("127.0.0.1", 0), Answers)
threading.Thread(target=server.serve_forever, daemon=True).start()
said = []
client = Amplitude("key")
client.configuration.server_url = f"http://127.0.0.1:{server.server_port}/2/httpapi"
client.configuration.callback = lambda event, code, message=None: said.append(code)
client.track(BaseEvent("event", user_id="user-12345"))
client.flush()
time.sleep(3)
print(sys.argv[1], sys.argv[2], "->", said[0] if said else "nothing")
sys.stdout.flush()
__import__("os")._exit(0)
PY
{
  "$folder/venv/bin/python" tell.py 200 '{"code": 200}'
  "$folder/venv/bin/python" tell.py 500 '{"code": 200}'
  "$folder/venv/bin/python" tell.py 200 '{}'
} 2>/dev/null | tee said
printf '200 {"code": 200} -> 200\n500 {"code": 200} -> 200\n200 {} -> nothing\n' | diff - said
