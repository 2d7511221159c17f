"""What the preview shows is what the run does: in a message, a JSON body, a URL, a transform, a condition."""

import json
from typing import Any
from urllib.parse import unquote

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps.common.trouble import Refused
from apps.engine.conditions import Test
from apps.engine.contract.node import StepContext
from apps.engine.drawing.graph import parse_graph
from apps.engine.drawing.samples import known, previews
from apps.engine.fields import Text
from apps.engine.nodes.http_request import HttpRequest
from apps.engine.nodes.transform import Transform
from apps.engine.texts.templates import placeholders, render
from apps.engine.values.data import RunData
from apps.engine.values.paths import MISSING, member, reached, segments, written
from apps.engine.values.to_text import leaf, to_text
from tests.support import draw
from tests.support.clock import NOW

WORDS = ["name", "limit", "in", "empty", "size", "first", "last", "First Name", "user.email", "deal[x]", "0", "naïve-é"]
WORDS += ["true", "with", "or", "#text", "@id", "it's", 'say "hi"', "x-y", "a?", ""]
PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15)
    | st.sampled_from(["", " ", "Asha", "1,499.50", "00042", "é", "a&b=c/d", "2026-11-28", "<b>", '"'])
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=8,
)
PAYLOADS = st.dictionaries(st.sampled_from(WORDS), VALUES, max_size=6)
FORMS = [
    "{{ P }}",
    "{{- P -}}",
    "{{P}}",
    "Hi {{ P }}.",
    "{{ P }}{{ P }}",
    '{{ P | default: "nobody" }}',
    "{% if P %}yes {{ P }}{% else %}no{% endif %}",
    "{{ P | json }}",
    "{{ P | size }}",
    "{{ P | upcase }}",
]
TRY = StepContext(attempt=1, key="k", now=NOW)


def paths_of(payload: dict[str, Any]) -> list[str]:
    """Those that the picker offers, and some of what is not there."""
    return [path for path, _ in known(payload)] + ["nobody", "name.none", "name.size", "name.first", "name.0"]


def outcome(made: Any) -> tuple[str, str]:
    """What came, or the words of the refusal."""
    try:
        return "gives", made()
    except Refused as trouble:
        return "refuses", str(trouble)[:300]


def preview_of(text: Text, data: RunData) -> tuple[str, str]:
    rows = [{"name": "a", "value": text.model_dump()}]
    nodes = [draw.webhook("start"), draw.transform("make", rows=rows)]
    graph = parse_graph({"nodes": nodes, "edges": [{"source": "start", "target": "make"}]})
    found = previews(graph, "make", data)["rows.0.value"]
    return ("refuses", found.trouble) if found.trouble else ("gives", found.text)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(PAYLOADS, st.sampled_from(FORMS), st.sampled_from(["error", "empty", "default"]), st.integers(0, 200))
@example({"items": [{"n": 1}, {"n": 2}]}, "{{ P }}", "error", 0)
@example({"name": {"size": 3}}, "{{ P }}", "error", 1)
def test_a_preview_is_what_the_run_does(payload: dict, form: str, missing: str, pick: int) -> None:
    paths = paths_of(payload)
    path = paths[pick % len(paths)]
    data = RunData(trigger=payload, workspace={"time_zone": "Asia/Kolkata"})
    text = Text(text=form.replace("P", path), missing=missing, default="?")
    seen = preview_of(text, data)
    if len(seen[1]) >= 300:
        return
    assert outcome(lambda: render(text, data)) == seen, "a message"
    made = Transform(rows=[{"name": "a", "value": text}])
    assert outcome(lambda: to_text(made.decide(data, TRY).output["a"])) == seen, "a transform"
    if missing != "default":
        assert outcome(lambda: to_text(in_json(text, data))) == seen, "a JSON body"
    said, given_ = seen
    if said == "gives" and given_.strip(" .") and "/" not in given_:
        assert in_url(text, data) == given_, "a URL"


def in_json(text: Text, data: RunData) -> Any:
    body = {"type": "json", "text": json.dumps({"a": text.text}), "missing": text.missing}
    block = HttpRequest(method="POST", url=Text(text="https://shop.example/"), body=body)
    return json.loads(block.decide(data, TRY).call.body)["a"]


def in_url(text: Text, data: RunData) -> str:
    block = HttpRequest(url=text.model_copy(update={"text": f"https://shop.example/{text.text}/end"}))
    return unquote(block.decide(data, TRY).call.url.removeprefix("https://shop.example/").removesuffix("/end"))


@settings(max_examples=200, deadline=None)
@given(PAYLOADS, st.integers(0, 200))
def test_a_condition_reads_a_path_as_a_text_does(payload: dict, pick: int) -> None:
    paths = paths_of(payload)
    path = paths[pick % len(paths)]
    data = RunData(trigger=payload)
    found = data.lookup(path)
    told = outcome(lambda: Test(field=path, value=f"{{{{ {path} }}}}").filled(data))
    assert told == (("refuses", f"a value is missing: {path}") if found is MISSING else ("gives", leaf(found)))


@settings(max_examples=200, deadline=None)
@given(PAYLOADS)
def test_every_path_that_is_offered_leads_to_its_value_everywhere(payload: dict) -> None:
    data = RunData(trigger=payload)
    for path, sample in known(payload):
        found = payload
        for part in segments(path):
            found = member(found, part)
        assert reached(payload, path) == found == data.lookup(path), path
        if not isinstance(found, dict | list) and len(sample) < 80:
            assert render(f"It is {{{{ {path} }}}}.", data) == f"It is {sample}.", path
        assert written(segments(path)) == path
        assert placeholders(f"{{{{ {path} }}}}") in ((path,), ()), path
