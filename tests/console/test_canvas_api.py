"""The canvas's server side: bad input gets a sentence and writes nothing; what can be known is told."""

import json

import pytest
from django.test import Client
from django.utils import timezone

from apps.engine.drawing.graph import parse_graph
from apps.engine.drawing.samples import known, previews, sample_data
from apps.engine.values.data import RunData
from apps.sources.registry import TRIGGERS
from apps.workflows.models import Version
from apps.workflows.release import publishing
from tests.support import draw
from tests.support.clock import finish
from tests.support.draw import payment

START = draw.webhook("start")


@pytest.fixture
def client(owner) -> Client:
    browser = Client()
    browser.force_login(owner)
    return browser


@pytest.fixture
def ask(client, workspace, payments):
    """Post JSON to a call of the canvas: status and answer."""

    def go(call: str, body) -> tuple[int, dict]:
        url = f"/w/{workspace.wsid}/workflows/{payments.slug}/canvas/{call}"
        text = body if isinstance(body, str | bytes) else json.dumps(body)
        answer = client.post(url, text, content_type="application/json")
        return answer.status_code, answer.json() if "json" in answer["Content-Type"] else {}

    return go


def nodes(count: int, kind: str = "transform") -> list[dict]:
    return [START, *({"id": f"n{n}", "kind": kind, "settings": {}} for n in range(count))]


