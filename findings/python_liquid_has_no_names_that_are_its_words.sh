#!/usr/bin/env bash
# python-liquid 2.3.6 beside liquidjs 10.30.1: a field whose name is a word of Liquid's cannot be read behind a dot.
#
# `{{ account.limit }}` is refused while the text is parsed (LiquidSyntaxError), and so are `.in`, `.for`, `.with` and
# `.empty`, which people's data has; in brackets the same field is read. liquidjs reads all of them, and an index behind a
# dot (`rows.0`) too. Who moves templates from one to the other finds out when the text is filled in: a template that is
# not rendered before it goes live stops every message that uses it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet python-liquid==2.3.6
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-fund --no-audit liquidjs@10.30.1
cat > texts.json <<'JSON'
["{{ account.limit }}", "{{ account.in }}", "{{ account.for }}", "{{ account.with }}", "{{ account.empty }}",
 "{{ account['limit'] }}", "{{ rows.0 }}"]
JSON
cat > there.py <<'PY'
import json

from liquid import Environment
from liquid.exceptions import LiquidSyntaxError

data = {"account": {"limit": 1, "in": 2, "for": 3, "with": 4, "empty": 5}, "rows": [6]}
for text in json.load(open("texts.json")):
    try:
        print(text, Environment().from_string(text).render(**data))
    except LiquidSyntaxError:
        print(text, "refused")
PY
cat > here.cjs <<'JS'
const { Liquid } = require("liquidjs");
const data = { account: { limit: 1, in: 2, for: 3, with: 4, empty: 5 }, rows: [6] };
for (const text of require("./texts.json")) console.log(text, new Liquid().parseAndRenderSync(text, data));
JS
"$folder/venv/bin/python" there.py | tee python.txt
node here.cjs | tee js.txt
diff python.txt - <<'EXPECTED'
{{ account.limit }} refused
{{ account.in }} refused
{{ account.for }} refused
{{ account.with }} refused
{{ account.empty }} refused
{{ account['limit'] }} 1
{{ rows.0 }} refused
EXPECTED
diff js.txt - <<'EXPECTED'
{{ account.limit }} 1
{{ account.in }} 2
{{ account.for }} 3
{{ account.with }} 4
{{ account.empty }} 5
{{ account['limit'] }} 1
{{ rows.0 }} 6
EXPECTED
echo "python-liquid 2.3.6 refuses five names that liquidjs 10.30.1 reads."
