"""From the shell."""

import json

import pytest
from django.core.management import CommandError

from apps.accounts.models import User
from apps.workflows.models import Version
from tests.support.clock import Clock, finish
from tests.support.system import said


def test_the_example_loads_twice_alike(db) -> None:
    first = json.loads(said("load_example", "--json"))
    assert json.loads(said("load_example", "--json")) == first
    assert set(first) == {"webhook_live", "webhook_test", "workspace", "owner_email", "test_inbox_url"}
    assert (User.objects.count(), Version.objects.count()) == (1, 1)


def test_the_first_password_is_said_once(db) -> None:
    assert "shown once" in said("load_example")
    assert "shown at first start" in said("load_example")


def test_a_run_is_told_in_words_and_in_json(story, clock: Clock) -> None:
    told = finish(story.webhook_live, clock)
    assert "customers: done → success" in said("show_run", told.request_id)
    shown = json.loads(said("show_run", told.request_id, "--json"))
    assert (shown["status"], shown["version"], len(shown["steps"])) == ("completed", "v1", 5)
    assert set(shown["deliveries"][0]) >= {"channel", "address", "status", "attempts"}


@pytest.mark.parametrize("wanted", ["nonsense", "01a20f53-df52-7d7e-916a-cfce2b27e40e"])
def test_an_unknown_request_is_said_so(db, wanted: str) -> None:
    with pytest.raises(CommandError, match="There is no request"):
        said("show_run", wanted)


def test_several_requests_are_told_a_line_each(story, clock: Clock) -> None:
    ids = [finish(story.webhook_live, clock).request_id for _ in range(2)]
    assert [json.loads(line)["request_id"] for line in said("show_run", "--json", *ids).splitlines()] == ids


def test_the_example_sends_through_a_gateway_when_asked(story, outside, clock: Clock) -> None:
    said("load_example", "--gateway-url", f"{outside.url}/messages")
    outside.answer("/messages", (200, {"message_id": "m-1"}))
    finish(story.webhook_live, clock)
    got = [json.loads(g["body"]) for g in outside.got if g["path"] == "/messages"]
    assert {(g["channel"], g["address"]) for g in got} == {("email", "asha@example.com"), ("sms", "+919800000001")}
