#!/usr/bin/env bash
# kombu 5.7.0, filesystem transport: messages are served in the order of their names as text, and a name begins with
# the milliseconds since the machine began, written without leading zeros.
#
# So what is published at 1,000,000 ms (16 min 40 s after a boot; again at 10 and 100 million) is served before all
# that waits from before; and a message from before a reboot is served after those of the first weeks of the new boot,
# where many come. The clock is set here to show in a second what a machine shows after a quarter of an hour.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet kombu==5.7.0
cd "$folder"
mkdir queue done
cat > order.py <<'PY'
from kombu import Connection
from kombu.transport import filesystem

OPTIONS = {"data_folder_in": "queue", "data_folder_out": "queue", "processed_folder": "done", "store_processed": True}
queue = Connection("filesystem://", transport_options=OPTIONS).SimpleQueue("orders")
for uptime_s, name in ((999.0, "first"), (999.5, "second"), (1000.0, "third")):
    filesystem.monotonic = lambda: uptime_s
    queue.put(name)
print(" ".join(queue.get(timeout=5).payload for _ in range(3)))
PY
"$folder/venv/bin/python" order.py | tee said
grep -qx "third first second" said
