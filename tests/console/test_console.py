"""What pages say and do."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.urls import resolve, reverse

from apps.channels.models import CapturedMessage
from apps.console.activity.last_24_hours import MAX_COUNTED, day_of
from apps.console.activity.words import pretty_json, span
from apps.engine.drawing.graph import parse_graph
from apps.engine.registry import NODES
from apps.events.models import Event
from apps.runs.models import Run
from apps.sources.registry import TRIGGERS
from apps.triggers.models import LoggedRequest
from apps.workflows.describe.picture import TRIGGER_ICON, picture_of
from apps.workflows.models import Workflow
from apps.workflows.release import publishing
from apps.workspaces.models import Workspace
from tests.support import draw
from tests.support.clock import Clock, finish
from tests.support.outside import fire
from tests.support.pages import HOSTILE, NOW, draw_hostile, poison, urls_of
from tests.support.system import ROOT


@pytest.fixture
def client(owner) -> Client:
    browser = Client()
    browser.force_login(owner)
    return browser


def test_hostile_text_stays_text_on_every_page(client, story, workspace, payments, clock: Clock) -> None:
    finish(story.webhook_live, clock)
    poison(workspace)
    draw_hostile(payments)
    for url in urls_of(workspace):
        for query in ({}, {"q": HOSTILE, "status": HOSTILE, "environment": HOSTILE, "workflow": HOSTILE}):
            answer = client.get(url, query)
            assert answer.status_code == 200, url
            page = answer.content.decode()
            assert "<img src=x" not in page and "<script>document" not in page and "owned'</script>" not in page, url
            assert "14" not in re.findall(r"script&gt;(\d+)", page), url


# Pages that read the query; the others are given it whole.
FILTERED = [
    "canvas",
    "compare",
    "copy",
    "event-log",
    "events",
    "import",
    "requests",
    "runs",
    "search",
    "template-log",
    "templates",
    "test-inbox",
    "workflow-log",
    "workflows",
]


@pytest.mark.parametrize("typed", ["\x00", "a\x00b", "\ud800", "%", "'", "\\", "x" * 5000, "\u202e", "0" * 40])
def test_whatever_is_typed_every_page_stands(client, story, workspace, clock: Clock, typed: str) -> None:
    finish(story.webhook_live, clock)
    raw = "".join(f"%{byte:02X}" for byte in typed.encode(errors="surrogatepass"))
    names = ("q", "status", "environment", "workflow", "outcome", "page")
    for url in urls_of(workspace):
        one_by_one = [f"{name}={raw}" for name in names]
        queries = one_by_one if resolve(url).url_name in FILTERED else ["&".join(one_by_one)]
        for query in queries:
            assert client.get(f"{url}?{query}").status_code == 200, (url, query)


def test_a_nul_in_a_name_or_a_drawing_is_no_crash(client, story, workspace, payments) -> None:
    client.post(reverse("new-workflow", args=[workspace.wsid]), {"name": "No\x00thing"})
    assert Workflow.objects.filter(name="Nothing").exists()
    url = reverse("drawing", args=[workspace.wsid, payments.slug])
    for text in (
        "\x00",
        "[" * 5000,
        '{"nodes": [{"id": "a", "kind": "stop", "position": {"x": "NaN", "y": 1}}]}',
        "null",
    ):
        page = client.post(url, {"graph": text})
        assert page.status_code == 200 and "Not saved" in page.content.decode()
    assert payments.versions.count() == 1


def test_saving_from_an_old_read_does_not_undo_a_pause(payments, owner) -> None:
    old = Workflow.objects.get(pk=payments.pk)
    publishing.pause(Workflow.objects.get(pk=payments.pk), by=owner)
    publishing.save(old, parse_graph({"nodes": [], "edges": []}), by=owner, now=NOW)
    now = Workflow.objects.get(pk=payments.pk)
    assert now.paused and str(now.test) == "v2" and now.trigger.bindings.get().paused


def test_going_live_from_an_old_read_keeps_the_newer_test(payments, owner) -> None:
    first = payments.versions.get()
    publishing.save(payments, parse_graph({"nodes": [], "edges": []}), by=owner, now=NOW)
    publishing.go_live(first, by=owner, now=NOW)
    assert str(Workflow.objects.get(pk=payments.pk).test) == "v2"


def test_the_live_part_answers_304_until_something_happens(client, story, workspace, published, clock: Clock) -> None:
    url = published(draw.delay("wait", amount=60, unit="seconds"))
    fire(url, {"order_id": "A-7"})
    finish(story.webhook_live, clock)
    run = Run.objects.exclude(workflow__name="Payments").get()
    assert run.state in ("waiting", "completed")
    Run.objects.filter(pk=run.pk).update(state="waiting", ended_at=None, due_at=NOW, code="")
    live = reverse("run-live", args=[workspace.wsid, run.pk])
    first = client.get(live)
    assert "data-open" in first.content.decode() and first["Cache-Control"] == "private, no-cache"
    assert client.get(live, headers={"if-none-match": first["ETag"]}).status_code == 304
    Run.objects.filter(pk=run.pk).update(state="completed", ended_at=NOW, due_at=None)
    second = client.get(live, headers={"if-none-match": first["ETag"]})
    assert second.status_code == 200 and "data-open" not in second.content.decode()


def test_the_test_inbox_shows_each_message_once(client, story, workspace, clock: Clock) -> None:
    finish(story.webhook_live, clock)
    page = client.get(reverse("test-inbox", args=[workspace.wsid])).content.decode()
    rows = CapturedMessage.objects.of(workspace)
    assert rows.count() == 2
    for row in rows:
        assert page.count(row.address) == 1, "a list of that name is what the frame tells at the top"


def test_the_run_page_has_the_why_before_what_is_folded(client, story, workspace, clock: Clock) -> None:
    finish(story.webhook_live, clock)
    page = client.get(reverse("run", args=[workspace.wsid, Run.objects.get().pk])).content.decode()
    step = page[page.index("Which customer?</strong>") :]
    assert step.index("answered 200") < step.index("<summary>Input") < step.index("<summary>Output")
    assert "kept in the test inbox" in page and "asha@example.com" in page


def test_runs_are_filtered_by_state_environment_and_workflow(client, story, workspace, payments, clock: Clock) -> None:
    finish(story.webhook_live, clock)
    url = reverse("runs", args=[workspace.wsid])
    run = str(Run.objects.get().pk)
    for query in ({"status": "completed"}, {"environment": "live"}, {"workflow": payments.slug}, {"q": "98000 00001"}):
        assert run in client.get(url, query).content.decode(), query
    for query in ({"status": "failed"}, {"environment": "test"}, {"workflow": "none"}, {"q": "nobody"}):
        assert "No run matches" in client.get(url, query).content.decode(), query


def test_the_home_counts_the_last_day_by_the_hour(story, workspace, clock: Clock) -> None:
    for _ in range(3):
        finish(story.webhook_live, clock)
    ids = list(Run.objects.values_list("pk", flat=True))
    for pk, hours, state in zip(ids, (1, 1, 30), ("completed", "failed", "failed"), strict=True):
        Run.objects.filter(pk=pk).update(created_at=NOW - timedelta(hours=hours), state=state)
    day = day_of(workspace, NOW)
    assert (day.runs, day.completed, day.failed, day.highest, day.cut) == (2, 1, 1, 2, False)
    full = next(h for h in day.hours if h.runs)
    assert (full.begins_at.hour, full.failed, full.fine_height, full.bad_height) == (11, 1, 60, 60)
    assert full.bad_y + full.bad_height == full.fine_y and full.fine_y + full.fine_height == day.height
    assert len(day.hours) == 24 and MAX_COUNTED == 20_000


def test_times_are_in_the_zone_of_the_workspace(client, story, workspace, clock: Clock) -> None:
    finish(story.webhook_live, clock)
    Run.objects.update(created_at=datetime(2026, 11, 24, 20, 0, tzinfo=UTC))
    url = reverse("runs", args=[workspace.wsid])
    for zone, shown in (("Asia/Kolkata", "2026-11-25 01:30:00"), ("../../etc", "2026-11-24 20:00:00")):
        Workspace.objects.update(time_zone=zone)
        assert shown in client.get(url).content.decode()


def test_the_request_log_shows_what_was_taken_and_what_was_refused(client, story, workspace, payments) -> None:
    fire(story.webhook_live)
    fire(story.webhook_live, "{broken")
    for row in LoggedRequest.objects.all():
        assert row.workspace == workspace
    url = reverse("requests", args=[workspace.wsid])
    page = client.get(url).content.decode()
    assert (
        "202 accepted" in page and "400 refused" in page and "not JSON" in page and str(Event.objects.get().pk) in page
    )
    assert "202 accepted" not in client.get(url, {"outcome": "refused"}).content.decode()
    assert "202 accepted" in client.get(url, {"workflow": payments.slug, "environment": "live"}).content.decode()
    assert "No request matches" in client.get(url, {"environment": "test"}).content.decode()


def test_an_empty_place_says_what_to_do(client, owner) -> None:
    place = Workspace.objects.create(name="Empty")
    place_member = owner.memberships.create(workspace=place, role="owner")
    said = {
        "workspace": "send a first request",
        "workflows": "Give the first one a name",
        "runs": "Send a request",
        "requests": "No request yet",
        "test-inbox": "No message yet",
    }
    for name, words in said.items():
        assert words in client.get(reverse(name, args=[place.wsid])).content.decode()
    assert place_member.role == "owner"


@pytest.mark.parametrize("step", [(10.0, 90.0), (900.0, 5.0)])
def test_a_picture_is_laid_out_as_people_drew_it_however_wide(payments, step) -> None:
    graph = payments.live.drawing()
    layout = {n.id: {"x": step[0] * i - 50, "y": step[1] * i} for i, n in enumerate(graph.nodes)}
    laid = {b.id: (b.x, b.y) for b in picture_of(graph, layout=layout).boxes}
    first, second = graph.nodes[0].id, graph.nodes[1].id
    assert (laid[second][0] - laid[first][0], laid[second][1] - laid[first][1]) == step


def test_a_picture_that_nobody_laid_out_goes_from_top_to_bottom(payments) -> None:
    graph = payments.live.drawing()
    found = {b.id: b.y for b in picture_of(graph).boxes}
    assert set(found) == {n.id for n in graph.nodes}
    assert all(found[e.source] < found[e.target] for e in graph.edges)


def test_every_plugin_has_an_icon_in_the_sprite() -> None:
    sprite = (ROOT / "static/look/icons.svg").read_text()
    known = set(re.findall(r'symbol id="([\w-]+)"', sprite))
    used = {TRIGGER_ICON, *(c.icon for c in [*NODES.all().values(), *TRIGGERS.all().values()])}
    pages = "".join(p.read_text() for p in (ROOT / "templates").rglob("*.html"))
    used |= set(re.findall(r'(?:icon\.html" with name|icon)="([\w-]+)"', pages)) - {"icon"}
    assert used <= known
    assert "ISC License" in (ROOT / "static/look/icons.LICENSE").read_text()


def test_spans_and_folded_json_read_well() -> None:
    spans = [
        (0, ""),
        (0.34, "340 ms"),
        (2.5, "2.5 s"),
        (200, "3 min 20 s"),
        (7500, "2 h 5 min"),
        (90_000 * 3, "3 d 3 h"),
    ]
    assert [span(NOW, NOW + timedelta(seconds=s)) for s, _ in spans] == [words for _, words in spans]
    assert (
        pretty_json({}) == ""
        and "cut" in pretty_json({"a": "x" * 30_000})
        and json.loads(pretty_json({"a": "é"})) == {"a": "é"}
    )


def test_a_viewer_is_shown_no_url_by_which_runs_start(payments, workspace, viewer, owner) -> None:
    pages = {}
    for person in (viewer, owner):
        client = Client()
        client.force_login(person)
        pages[person] = client.get(reverse("workflow", args=[workspace.wsid, payments.slug])).content.decode()
    for token in (payments.trigger.live_token, payments.trigger.test_token):
        assert token not in pages[viewer] and token in pages[owner]


def test_an_address_finds_the_messages_that_went_there(story, workspace, owner, clock) -> None:
    finish(story.webhook_live, clock)
    client = Client()
    client.force_login(owner)
    page = client.get(reverse("search", args=[workspace.wsid]), {"q": "+91 98000 00001"}).content.decode()
    assert "Messages to this address" in page and "Order A-1 is confirmed" in page
