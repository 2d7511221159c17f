"""What partners are told: their workspace's runs, by a key, and nothing of anybody else's."""

import json

import pytest
from django.test import Client
from django.urls import reverse
from rest_framework.throttling import SimpleRateThrottle

from apps.events.models import Event
from apps.runs.models import Run
from apps.workspaces import api_keys
from apps.workspaces.models import ApiKey, Workspace
from tests.support.clock import Clock, finish
from tests.support.outside import fire


def key_of(place: Workspace, name: str = "shop") -> str:
    row, shown = api_keys.make(place, name)
    row.save()
    return shown


def get(url: str, key: str = "") -> tuple[int, dict]:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    answer = Client().get(url, headers=headers)
    return answer.status_code, answer.json()


@pytest.fixture
def runs_url(workspace) -> str:
    return f"/api/v1/w/{workspace.wsid}/runs"


def test_a_partner_reads_what_became_of_its_request(story, workspace, runs_url: str, clock: Clock) -> None:
    told = finish(story.webhook_live, clock)
    status, found = get(f"{runs_url}/{told.request_id}", key_of(workspace))
    assert status == 200
    assert (found["status"], found["version"]) == ("completed", "v1")
    assert [step["node"] for step in found["steps"]] == ["status", "customers", "power", "cod", "confirmed"]
    assert {d["channel"] for d in found["deliveries"]} == {"email", "sms"}


def test_a_request_that_has_not_started_yet_is_told_too(story, workspace, runs_url: str) -> None:
    _, answer = fire(story.webhook_live)
    assert get(f"{runs_url}/{answer['request_id']}", key_of(workspace))[1]["status"] == "received"


def test_the_list_is_filtered_and_paged(story, workspace, runs_url: str, clock: Clock, monkeypatch) -> None:
    monkeypatch.setattr("apps.api.runs.NewestFirst.page_size", 2)
    ids = [finish(story.webhook_live, clock).request_id for _ in range(3)]
    key = key_of(workspace)
    first = get(f"{runs_url}?status=completed&environment=live", key)[1]
    second = get(first["next"], key)[1]
    assert [row["request_id"] for row in first["results"] + second["results"]] == ids[::-1]
    assert get(f"{runs_url}?status=failed", key)[1]["results"] == []


@pytest.mark.parametrize("query", ["status=odd", "environment=moon", "workflow=a%20b", "status=completed%00"])
def test_a_filter_that_makes_no_sense_is_named(workspace, runs_url: str, query: str) -> None:
    status, found = get(f"{runs_url}?{query}", key_of(workspace))
    assert status == 400 and list(found["fields"]) == [query.split("=")[0]]
    assert found["error"].startswith(f"{query.split('=')[0]}: ")


@pytest.mark.parametrize("shown", ["", "fyno_x_y", "nonsense", "fyno__", "fyno_\x00_a", "ü"])
def test_without_a_key_nothing_is_told(workspace, runs_url: str, shown: str) -> None:
    status, found = get(runs_url, shown)
    assert status == 401 and "API key" in found["detail"]


def test_a_wrong_secret_or_a_deleted_key_opens_nothing(workspace, runs_url: str) -> None:
    shown = key_of(workspace)
    assert get(runs_url, shown)[0] == 200
    assert get(runs_url, shown[:-1] + ("a" if shown[-1] != "a" else "b"))[0] == 401
    ApiKey.objects.of(workspace).get().delete()
    assert get(runs_url, shown)[0] == 401


def test_a_key_of_another_workspace_meets_404_for_all_that_is_not_its_own(
    story, workspace, runs_url: str, outsider, clock: Clock
) -> None:
    told = finish(story.webhook_live, clock)
    _, waiting = fire(story.webhook_live)
    other = outsider.memberships.get().workspace
    foreign = key_of(other)
    run, own = Run.objects.get(), f"/api/v1/w/{other.wsid}/runs"
    assert get(runs_url, foreign)[0] == 404
    for secret_id in (told.request_id, run.pk, waiting["request_id"]):
        assert get(f"{runs_url}/{secret_id}", foreign)[0] == 404
        assert get(f"{own}/{secret_id}", foreign)[0] == 404
    assert get(own, foreign)[1]["results"] == []
    assert Event.objects.count() == 2


def test_a_key_that_asks_too_often_is_told_when_to_come_back(workspace, runs_url: str, monkeypatch) -> None:
    monkeypatch.setattr("apps.api.access.KeyThrottle.rate", "2/min")
    monkeypatch.setattr(SimpleRateThrottle, "timer", lambda self: 1000.0)
    key = key_of(workspace)
    assert [get(runs_url, key)[0] for _ in range(3)] == [200, 200, 429]


def test_a_key_is_shown_once_and_kept_as_a_hash(workspace, admin_client: Client) -> None:
    add = reverse("admin:workspaces_apikey_add")
    page = admin_client.post(add, {"workspace": workspace.pk, "name": "shop"}, follow=True).content.decode()
    row = ApiKey.objects.get()
    shown = page.split("shown only now: ")[1].split("<")[0].strip()
    assert api_keys.find(shown, row.created_at) == row
    again = admin_client.get(reverse("admin:workspaces_apikey_change", args=[row.pk])).content.decode()
    assert shown not in again and row.digest not in again
    assert not {"digest", "used_at"} & {f.name for f in ApiKey.history.model._meta.fields}


@pytest.fixture
def events_url(workspace) -> str:
    return f"/api/v1/w/{workspace.wsid}/events"


def post(url: str, key: str, body: object, **headers: str) -> tuple[int, dict]:
    headers = {"Authorization": f"Bearer {key}", **headers}
    raw = body if isinstance(body, str) else json.dumps(body)
    answer = Client().post(url, raw, content_type="application/json", headers=headers)
    return answer.status_code, answer.json()


def test_a_partner_fires_an_event_once_however_often_it_is_sent(story, workspace, events_url: str) -> None:
    key, body = key_of(workspace), {"name": "order.paid", "data": {"order_id": "A-1"}}
    first = post(events_url, key, body, **{"Idempotency-Key": "k"})
    assert first[0] == 202 and set(first[1]) == {"request_id", "received_at"}
    assert post(events_url, key, body, **{"Idempotency-Key": "k"}) == first
    assert Event.objects.get(kind="custom.fired").body == {"order_id": "A-1"}
    other = {**body, "data": {}}
    assert post(events_url, key, other, **{"Idempotency-Key": "k"})[0] == 422


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ("{", ""),
        ("[]", ""),
        ({"data": {}}, "name"),
        ({"name": "a b"}, "name"),
        ({"name": "x" * 51}, "name"),
        ({"name": "a", "environment": "moon"}, "environment"),
        ({"name": "a", "data": [1]}, "data"),
        ({"name": "a", "more": 1}, "more"),
        ({"name": "a", "data": {str(n): n for n in range(401)}}, ""),
    ],
    ids=str,
)
def test_an_event_that_makes_no_sense_is_refused_in_words(workspace, events_url: str, body: object, field: str) -> None:
    status, said = post(events_url, key_of(workspace), body)
    assert status == 400 and said["error"].endswith(".") and said.get("field", "") == field
    assert not Event.objects.filter(kind="custom.fired").exists()


def test_an_event_for_another_workspace_is_answered_as_for_none(workspace, outsider, events_url: str) -> None:
    key = key_of(outsider.memberships.get().workspace)
    assert post(events_url, key, {"name": "a"}) == post("/api/v1/w/nosuchplace0/events", key, {"name": "a"})
    assert Event.objects.count() == 0
