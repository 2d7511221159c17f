#!/usr/bin/env bash
# granian 2.8.9: the same request, other contents, by the interface that is chosen.
#
# Over RSGI a header whose value is not ASCII is not there at all (nothing is raised or logged), and a chunked body that
# its sender did not finish ends as if it were whole. Over ASGI the header comes as bytes, and the body ends with
# `http.disconnect`. Who knows a repeat by such a header (Idempotency-Key) takes the repeat for a new request; who takes
# the end of an RSGI body for its end acts on half a document. Both requests are valid up to where they end (RFC 9110:
# field values may hold obs-text; RFC 9112: a chunked body ends with a chunk of size 0).
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet granian==2.8.9
cd "$folder"
cat > app.py <<'PY'
import json


async def rsgi(scope, proto):
    size = 0
    async for part in proto:
        size += len(part)
    told = {"names": sorted(name for name, _ in scope.headers.items()), "bytes": size, "end": "whole"}
    proto.response_str(200, [("content-type", "application/json")], json.dumps(told))


async def asgi(scope, receive, send):
    size, more, end = 0, True, "whole"
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
        end = "cut" if message["type"] == "http.disconnect" else end
    told = {"names": sorted(name.decode() for name, _ in scope["headers"]), "bytes": size, "end": end}
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": json.dumps(told).encode()})
PY
cat > ask.py <<'PY'
import json
import socket
import sys
import time


def told(port, raw, *, ends=False):
    for _ in range(100):
        try:
            link = socket.create_connection(("127.0.0.1", port), 5)
            break
        except OSError:
            time.sleep(0.1)
    with link:
        link.sendall(raw)
        if ends:
            link.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: link.recv(65536), b""))
    return json.loads(answer.partition(b"\r\n\r\n")[2])


HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
seen = {}
for name, port in (("rsgi", int(sys.argv[1])), ("asgi", int(sys.argv[2]))):
    keyed = told(port, HEAD + "X-Key: заказ-7\r\n".encode() + b"Content-Length: 0\r\n\r\n")
    half = told(port, HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", ends=True)
    seen[name] = {"has the header": "x-key" in keyed["names"], "the unfinished body is": half["end"]}
print(json.dumps(seen))
expected = {
    "rsgi": {"has the header": False, "the unfinished body is": "whole"},
    "asgi": {"has the header": True, "the unfinished body is": "cut"},
}
sys.exit(seen != expected)
PY
ports=$(python3 -c "
import socket
links = [socket.create_server(('127.0.0.1', 0)) for _ in range(2)]
print(*(link.getsockname()[1] for link in links))")
read -r first second <<<"$ports"
venv/bin/granian --interface rsgi --port "$first" --http 1 --no-ws --log-level error app:rsgi &
venv/bin/granian --interface asgi --port "$second" --http 1 --no-ws --log-level error app:asgi &
venv/bin/granian --version
python3 ask.py "$first" "$second"
# Seen: {"rsgi": {"has the header": false, "the unfinished body is": "whole"}, "asgi": {"has the header": true, "the unfinished body is": "cut"}}
