"""A stored secret goes nowhere new without being typed again; what live workflows say by name stays; two at once."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.channels.models import Connection
from apps.database.clocks import DatabaseClock
from apps.engine.drawing.graph import parse_graph
from apps.events.models import Event
from apps.notifications.models import NotificationEvent
from apps.runs.coordination import subworkflows
from apps.runs.models import Run
from apps.workflows.models import Workflow
from apps.workflows.release import lifecycle, publishing
from apps.workspaces.models import Secret
from tests.support import draw
from tests.support.clock import Clock, drain
from tests.support.outside import fire

SMTP = {"host": "mail.example.com", "sender": "shop@example.com", "username": "shop"}
GATEWAY = {"url": "https://sms.example.com/send", "headers": {"X-Key": "{{ token }}"}}


@pytest.fixture
def admin(owner) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def kept(workspace, kind: str, settings: dict, **secret: str) -> Connection:
    row = Connection(workspace=workspace, name=kind, kind=kind)
    row.put({**settings, **secret})
    row.save()
    return row


def changed(admin: Client, row: Connection, settings: dict, secret: dict | None = None):
    given = {"name": row.name, "kind": row.kind, "settings": json.dumps(settings), "rate_period": 1}
    given["secret_settings"] = json.dumps(secret) if secret else ""
    return admin.post(reverse("admin:channels_connection_change", args=[row.pk]), given)


ELSEWHERE = [
    ("smtp", SMTP, {"host": "mail.evil.example"}),
    ("smtp", SMTP, {"port": 25}),
    ("smtp", SMTP, {"security": "none"}),
    ("smtp", {**SMTP, "security": "tls"}, {"security": "starttls"}),
    ("http_gateway", GATEWAY, {"url": "https://evil.example/send"}),
    ("http_gateway", GATEWAY, {"url": "https://sms.example.com:8443/send"}),
    ("http_gateway", GATEWAY, {"url": "http://sms.example.com:443/send"}),
]


@pytest.mark.parametrize(("kind", "settings", "change"), ELSEWHERE)
def test_a_stored_secret_goes_to_no_other_host_and_by_no_weaker_way(admin, workspace, kind, settings, change) -> None:
    name = "password" if kind == "smtp" else "token"
    row = kept(workspace, kind, settings, **{name: "t0ps3cret"})
    answer = changed(admin, row, {**settings, **change})
    assert "again" in str(answer.context["adminform"].form.errors["secret_settings"])
    row.refresh_from_db()
    assert row.settings == settings
    assert changed(admin, row, {**settings, **change}, {name: "other"}).status_code == 302


@pytest.mark.parametrize(
    ("kind", "settings", "change"),
    [
        ("smtp", SMTP, {"host": "MAIL.example.com."}),
        ("smtp", SMTP, {"security": "tls"}),
        ("http_gateway", GATEWAY, {"url": "https://sms.example.com/v2/send"}),
        ("http_gateway", GATEWAY, {"url": "https://sms.example.com:443/send"}),
    ],
)
def test_what_changes_nothing_about_where_it_goes_keeps_it(admin, workspace, kind, settings, change) -> None:
    row = kept(workspace, kind, settings, **{"password" if kind == "smtp" else "token": "t0ps3cret"})
    assert changed(admin, row, {**settings, **change}).status_code == 302


@pytest.mark.parametrize(
    ("before", "after", "kept"),
    [
        ("", "evil.example", False),
        ("api.example.com", "api.example.com\nevil.example", False),
        ("api.example.com", "*.example.com", False),
        ("api.example.com\nb.example", "API.example.com", True),
    ],
)
def test_a_secret_gets_no_further_host_without_being_typed(admin, workspace, before, after, kept) -> None:
    row = Secret(workspace=workspace, name="SHOP", hosts=before)
    row.put("t0ps3cret")
    row.save()
    where = reverse("admin:workspaces_secret_change", args=[row.pk])
    answer = admin.post(where, {"name": "SHOP", "hosts": after, "value": ""})
    assert (answer.status_code == 302) == kept
    assert admin.post(where, {"name": "SHOP", "hosts": after, "value": "anew"}).status_code == 302


def test_the_admin_does_not_rename_what_live_workflows_say_by_name(admin, story, workspace) -> None:
    event = NotificationEvent.objects.of(workspace).first()
    where = reverse("admin:notifications_notificationevent_change", args=[event.pk])
    rows = {f"connections-{n}": 0 for n in ("TOTAL_FORMS", "INITIAL_FORMS")}
    answer = admin.post(where, {"name": "another", "template": event.template_id, **rows})
    assert "needed under its name by workflow: Payments" in answer.content.decode()
    assert NotificationEvent.objects.get(pk=event.pk).name == event.name


@pytest.mark.django_db(transaction=True)
def test_eight_who_make_a_workflow_of_one_name_at_once_get_one_and_a_sentence(story, owner, workspace) -> None:
    def one(number: int) -> tuple[int, str]:
        client = Client()
        client.force_login(owner)
        try:
            answer = client.post(f"/w/{workspace.wsid}/workflows/new", {"name": "Same"}, follow=True)
            return answer.status_code, answer.content.decode()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(one, range(8)))
    assert {status for status, _ in said} == {200}
    assert Workflow.objects.filter(name="Same").count() == 1
    assert sum("another workflow is called" in words for _, words in said) == 7


def test_a_name_taken_between_the_look_and_the_write_is_told(story, workspace, monkeypatch) -> None:
    monkeypatch.setattr(lifecycle, "_free_name", lambda *given: None)
    flow = lifecycle.begin(workspace, "One")
    for take in (lambda: lifecycle.begin(workspace, "Payments"), lambda: lifecycle.rename(flow, "Payments", by=None)):
        with pytest.raises(lifecycle.Refused, match="another workflow is called"):
            take()


def test_what_one_request_sets_going_is_bounded_and_says_so(published, clock: Clock, monkeypatch) -> None:
    monkeypatch.setattr(subworkflows, "MAX_BREADTH", 12)
    url = published({"id": "a", "kind": "stop", "settings": {}})
    flow = Workflow.objects.order_by("-pk").first()
    start = {"kind": "start_workflow", "settings": {"workflow": flow.slug}}
    names = ["start", *(f"n{k}" for k in range(10))]
    nodes = [draw.webhook("start"), *({"id": name, **start} for name in names[1:])]
    edges = [{"source": a, "outlet": "next", "target": b} for a, b in pairwise(names)]
    version = publishing.save(flow, parse_graph({"nodes": nodes, "edges": edges}), by=None, now=clock())
    publishing.go_live(version, by=None, now=clock())
    fire(url, {})
    drain(clock)
    assert Event.objects.filter(kind="workflow.started").count() == 12
    assert "one request starts at most 12 workflows" in Run.objects.filter(state="failed").first().error
    fire(url, {})
    drain(clock)
    assert Event.objects.filter(kind="workflow.started").count() == 24, "each request has its own"


def test_a_jump_of_the_machines_clock_moves_no_time_of_ours(db, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, true = DatabaseClock(), timezone.now
    clock.measure()
    for jump in (timedelta(days=2), timedelta(days=-2)):
        monkeypatch.setattr("apps.database.clocks.timezone.now", lambda jump=jump: true() + jump)
        assert abs(clock() - true()) < timedelta(seconds=1)
        clock.measure()
        assert abs(clock() - true()) < timedelta(seconds=1)
