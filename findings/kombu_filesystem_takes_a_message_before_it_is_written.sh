#!/usr/bin/env bash
# kombu 5.7.0, filesystem transport: a consumer takes a message whose publisher is still writing it, and nobody gets it.
#
# The publisher makes the file under its last name, then serializes the message into it. A consumer that lists the
# folder in between moves the file away (the lock that the publisher holds is only asked for by publishers), reads
# nothing and raises JSONDecodeError. The publisher's put returns without an error; the whole message is found among the
# processed ones, or nowhere where those are not stored (the default). A large message shows it at once, a small one
# now and then. One publisher and one consumer are enough.
set -euo pipefail
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet kombu==5.7.0
cd "$folder"
mkdir queue done
cat > ours.py <<'PY'
from kombu import Connection

OPTIONS = {"data_folder_in": "queue", "data_folder_out": "queue", "processed_folder": "done", "store_processed": True}


def opened():
    return Connection("filesystem://", transport_options=OPTIONS).SimpleQueue("orders")
PY
cat > consume.py <<'PY'
import time

from ours import opened

queue = opened()
print("ready", flush=True)
end = time.monotonic() + 60
while time.monotonic() < end:
    try:
        print("took", len(queue.get_nowait().payload["text"]), flush=True)
        break
    except queue.Empty:
        continue
    except ValueError as error:
        print(f"raised {type(error).__name__}: {error}", flush=True)
        break
PY
cat > publish.py <<'PY'
from ours import opened

opened().put({"text": "é" * 20_000_000})
print("put returned")
PY
"$folder/venv/bin/python" consume.py > consumed &
until grep -q ready consumed; do sleep 0.05; done
"$folder/venv/bin/python" publish.py | tee published
wait
cat consumed
echo "left in the queue: $(ls queue | wc -l) file(s); among the processed: $(ls done | wc -l)"
grep -q "put returned" published
grep -q "raised JSONDecodeError" consumed
test "$(ls queue | wc -l) $(ls done | wc -l)" = "0 1"
