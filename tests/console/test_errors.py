"""What cannot be shown says why and leads back; machines get problems they can read."""

import json

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from apps.events.models import Event
from apps.workspaces import api_keys
from apps.workspaces.models import Workspace
from tests.support.outside import path_of
from tests.support.people import at_the_door


@pytest.mark.parametrize(
    "page", ["/nowhere", "/w/nosuchplace/", "/w/{wsid}/runs/019e5a7c-0000-7000-8000-000000000000", "/w/{wsid}/nowhere"]
)
def test_what_is_not_here_says_so_and_leads_back(workspace, owner, page: str) -> None:
    answer = at_the_door(owner).get(page.format(wsid=workspace.wsid))
    text = answer.content.decode()
    assert answer.status_code == 404 and "This is not here, or it is not yours" in text and "To your workspaces" in text
    assert ("To Company ABC" in text) == ("{wsid}" in page)


def test_a_stranger_learns_no_name_of_a_workspace(workspace, outsider) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(name="Secret plans")
    assert b"Secret plans" not in at_the_door(outsider).get(f"/w/{workspace.wsid}/").content


def test_what_a_viewer_may_not_do_says_who_may(workspace, viewer) -> None:
    answer = at_the_door(viewer).get(reverse("connections", args=[workspace.wsid]))
    text = answer.content.decode()
    assert answer.status_code == 403 and "view-only access" in text and "To Company ABC" in text


def test_a_button_opened_as_a_page_says_so(workspace, payments, owner) -> None:
    answer = at_the_door(owner).get(reverse("workflow-do", args=[workspace.wsid, payments.slug]))
    assert answer.status_code == 405 and answer["Allow"] == "POST"
    assert "There is no page here" in answer.content.decode()


def test_a_form_without_its_token_says_what_to_do(workspace, payments, owner) -> None:
    client = at_the_door(owner, enforce_csrf_checks=True)
    answer = client.post(reverse("set-paused", args=[workspace.wsid, payments.slug]), {"paused": "yes"})
    assert answer.status_code == 403 and "That was not done" in answer.content.decode()
    payments.refresh_from_db()
    assert not payments.paused


def test_a_button_after_the_sessions_end_leads_back_to_its_page_and_says_that_nothing_was_done(
    workspace, payments, owner
) -> None:
    client, url = Client(), reverse("set-paused", args=[workspace.wsid, payments.slug])
    page = reverse("workflow", args=[workspace.wsid, payments.slug])
    answer = client.post(url, {"paused": "yes"}, headers={"referer": f"http://testserver{page}"}, follow=True)
    assert "You were signed out before that, so it was not done." in answer.content.decode()
    owner.set_password("a long password")
    owner.save()
    signed = {"username": owner.email, "password": "a long password", "next": answer.context["next"]}
    back = client.post("/sign-in", signed, follow=True)
    assert back.status_code == 200 and back.request["PATH_INFO"] == page


@pytest.mark.parametrize("referer", ["https://evil.example.com/", "", "javascript:alert(1)"])
def test_a_button_after_the_sessions_end_leads_to_no_stranger(workspace, payments, referer: str) -> None:
    url = reverse("set-paused", args=[workspace.wsid, payments.slug])
    answer = Client().post(url, {"paused": "yes"}, headers={"referer": referer})
    assert answer["Location"] in ("/sign-in?next=/", "/sign-in?next=%2F")
    assert [str(one) for one in get_messages(answer.wsgi_request)]


@pytest.mark.parametrize("name", ["workspace", "messages", "runs", "settings", "workflows"])
def test_a_page_answers_a_head(workspace, owner, name: str) -> None:
    assert at_the_door(owner).head(reverse(name, args=[workspace.wsid])).status_code == 200


SHARED = {"type", "title", "status", "detail", "error"}


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("get", "/in/live/nowhere", 404, "There is no such URL."),
        ("post", "/in/live/" + "x" * 43, 404, "There is no such URL."),
        ("post", "/in/other/thing", 404, "There is no such URL."),
        ("get", "/api/v9/x", 404, "There is no such URL."),
        ("get", "/api/v1/w/x/runs", 401, "Send an API key"),
        ("delete", "{door}", 405, "This URL takes"),
        ("post", "{door}", 400, ""),
    ],
)
def test_a_machine_gets_a_problem_it_can_read(story, method: str, path: str, status: int, words: str) -> None:
    path = path.format(door=path_of(story.webhook_live))
    answer = Client().generic(method.upper(), path, b"{", content_type="application/json")
    found = json.loads(answer.content)
    assert answer.status_code == status == found["status"] and answer["Content-Type"] == "application/problem+json"
    assert set(found) >= SHARED and found["error"] == found["detail"] and found["error"].startswith(words)


def test_a_wrong_method_of_the_api_is_a_problem_too(workspace) -> None:
    key, shown = api_keys.make(workspace, "k")
    key.save()
    url = reverse("api-runs", args=[workspace.wsid])
    answer = Client().post(url, headers={"Authorization": f"Bearer {shown}"})
    assert answer.status_code == 405 and "GET" in answer["Allow"] and set(answer.json()) == SHARED


def test_a_head_at_a_webhook_asks_whether_it_is_there_and_starts_nothing(story) -> None:
    path = path_of(story.webhook_live)
    assert Client().head(path).status_code == 200
    assert Client().head(path[:-5] + "zzzzz").status_code == 404
    assert not Event.objects.exists()


def test_what_a_sender_is_answered_when_it_was_taken_stays_as_it_was(story) -> None:
    answer = Client().post(path_of(story.webhook_live), b"{}", content_type="application/json")
    assert answer.status_code == 202 and answer["Content-Type"] == "application/json"
    assert set(answer.json()) == {"request_id", "status"} or "request_id" in answer.json()
