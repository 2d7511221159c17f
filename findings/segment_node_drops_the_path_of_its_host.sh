#!/usr/bin/env bash
# @segment/analytics-node 3.1.0 beside segment-analytics-python 2.4.0: the same `host`, two places.
#
# Both SDKs have a setting `host` for a proxy of one's own. Given http://proxy.example/in/source/abc, the one for Python
# posts to /in/source/abc/v1/batch. The one for Node posts to /v1/batch: the path of the host is dropped without a word,
# because it resolves the absolute `path` (default /v1/batch) against the host. Who serves several customers below one
# name sees all events of Node at the root, where nobody knows whose they are. With `path` set as well they arrive.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet segment-analytics-python==2.4.0
cd "$folder"
echo '{"private": true, "type": "module"}' > package.json
npm install --silent --no-audit --no-fund @segment/analytics-node@3.1.0
cat > serve.py <<'PY'
from http.server import BaseHTTPRequestHandler, HTTPServer


class Answers(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        with open("paths", "a") as file:
            file.write(self.path + "\n")
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *given):
        pass


server = HTTPServer(("127.0.0.1", 0), Answers)
with open("port", "w") as file:
    file.write(str(server.server_port))
server.serve_forever()
PY
python3 serve.py &
while [ ! -s port ]; do sleep 0.1; done
host="http://127.0.0.1:$(cat port)/in/source/abc"
cat > tell.py <<'PY'
import sys

import segment.analytics as analytics

analytics.write_key, analytics.host = "key", sys.argv[1]
analytics.track("user", "event")
analytics.shutdown()
PY
cat > tell.mjs <<'JS'
import { Analytics } from "@segment/analytics-node";

const [host, path] = process.argv.slice(2);
const analytics = new Analytics({ writeKey: "key", host, ...(path && { path }), maxRetries: 0 });
analytics.track({ userId: "user", event: "event" });
await analytics.closeAndFlush({ timeout: 5000 });
JS
"$folder/venv/bin/python" tell.py "$host"
node tell.mjs "$host"
node tell.mjs "http://127.0.0.1:$(cat port)" /in/source/abc/v1/batch
cat paths
printf '/in/source/abc/v1/batch\n/v1/batch\n/in/source/abc/v1/batch\n' | diff - paths
