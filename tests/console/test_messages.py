"""The messages of a workspace: their list, one with its words and tries, and sending again."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.channels import sending_again
from apps.channels.models import CapturedMessage, Connection, Delivery
from apps.notifications.models import NotificationEvent
from apps.runs.models import Run
from apps.runs.upkeep.invariants import violations
from apps.workspaces.models import Workspace
from tests.support.clock import Clock, drain, finish
from tests.support.people import at_the_door
from tests.support.threads import at_once

ADDRESS = "asha@example.com"


@pytest.fixture
def told(story, workspace, clock: Clock) -> Run:
    """The example has run once: an e-mail and an SMS."""
    finish(story.webhook_live, clock)
    return Run.objects.get()


@pytest.fixture
def mail(told) -> Delivery:
    return Delivery.objects.get(channel="email")


@pytest.fixture
def failed(mail) -> Delivery:
    Delivery.objects.filter(pk=mail.pk).update(state="failed", reason="the server refused: mailbox full")
    CapturedMessage.objects.filter(delivery=mail).delete()
    return mail


@pytest.fixture
def client(owner) -> Client:
    return at_the_door(owner)


def shown(client: Client, workspace, **chosen: Any) -> str:
    return client.get(reverse("messages", args=[workspace.wsid]), chosen).content.decode()


def again(client: Client, workspace, rows: list[Delivery], sure: str = "yes") -> Any:
    return client.post(
        reverse("send-again", args=[workspace.wsid]), {"message": [row.pk for row in rows], "sure": sure}, follow=True
    )


def test_the_list_shows_who_got_which_words_and_what_became_of_them(client, workspace, failed) -> None:
    page = shown(client, workspace)
    assert ADDRESS in page and "Order A-1 confirmed" in page
    assert "not delivered" in page and "the server refused: mailbox full" in page and "+919800000001" in page


@pytest.mark.parametrize(
    ("chosen", "count"),
    [
        ({"q": ADDRESS.upper()}, 1),
        ({"q": "+91 98000 00001"}, 1),
        ({"q": "+919800000009"}, 0),
        ({"status": "failed"}, 1),
        ({"status": "look"}, 1),
        ({"status": "lost"}, 1),
        ({"status": "sent"}, 1),
        ({"channel": "email"}, 1),
        ({"channel": "push"}, 0),
        ({"workflow": "<the flow>"}, 2),
        ({"workflow": "no-such"}, 0),
        ({"event": "no-such"}, 0),
        ({"connection": "0"}, 0),
        ({"connection": "x"}, 0),
        ({"since": "2026-11-24T12:00"}, 2),
        ({"since": "2999-01-01T00:00"}, 0),
        ({"until": "2020-01-01T00:00"}, 0),
        ({"since": "yesterday", "until": "9999-99-99"}, 2),
    ],
)
def test_the_filters_find(client, workspace, failed, chosen, count: int) -> None:
    flow = Run.objects.get().workflow.slug
    chosen = {name: value.replace("<the flow>", flow) for name, value in chosen.items()}
    assert shown(client, workspace, **chosen).count('data-label="Words"') == count, chosen


def test_a_number_is_found_as_people_of_the_country_write_it(client, workspace, failed) -> None:
    assert shown(client, workspace, q="098000 00001").count('data-label="Words"') == 0
    Workspace.objects.update(country="IN")
    assert shown(client, workspace, q="098000 00001").count('data-label="Words"') == 1


def test_the_filters_by_event_and_connection_find(client, workspace, told) -> None:
    event = NotificationEvent.objects.get(name="order_confirmed")
    inbox = Connection.objects.of(workspace).first()
    assert shown(client, workspace, event=event.name).count('data-label="Words"') == 2
    assert shown(client, workspace, connection=inbox.pk).count('data-label="Words"') == 2


def test_a_message_shows_its_words_its_tries_and_why_it_was_sent(client, workspace, mail, told) -> None:
    page = client.get(reverse("message", args=[workspace.wsid, mail.pk])).content.decode()
    assert mail.content["subject"] in page and "kept in the test inbox" in page
    assert reverse("run", args=[workspace.wsid, told.pk]) in page
    run = client.get(reverse("run", args=[workspace.wsid, told.pk])).content.decode()
    assert mail.content["subject"] in run and reverse("message", args=[workspace.wsid, mail.pk]) in run


def test_what_would_go_is_shown_before_it_goes(client, workspace, failed) -> None:
    page = again(client, workspace, [failed], sure="").content.decode()
    assert "Send 1 message again?" in page and ADDRESS in page
    assert Delivery.objects.count() == 2


def test_sent_again_it_is_a_new_message_linked_to_the_first(client, workspace, failed, clock) -> None:
    page = again(client, workspace, [failed]).content.decode()
    assert "1 message is on the way again." in page
    drain(clock)
    new = Delivery.objects.get(again_of=failed.pk)
    assert (new.state, new.content, new.address, new.run_id) == ("sent", failed.content, ADDRESS, failed.run_id)
    assert new.asked_by == "owner@example.com" and new.effect_key != failed.effect_key
    assert CapturedMessage.objects.filter(delivery=new).count() == 1
    failed.refresh_from_db()
    assert failed.state == "failed"
    assert not list(violations(clock()))


def test_a_message_goes_again_once_however_often_the_button_is_pressed(client, workspace, failed) -> None:
    again(client, workspace, [failed])
    assert "1 was not sent again" in again(client, workspace, [failed]).content.decode()
    assert Delivery.objects.filter(again_of=failed.pk).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_people_at_the_same_moment_send_it_again_once(workspace, failed, clock) -> None:
    made = at_once(lambda: sending_again.send_again([failed], workspace, "ann", clock()))
    assert sum(len(one) for one in made) == 1 == Delivery.objects.filter(again_of=failed.pk).count()


def test_after_it_was_sent_again_it_needs_no_look(client, workspace, failed) -> None:
    home = reverse("workspace", args=[workspace.wsid])
    assert "1 message not delivered" in client.get(home).content.decode()
    again(client, workspace, [failed])
    assert "All good" in client.get(home).content.decode()
    assert shown(client, workspace, status="look").count('data-label="Words"') == 0


def test_what_is_tried_again_and_again_needs_a_look(client, workspace, mail, clock) -> None:
    due = clock() + timedelta(hours=1)
    Delivery.objects.filter(pk=mail.pk).update(state="ready", attempt=3, due_at=due, ended_at=None, reason="no answer")
    page = client.get(reverse("workspace", args=[workspace.wsid])).content.decode()
    assert "1 tried three times or more" in page and "no answer" in page
    assert "Try 4 at" in shown(client, workspace, status="look")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"state": "ready"}, "still on its way"),
        ({"state": "unknown"}, "Say first whether it arrived"),
        ({"connection": None}, "was deleted"),
        ({"content": {}}, "Its words are not there"),
        ({"address": ""}, "no address"),
        ({"environment": "test"}, "not on the test list"),
    ],
)
def test_what_cannot_be_sent_again_says_why(client, workspace, failed, changed, why: str) -> None:
    Workspace.objects.update(test_addresses="")
    Delivery.objects.filter(pk=failed.pk).update(**changed)
    page = again(client, workspace, [failed], sure="").content.decode()
    assert why in page and "sure" not in page
    again(client, workspace, [failed])
    assert Delivery.objects.count() == 2


def test_a_message_of_another_workspace_is_neither_seen_nor_sent(client, workspace, outsider, failed) -> None:
    Delivery.objects.filter(pk=failed.pk).update(workspace=outsider.memberships.get().workspace)
    assert ADDRESS not in shown(client, workspace)
    assert client.get(reverse("message", args=[workspace.wsid, failed.pk])).status_code == 404
    assert "No message is ticked" in again(client, workspace, [failed]).content.decode()
    assert Delivery.objects.filter(again_of=failed.pk).count() == 0


def test_what_may_have_arrived_is_decided_on_its_page(client, workspace, mail) -> None:
    Delivery.objects.filter(pk=mail.pk).update(state="unknown", reason="the connection broke")
    url = reverse("message", args=[workspace.wsid, mail.pk])
    assert "Did it arrive?" in client.get(url).content.decode()
    client.post(reverse("decide-message", args=[workspace.wsid, mail.pk]), {"verdict": "arrived"})
    mail.refresh_from_db()
    assert (mail.state, mail.reason) == ("sent", "owner@example.com said that it arrived")


def test_a_viewer_can_look_and_not_send(workspace, viewer, failed) -> None:
    client = at_the_door(viewer)
    page = shown(client, workspace)
    assert ADDRESS in page and "Send the ticked" not in page and 'type="checkbox"' not in page
    assert again(client, workspace, [failed]).status_code == 403


def test_the_menu_counts_what_waits_for_somebody(client, workspace, failed, told) -> None:
    Run.objects.filter(pk=told.pk).update(state="needs_attention", ended_at=None, due_at=None)
    page = shown(client, workspace)
    assert '1<span class="sr"> to look at' in page and '1<span class="sr"> to decide' in page


def test_each_number_of_the_day_leads_to_what_it_counts(client, workspace, failed) -> None:
    tiles = client.get(reverse("workspace", args=[workspace.wsid])).context["day_tiles"]
    for name, count, _, place in tiles:
        page = client.get(place).content.decode()
        label = "Words" if "/messages" in place else "Version"
        assert page.count(f'data-label="{label}"') == count, name