BAD = {
    "not JSON": ("{", "not JSON"),
    "a list": ([], "valid dict"),
    "no base": ({"graph": {"nodes": [START]}}, "base: Fill this in"),
    "unknown keys": ({"graph": {"nodes": [{**START, "odd": 1}]}, "base": {}}, "graph.nodes.0.odd"),
    "unknown key of all": ({"graph": {"nodes": [START], "odd": 1}, "base": {}}, "graph.odd"),
    "10,000 nodes": ({"graph": {"nodes": nodes(10_000)}, "base": {}}, "at most 500 items"),
    "a long name": ({"graph": {"nodes": [{**START, "name": "x" * 10_000}]}, "base": {}}, "at most 100 characters"),
    "__proto__": ('{"graph": {"nodes": [{"id": "start", "kind": "webhook", "__proto__": {"x": 1}}]}, "base": {}}', "__proto__"),
    "a key twice": ('{"graph": {"nodes": [], "nodes": []}, "base": {}}', "stands twice"),
    "deep": ('{"graph": ' + '{"x":' * 100 + "1" + "}" * 100 + ', "base": {}}', "nested deeper"),
    "an id with a hyphen": ({"graph": {"nodes": [{**START, "id": "a-b"}]}, "base": {}}, "graph.nodes.0.id"),
    "a long note": ({"graph": {"notes": [{"id": "note-1", "text": "x" * 9000, "position": {"x": 0, "y": 0}}]}, "base": {}}, "at most 2000"),
    "a number as base": ({"graph": {"nodes": [START]}, "base": 7}, "base"),
    "not UTF-8": (b'{"graph": "\xff"}', "not UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_drawing_is_refused_in_words_and_writes_nothing(ask, payments, name: str) -> None:
    body, said = BAD[name]
    before = list(Version.objects.values())
    status, answer = ask("save", body)
    assert status == 400 and said in answer["error"], answer
    assert len(answer["error"]) < 2000
    assert list(Version.objects.values()) == before


def test_a_body_beyond_two_mebibytes_is_refused(ask, payments) -> None:
    status, _ = ask(
        "save", json.dumps({"graph": {"nodes": [{**START, "settings": {"sample": "x" * 2_200_000}}]}, "base": {}})
    )
    assert status in (400, 413)
    assert payments.versions.count() == 1


def test_a_drawing_with_errors_is_saved_as_test_and_told_but_never_goes_live(ask, payments) -> None:
    drawing = {
        "nodes": [
            START,
            {"id": "x", "kind": "nobody_knows"},
            draw.http_request("call", __proto__={}),
        ]
    }
    status, answer = ask("check", {"graph": drawing})
    said = {(p["node"], p["field"]): p["message"] for p in answer["problems"]}
    assert status == 200 and "Unknown kind 'nobody_knows'" in said[("x", "kind")]
    assert said[("call", "url")] == "Fill this in." and ("call", "__proto__") in said
    base = {"number": 1, "edition": payments.live.edition(), "newest": 1}
    status, answer = ask("save", {"graph": drawing, "base": base})
    assert status == 200 and answer["saved"]["base"]["number"] == 2
    status, answer = ask("live", {"number": 2})
    assert status == 400 and "errors; the first" in answer["error"]
    assert ask("live", {"number": 99})[0] == 404


def test_a_cycle_of_hundreds_is_told_and_checked_in_no_time(ask) -> None:
    drawing = {"nodes": nodes(498), "edges": [{"source": f"n{n}", "target": f"n{(n + 1) % 498}"} for n in range(498)]}
    status, answer = ask("check", {"graph": drawing})
    assert status == 200
    assert sum("without a wait" in p["message"] for p in answer["problems"]) == 498


def test_a_save_onto_what_another_changed_answers_with_theirs(ask, payments, owner) -> None:
    base = {"number": 1, "edition": payments.live.edition(), "newest": 1}
    publishing.save(payments, parse_graph(payment(power={"name": "Other"})), by=owner, now=timezone.now())
    status, answer = ask("save", {"graph": {"nodes": [START]}, "base": base})
    assert status == 200 and answer["conflict"]["base"]["number"] == 2
    names = [node["name"] for node in answer["conflict"]["graph"]["nodes"]]
    assert "Other" in names and answer["conflict"]["versions"][0]["by"] == owner.email
    assert payments.versions.count() == 2


def test_what_can_be_known_at_a_block_comes_from_samples(ask, payments) -> None:
    drawing = payments.live.drawn().model_dump(mode="json")
    status, answer = ask("check", {"graph": drawing, "selected": "customers"})
    assert status == 200 and answer["problems"] == []
    assert ["order_id", "A-1001"] in answer["known"][""]
    assert ["type", "power"] in answer["known"]["customers"] and ["body.type", "power"] in answer["known"]["customers"]
    assert answer["previews"]["query.0.value"] == {"text": "P-42", "trouble": ""}
    drawing["nodes"][0]["settings"] = {"rows": []}
    ask("check", {"graph": drawing, "selected": drawing["nodes"][0]["id"]})


def test_paths_are_bounded_in_number_depth_and_length() -> None:
    assert len(known({f"k{n}": n for n in range(1000)})) == 200
    deep: dict = {"x": 1}
    for _ in range(50):
        deep = {"a": deep}
    assert max(path.count(".") for path, _ in known(deep)) == 5
    assert known({"text": "x" * 500})[0][1].endswith("…")
    assert known({"rows": [1, 2, 3, 4]})[0] == ("rows", "4 rows") and ("rows.2", "3") in known({"rows": [1, 2, 3, 4]})


def test_a_preview_knows_only_what_comes_before_its_block() -> None:
    value = {"text": "{{ steps.after.a }}"}
    rows = [{"name": "a", "value": {"text": "1"}}]
    drawing = parse_graph(
        {
            "nodes": [
                START,
                draw.transform("one", rows=[{"name": "b", "value": value}]),
                draw.transform("after", rows=rows),
            ],
            "edges": [{"source": "start", "target": "one"}, {"source": "one", "target": "after"}],
        }
    )
    data = sample_data(drawing, RunData(), TRIGGERS.all())
    assert data.steps["after"] == {"a": "1"}
    assert "missing" in previews(drawing, "one", data)["rows.0.value"].trouble
    assert previews(drawing, "nobody", data) == {}


def test_what_came_in_is_offered_as_a_payload_of_this_workspace_only(ask, story, clock, outsider) -> None:
    finish(story.webhook_live, clock)
    status, answer = ask("payloads", {})
    assert status == 200 and '"order_id": "A-1"' in answer["payloads"][0]["body"]


def test_a_comparison_is_only_to_look_at(client, workspace, payments) -> None:
    publishing.save(payments, parse_graph({"nodes": [START]}), by=None, now=timezone.now())
    url = f"/w/{workspace.wsid}/workflows/{payments.slug}/canvas"
    page = client.get(f"{url}?version=2&compare=1").context["page"]
    assert page["may_edit"] is False and len(page["graph"]["nodes"]) == len(payments.live.drawing().nodes)
    assert {mark for _, mark in page["compare"]["marks"]} == {"changed", "removed"}
    assert client.get(f"{url}?version=9").status_code == 404
    assert client.get(f"{url}?version=1&compare=9").status_code == 404
    assert client.get(f"{url}?version=%00").status_code == 404
