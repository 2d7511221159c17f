"""Company ABC's payments, over real HTTP."""

import json

import pytest

from apps.channels.models import CapturedMessage
from tests.support.clock import Clock, finish
from tests.support.outside import PAYMENT, Outside


def test_a_power_user_gets_cash_on_delivery(story, outside: Outside, clock: Clock) -> None:
    told = finish(story.webhook_live, clock)
    assert told.status == "completed"
    assert [s.node for s in told.steps] == ["status", "customers", "power", "cod", "confirmed"]
    assert [(g["method"], g["path"]) for g in outside.got] == [
        ("GET", "/customers?customer_id=c-42"),
        ("PUT", "/orders/c-42"),
    ]
    assert json.loads(outside.got[1]["body"]) == {"order_id": "A-1", "payment": "cod", "amount": 1499.5}
    assert {(d.channel, d.status) for d in told.deliveries} == {("email", "sent"), ("sms", "sent")}
    assert CapturedMessage.objects.get(channel="email").subject == "Order A-1 confirmed"


def test_others_get_a_payment_link(story, outside: Outside, clock: Clock) -> None:
    outside.answer("/customers", (200, {"type": "regular"}))
    told = finish(story.webhook_live, clock)
    assert [s.node for s in told.steps] == ["status", "customers", "power", "payment_link"]
    assert CapturedMessage.objects.get().text.endswith("https://pay.example.com/A-1")


def test_a_good_payment_is_thanked_for(story, outside: Outside, clock: Clock) -> None:
    told = finish(story.webhook_live, clock, {**PAYMENT, "status": "success"})
    assert [s.node for s in told.steps] == ["status", "received"]
    assert outside.got == []


def test_the_journal_says_why(story, clock: Clock) -> None:
    told = finish(story.webhook_live, clock)
    assert 'failed: status "failed" = "failed" → yes' in told.steps[0].why


def test_a_dead_shop_ends_in_a_failed_run_that_says_so(story, outside: Outside, clock: Clock) -> None:
    outside.answer("/customers", (500, {}))
    told = finish(story.webhook_live, clock)
    assert (told.status, [s.outcome for s in told.steps]) == ("failed", ["done", "retry", "retry", "failed", "done"])
    assert len({g["headers"]["idempotency-key"] for g in outside.got}) == 1
    assert told.deliveries == ()


@pytest.mark.parametrize(("address", "status"), [("asha@example.com", "sent"), ("x@example.com", "skipped")])
def test_test_messages_go_only_to_the_test_list(story, clock: Clock, address: str, status: str) -> None:
    body = {**PAYMENT, "email": address}
    told = finish(story.webhook_test, clock, body)
    assert next(d.status for d in told.deliveries if d.channel == "email") == status
