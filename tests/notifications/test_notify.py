"""What is said to whom: one channel's trouble stays its own."""

import pytest
from django.core.exceptions import ValidationError

from apps.channels.models import CapturedMessage, Connection, Delivery
from apps.notifications.models import Content, EventConnection, NotificationEvent, Template
from apps.workspaces.models import Workspace
from tests.support.clock import Clock, finish
from tests.support.outside import PAYMENT


def thanked(story, clock: Clock, **customer: object):
    body = {**PAYMENT, "status": "success", **customer}
    return finish(story.webhook_live, clock, body)


@pytest.mark.parametrize("phone", ["", None])
def test_a_channel_without_an_address_is_skipped_and_the_others_are_sent(story, clock: Clock, phone: object) -> None:
    told = thanked(story, clock, phone=phone)
    assert {(d.channel, d.status) for d in told.deliveries} == {("email", "sent"), ("sms", "skipped")}
    assert "no sms address" in Delivery.objects.get(channel="sms").reason
    assert "sms skipped (there is no sms address" in told.steps[1].why and told.steps[1].outlet == "next"


def test_a_channel_whose_address_is_missing_is_skipped_and_says_which_value(story, clock: Clock) -> None:
    body = {name: value for name, value in PAYMENT.items() if name != "phone"} | {"status": "success"}
    told = finish(story.webhook_live, clock, body)
    assert {(d.channel, d.status) for d in told.deliveries} == {("email", "sent"), ("sms", "skipped")}
    assert "phone" in Delivery.objects.get(channel="sms").reason


def test_a_send_without_any_address_takes_the_failure_outlet(story, clock: Clock) -> None:
    told = thanked(story, clock, email="", phone="")
    assert [s.outlet for s in told.steps][:2] == ["success", "failure"]
    assert told.deliveries == () and "no email address" in told.steps[1].why and "no sms address" in told.steps[1].why


@pytest.mark.parametrize(("missing", "subject"), [("empty", "Dear ,"), ("default", "Dear friend,"), ("error", None)])
def test_a_content_says_what_a_missing_value_gives(story, clock: Clock, missing: str, subject: str | None) -> None:
    words = {"subject": "Dear {{ nobody }},", "missing": missing, "default": "friend"}
    Content.objects.filter(channel="email", template__name="Payment received").update(**words)
    told = thanked(story, clock)
    kept = CapturedMessage.objects.filter(channel="email").first()
    assert (kept.subject if kept else None) == subject
    assert {(d.channel, d.status) for d in told.deliveries} == {
        ("email", "sent" if subject else "skipped"),
        ("sms", "sent"),
    }


def test_html_sees_the_values_themselves_and_escapes_what_comes_out(story, clock: Clock) -> None:
    html = "<p>{% if amount > 1000 %}{{ name }}{% endif %}{% if vip %}VIP{% endif %}</p>"
    Content.objects.filter(channel="email", template__name="Payment received").update(html=html)
    body = {**PAYMENT, "status": "success", "vip": False, "name": "<Asha>"}
    finish(story.webhook_live, clock, body)
    assert Delivery.objects.get(channel="email").content["html"] == "<p>&lt;Asha&gt;</p>"


@pytest.fixture
def elsewhere(db: None) -> Workspace:
    return Workspace.objects.create(name="Elsewhere")


def test_a_template_of_another_workspace_is_never_used(story, elsewhere, clock: Clock) -> None:
    foreign = Template.objects.create(workspace=elsewhere, name="Theirs")
    Content.objects.create(template=foreign, channel="sms", text="their words")
    NotificationEvent.objects.filter(name="payment_received").update(template=foreign)
    told = thanked(story, clock)
    assert told.steps[1].outlet == "failure" and "another workspace" in told.steps[1].why
    assert told.deliveries == ()


def test_a_connection_of_another_workspace_carries_nothing(story, elsewhere, clock: Clock) -> None:
    foreign = Connection.objects.create(workspace=elsewhere, name="Theirs", kind="capture")
    EventConnection.objects.filter(event__name="payment_received", channel="sms").update(connection=foreign)
    told = thanked(story, clock)
    assert {(d.channel, d.status) for d in told.deliveries} == {("email", "sent"), ("sms", "skipped")}
    assert "another workspace" in Delivery.objects.get(channel="sms").reason


def test_a_broken_text_is_refused_where_it_is_written(db: None) -> None:
    with pytest.raises(ValidationError, match="Mend the text"):
        Content(channel="sms", text="Hi {{ name").clean()
