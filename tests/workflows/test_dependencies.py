"""What a workflow depends on: shown on its page, asked before anything is deleted or archived."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from apps.channels.models import Connection
from apps.engine.drawing.graph import parse_graph
from apps.engine.drawing.uses import renamed, used_in
from apps.sources.registry import TRIGGERS
from apps.workflows.dependencies import CONNECTION, EVENT, SECRET, TEMPLATE, WORKFLOW, matches, needs_of, who_uses
from apps.workspaces.models import Secret
from tests.support.draw import TRIGGER, calling, drawn, starting


@pytest.fixture
def client(owner) -> Client:
    owner.is_staff = True
    owner.save()
    owner.user_permissions.set(Permission.objects.all())
    browser = Client()
    browser.force_login(owner)
    return browser


def test_a_workflow_needs_its_events_and_what_stands_behind_them(payments, workspace) -> None:
    found = {
        (match.need.what, match.need.name): match
        for match in matches(workspace, needs_of(payments, payments.live.drawing()))
    }
    assert {what for what, _ in found} == {EVENT, TEMPLATE, CONNECTION}
    assert all(match.key for match in found.values())
    (by,) = {match.need.by for (what, name), match in found.items() if (what, name) == (EVENT, "payment_received")}
    assert by == (payments.live.drawing().node("received").name,)


def test_a_workflow_that_another_starts_is_a_need_by_its_name(workspace) -> None:
    reminder = drawn(workspace, "Reminder", {"nodes": [TRIGGER], "edges": []})
    starter = drawn(workspace, "Starter", starting(reminder.slug))
    (need,) = needs_of(starter, starter.test.drawing())
    assert (need.what, need.name, need.by) == (WORKFLOW, "Reminder", ("Remind later",))
    assert who_uses(workspace, WORKFLOW, "Reminder") == [starter]


def test_names_are_changed_in_the_drawing_where_they_are_used_and_nowhere_else(workspace) -> None:
    graph = parse_graph(starting("abc"))
    other = renamed(graph, WORKFLOW, {"abc": "Reminder"}, TRIGGERS.all())
    assert [use.name for use in used_in(other, TRIGGERS.all())] == ["Reminder"]
    assert renamed(other, WORKFLOW, {"Reminder": "abc"}, TRIGGERS.all()).canonical() == graph.canonical()
    assert renamed(graph, SECRET, {"abc": "x"}, TRIGGERS.all()).canonical() == graph.canonical()


def test_the_page_of_a_workflow_shows_what_it_depends_on_and_what_is_missing(client, workspace) -> None:
    flow = drawn(workspace, "Calls", calling("SHOP_TOKEN"))
    page = client.get(f"/w/{workspace.wsid}/workflows/{flow.slug}").content.decode()
    assert "SHOP_TOKEN" in page and "missing" in page and f"/w/{workspace.wsid}/settings/secrets/new" in page
    Secret.objects.create(workspace=workspace, name="SHOP_TOKEN", sealed="x")
    page = client.get(f"/w/{workspace.wsid}/workflows/{flow.slug}").content.decode()
    assert "matched" in page and "missing" not in page


def test_a_name_that_is_longer_than_any_is_missing_and_the_page_stands(client, workspace) -> None:
    flow = drawn(workspace, "Calls", calling("S" * 5000))
    page = client.get(f"/w/{workspace.wsid}/workflows/{flow.slug}").content.decode()
    assert "missing" in page and "S" * 99 + "…" in page and "S" * 101 not in page.split("needs", 1)[1]


def test_before_a_workflow_is_archived_or_deleted_its_page_says_who_starts_it(client, workspace) -> None:
    reminder = drawn(workspace, "Reminder", {"nodes": [TRIGGER], "edges": []})
    drawn(workspace, "Starter", starting(reminder.slug))
    for verb in ("archive", "delete"):
        url = f"/w/{workspace.wsid}/workflows/{reminder.slug}/do"
        page = client.post(url, {"verb": verb}).content.decode()
        assert "These workflows start it" in page and ">Starter<" in page
    reminder.refresh_from_db()
    assert reminder.archived_at is None


def test_a_secret_and_a_connection_stay_while_a_workflow_needs_them(client, workspace, payments) -> None:
    drawn(workspace, "Calls", calling("SHOP_TOKEN"))
    secret = Secret.objects.create(workspace=workspace, name="SHOP_TOKEN", sealed="x")
    free = Secret.objects.create(workspace=workspace, name="OLD", sealed="x")
    used = Connection.objects.of(workspace).filter(kind="system").first() or Connection.objects.of(workspace).first()
    for url, name in (
        (f"/admin/workspaces/secret/{secret.pk}/delete/", "workflow: Calls"),
        (f"/admin/channels/connection/{used.pk}/delete/", f"workflow: {payments}"),
    ):
        assert name in client.get(url).content.decode()
        assert name in client.post(url, {"post": "yes"}).content.decode()
    assert Secret.objects.filter(pk=secret.pk).exists() and Connection.objects.filter(pk=used.pk).exists()
    client.post(f"/admin/workspaces/secret/{free.pk}/delete/", {"post": "yes"})
    assert not Secret.objects.filter(pk=free.pk).exists()
