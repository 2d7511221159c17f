"""The admin as people meet it: links, folded JSON, badges, search by an index, a history that keeps the policy."""

import re

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.channels.models import Delivery
from apps.events.models import Event
from apps.runs.models import Run, Step
from tests.support.clock import Clock, finish


@pytest.fixture
def client(owner) -> Client:
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def run(story, clock: Clock) -> Run:
    finish(story.webhook_live, clock)
    return Run.objects.get()


def page(client: Client, name: str, *args, **query) -> str:
    answer = client.get(reverse(f"admin:{name}", args=args), query)
    assert answer.status_code == 200, name
    return answer.content.decode()


def test_links_lead_from_the_workflow_to_the_message_and_back(run, client) -> None:
    sent = Delivery.objects.earliest("pk")
    starts = [
        ("workflows_workflow_change", run.workflow_id),
        ("runs_run_change", run.pk),
        ("events_event_change", run.event_id),
        ("channels_delivery_change", sent.pk),
        ("notifications_notification_change", sent.notification_id),
        ("workflows_version_change", run.version_id),
    ]
    found = {link for name, pk in starts for link in re.findall(r'href="(/admin/[^"]+)"', page(client, name, pk))}
    wanted = {
        f"/admin/runs/run/?workflow={run.workflow_id}",
        f"/admin/runs/run/?event={run.event_id}",
        f"/admin/runs/run/{run.pk}/change/",
        f"/admin/runs/step/?run={run.pk}",
        f"/admin/events/event/{run.event_id}/change/",
        f"/admin/channels/delivery/?run_id={run.pk}",
        f"/admin/channels/delivery/?notification_id={sent.notification_id}",
        f"/admin/notifications/notification/{sent.notification_id}/change/",
    }
    assert wanted <= found
    assert all(client.get(link).status_code == 200 for link in wanted)
    listed = client.get(f"/admin/channels/delivery/?run_id={run.pk}").context["cl"].result_list
    assert set(listed) == set(Delivery.objects.filter(run_id=run.pk))


def test_json_is_folded_and_states_are_badges(run, client) -> None:
    step = Step.objects.filter(node="customers").latest("pk")
    shown = page(client, "runs_step_change", step.pk)
    assert '<details class="json"' in shown and "&quot;type&quot;: &quot;power&quot;" in shown
    assert '<span class="badge done">done</span>' in shown
    assert '<span class="badge completed">Completed</span>' in page(client, "runs_run_changelist")


def test_a_run_that_ended_stands_nowhere(run, client) -> None:
    assert "Node:" not in page(client, "runs_run_change", run.pk)


@pytest.mark.parametrize("model", [Run, Event, Delivery, Step])
def test_a_search_in_a_large_table_uses_an_index(run, client, model) -> None:
    for wanted in (str(run.pk), str(run.event_id), "asha@example.com", "x", "\x00"):
        rows = admin.site._registry[model].get_queryset(type("R", (), {"user": run_owner(client)})())
        found, _ = admin.site._registry[model].get_search_results(None, rows, wanted)
        with CaptureQueriesContext(
            connection,
        ) as said:
            list(found[:50])
        assert not re.search(r"(?i)\bLIKE\b|UPPER\(", "".join(q["sql"] for q in said))
    assert str(run.pk) in page(client, "runs_run_changelist", q=str(run.event_id))
    assert "0 results" in page(client, "runs_run_changelist", q="x")


def run_owner(client: Client):
    return client.get(reverse("home")).wsgi_request.user


def test_a_url_cannot_guess_a_token_letter_by_letter(run, client) -> None:
    for name, column in (("triggers_trigger", "live_token"), ("workspaces_secret", "sealed"), ("runs_run", "token")):
        answer = client.get(reverse(f"admin:{name}_changelist"), {f"{column}__startswith": "a"})
        assert answer.status_code == 400 or answer.status_code == 302


def test_days_lead_through_the_list(run, client) -> None:
    assert "created_at__day" in page(client, "runs_run_changelist") or "created_at__month" in page(
        client, "runs_run_changelist"
    )
    day = {"created_at__year": 2000, "created_at__month": 1, "created_at__day": 1}
    assert "0 runs" in page(client, "runs_run_changelist", **day)


def test_history_pages_hold_no_inline_style(run, client) -> None:
    shown = page(client, "workflows_workflow_history", run.workflow_id)
    assert "v1 (Live)" in shown and "style=" not in shown and "pk=None" not in shown
