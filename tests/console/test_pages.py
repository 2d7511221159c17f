"""Pages: who sees them, and that they stand."""

import json

import pytest
from django.apps import apps as django_apps
from django.test import Client
from django.urls import reverse

from apps.runs.models import Run
from tests.support.clock import Clock, finish


@pytest.fixture
def urls(story, workspace, payments, clock: Clock) -> list[str]:
    finish(story.webhook_live, clock)
    run = Run.objects.get()
    wsid = workspace.wsid
    return [
        reverse("workspace", args=[wsid]),
        reverse("workflows", args=[wsid]),
        reverse("workflow", args=[wsid, payments.slug]),
        reverse("drawing", args=[wsid, payments.slug]),
        reverse("runs", args=[wsid]),
        reverse("run", args=[wsid, run.pk]),
        reverse("test-inbox", args=[wsid]),
    ]


def signed_in(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_members_see_every_page(urls, owner, viewer) -> None:
    for user in (owner, viewer):
        assert {signed_in(user).get(url).status_code for url in urls} == {200}


def test_an_outsider_finds_nothing(urls, outsider) -> None:
    assert {signed_in(outsider).get(url).status_code for url in urls} == {404}


def test_a_stranger_is_asked_to_sign_in(urls) -> None:
    assert {Client().get(url).status_code for url in urls} == {302}


def test_a_foreign_run_in_ones_own_workspace_is_404(urls, outsider) -> None:
    mine = outsider.memberships.get().workspace.wsid
    assert signed_in(outsider).get(reverse("run", args=[mine, Run.objects.get().pk])).status_code == 404


def test_the_run_page_says_why_and_to_whom(urls, owner) -> None:
    page = signed_in(owner).get(urls[5]).content.decode()
    assert "power: steps.customers.type" in page and "asha@example.com" in page


def test_runs_are_found_by_address_and_by_request(urls, owner) -> None:
    for wanted in ("asha@example.com", str(Run.objects.get().event_id)):
        assert b"Payments</td>" in signed_in(owner).get(urls[4], {"q": wanted}).content
    assert b"No run matches" in signed_in(owner).get(urls[4], {"q": "nobody"}).content


def test_a_viewer_changes_nothing(urls, viewer, payments, workspace) -> None:
    client = signed_in(viewer)
    assert (
        client.post(reverse("set-paused", args=[workspace.wsid, payments.slug]), {"paused": "yes"}).status_code == 403
    )
    client.post(urls[3], {"graph": json.dumps({"nodes": [], "edges": []})})
    assert payments.versions.count() == 1


def test_a_broken_drawing_shows_its_problems_and_keeps_the_text(urls, owner, payments) -> None:
    page = signed_in(owner).post(urls[3], {"graph": '{"nodes": [{"id": "1"}]}'}).content.decode()
    assert "nodes.0.kind" in page and "&quot;id&quot;: &quot;1&quot;" in page
    assert payments.versions.count() == 1


def test_a_drawing_is_saved_as_test_and_goes_live_only_without_errors(urls, owner, payments, workspace) -> None:
    client = signed_in(owner)
    client.post(urls[3], {"graph": json.dumps({"nodes": [], "edges": []})})
    payments.refresh_from_db()
    assert (str(payments.test), str(payments.live)) == ("v2", "v1")
    live = reverse("canvas-live", args=[workspace.wsid, payments.slug])
    assert client.post(live, {"number": 2}, content_type="application/json").status_code == 400
    payments.refresh_from_db()
    assert str(payments.live) == "v1"


UNSEEN = {"Content", "EventConnection", "Attempt", "DigestItem", "SearchTerm"}
UNSEEN |= {"Beat", "Worker", "Leader", "EncryptionKey"}


def test_every_model_stands_in_the_admin(urls, owner) -> None:
    client = signed_in(owner)
    for model in django_apps.get_models():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        if not model.__module__.startswith("apps.") or model.__name__.startswith("Historical"):
            continue
        if model.__name__ in UNSEEN:
            continue
        assert client.get(reverse(f"{name}_changelist"), {"q": "x"}).status_code == 200, model
        row = model._default_manager.first()
        if row is not None:
            assert client.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200, model


def test_rows_of_the_machine_are_read_only_in_the_admin(urls, owner) -> None:
    url = reverse("admin:runs_run_change", args=[Run.objects.get().pk])
    assert signed_in(owner).post(url, {"state": "failed"}).status_code == 403


def test_pages_send_a_strict_policy(urls, owner) -> None:
    policy = signed_in(owner).get(urls[0])["Content-Security-Policy"]
    assert "unsafe" not in policy and "script-src 'self'" in policy


def test_health(db) -> None:
    assert Client().get("/health/live").json() == {"status": "ok"}
    assert Client().get("/health/ready").json()["sweep"] == "never"


def test_a_form_that_is_too_large_is_answered_in_words(workspace, owner) -> None:
    client = Client()
    client.force_login(owner)
    sent = {"sms.on": "on", "sms.text": "x" * 3_000_000}
    answer = client.post(f"/w/{workspace.wsid}/templates/preview", sent)
    assert answer.status_code == 400 and "make the text or the sample smaller" in answer.content.decode()
