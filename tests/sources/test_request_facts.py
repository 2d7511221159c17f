"""What a run knows of a request beside its body, and within it."""

import json
from typing import Any

import pytest
from django.test import Client

from apps.events.models import Event
from apps.runs.models import Run
from apps.sources.webhook.settings import Webhook
from tests.support.clock import Clock, drain
from tests.support.outside import fire, form, path_of


def test_chosen_headers_and_values_of_the_query_are_read(door, clock: Clock) -> None:
    names = [{"name": "kind", "path": "request.headers.x-github-event"}]
    url = door(headers=["X-GitHub-Event"], query=["campaign", "none"], names=names)
    Client().post(
        f"{path_of(url)}?campaign=diwali&token=s",
        b'{"a": 1}',
        content_type="application/json",
        headers={"X-GitHub-Event": "push", "Authorization": "Bearer hidden"},
    )
    drain(clock)
    body = Run.objects.get().event.body
    assert body["request"] == {"headers": {"x-github-event": "push"}, "query": {"campaign": "diwali", "none": ""}}
    assert (body["kind"], body["a"]) == ("push", 1) and "hidden" not in json.dumps(body)


def test_a_field_called_request_stays_the_senders(door) -> None:
    url = door(headers=["X-A"])
    fire(url, {"request": "theirs"}, **{"X-A": "ours"})
    assert Event.objects.get().body == {"request": "theirs"}


@pytest.mark.parametrize("name", ["Authorization", "cookie", "Proxy-Authorization"])
def test_a_header_that_holds_a_secret_cannot_be_read(name: str) -> None:
    with pytest.raises(ValueError, match="holds secrets"):
        Webhook(headers=[name])


@pytest.mark.parametrize(
    ("kind", "body", "fields", "path", "value"),
    [
        (
            "application/x-www-form-urlencoded",
            b"payload=%7B%22action%22%3A%22opened%22%7D",
            ["payload"],
            "payload",
            {"action": "opened"},
        ),
        ("text/plain", b'{"Message": "{\\"order\\": 7}"}', ["text"], "text", {"Message": '{"order": 7}'}),
        (
            "application/json",
            b'{"Message": "{\\"order\\": 7}", "n": 1}',
            ["Message", "n", "none"],
            "Message",
            {"order": 7},
        ),
    ],
)
def test_json_within_text_is_read(door, kind: str, body: bytes, fields: list, path: str, value: Any) -> None:
    url = door(json_fields=fields)
    assert Client().post(path_of(url), body, content_type=kind).status_code == 202
    assert Event.objects.get().body[path] == value


def test_a_field_that_should_hold_json_and_does_not_is_told(door) -> None:
    status, answer = fire(door(json_fields=["payload"]), {"payload": "{oops"})
    assert status == 400 and "payload holds no JSON: not JSON at line 1" in answer["error"]


def test_a_header_in_latin_letters_is_read_as_it_was_sent(door) -> None:
    url = door(headers=["X-Name"])
    Client().post(path_of(url), b"{}", content_type="application/json", HTTP_X_NAME="Jos\xe9")
    assert Event.objects.get().body["request"]["headers"] == {"x-name": "José"}


@pytest.mark.parametrize("query", ["&".join(f"a{n}=1" for n in range(2000)), "campaign=%ff", "&&=&="])
def test_a_query_that_cannot_be_read_is_refused_or_passed_over(door, query: str) -> None:
    url = door(query=["campaign"], challenge={"type": "query"})
    answer = Client().post(f"{path_of(url)}?{query}", b"{}", content_type="application/json")
    assert answer.status_code == (202 if query == "&&=&=" else 400)
    url = door(challenge={"type": "query"})
    assert Client().post(f"{path_of(url)}?{query}", b"{}", content_type="application/json").status_code == 202


def test_a_field_that_names_charsets_may_hold_anything(door) -> None:
    body, kind = form("x", charsets="[" * 50_000, a="1")
    assert Client().post(path_of(door()), body, content_type=kind).status_code == 202
