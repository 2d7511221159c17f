#!/usr/bin/env bash
# python-liquid 2.3.6: the Unix time of a moment that says its zone depends on the TZ of the process.
#
# `{{ "2026-11-28T10:00:00+05:30" | date: "%s" }}` is 1795840200 everywhere, and comes out as 1795860000 under TZ=UTC and
# as 1795878000 under TZ=America/New_York: the offset is read and dropped, and what stands on the wall is taken for the
# server's. Other letters of the same moment are right. A reminder that is computed from it is late by the offset, and two
# workers with different TZ disagree. liquidjs 10.30.1 gives 1795840200 for it under every TZ.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet python-liquid==2.3.6
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-fund --no-audit liquidjs@10.30.1
cat > there.py <<'PY'
import sys

from liquid import Environment

print("python-liquid", sys.argv[1], Environment().from_string(open("text").read()).render())
PY
cat > here.cjs <<'JS'
const { Liquid } = require("liquidjs");
const text = require("fs").readFileSync("text", "utf8");
console.log("liquidjs", process.argv[2], new Liquid().parseAndRenderSync(text));
JS
printf '%s' '{{ "2026-11-28T10:00:00+05:30" | date: "%s" }}' > text
for zone in UTC Asia/Kolkata America/New_York; do
  TZ=$zone "$folder/venv/bin/python" there.py "$zone"
  TZ=$zone node here.cjs "$zone"
done | tee told.txt
diff told.txt - <<'EXPECTED'
python-liquid UTC 1795860000
liquidjs UTC 1795840200
python-liquid Asia/Kolkata 1795840200
liquidjs Asia/Kolkata 1795840200
python-liquid America/New_York 1795878000
liquidjs America/New_York 1795840200
EXPECTED
echo "python-liquid 2.3.6 gives three Unix times for one moment."
