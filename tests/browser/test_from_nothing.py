"""An owner who is no staff comes from nothing to a message over SMTP, and never sees the admin."""

import json
import re

import pytest

from apps.accounts.models import User
from apps.workflows import example
from apps.workflows.models import Workflow
from apps.workspaces.models import Membership
from tests.support.browser import BROWSER, grave, shot
from tests.support.canvas import Hand, field
from tests.support.clock import drain
from tests.support.outside import fire

pytestmark = BROWSER
ORDER = {"order_id": "A-1", "email": "asha@example.com", "name": "Asha"}


@pytest.fixture
def boss(db) -> User:
    return User.objects.create_user("boss@example.com", "a long password")


def button(page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def link(page, name: str):
    return page.get_by_role("link", name=name, exact=True)


def sign_in(hand: Hand, live_server, email: str) -> None:
    hand.page.goto(f"{live_server.url}/sign-in")
    hand.type(hand.page.get_by_label("E-mail", exact=True), email)
    hand.type(hand.page.get_by_label("Password"), "a long password")
    hand.click(button(hand.page, "Sign in"))


def make_workspace(hand: Hand) -> None:
    page = hand.page
    hand.click(link(page, "New workspace"))
    hand.type(page.get_by_label("Name"), "Corner shop")
    hand.click(page.get_by_label("Empty"))
    hand.click(button(page, "Make it"))


def connect(hand: Hand, port: int) -> None:
    page = hand.page
    hand.click(link(page, "Settings"))
    hand.click(link(page, "Connections"))
    hand.click(link(page, "SMTP"))
    hand.type(page.get_by_label("Name", exact=True), "Mail")
    hand.type(page.get_by_label("Server"), "127.0.0.1")
    hand.type(page.get_by_label("Port"), str(port))
    hand.choose(page.get_by_label("Encryption"), "none")
    hand.type(page.get_by_label("Sender"), "shop@example.com")
    hand.click(button(page, "Save"))
    hand.type(page.get_by_label("To"), "boss@example.com")
    hand.click(button(page, "Send a test"))
    page.get_by_text("It works").wait_for()


def write_words(hand: Hand) -> None:
    page = hand.page
    hand.click(link(page, "Templates"))
    hand.click(link(page, "New template"))
    hand.type(page.get_by_label("Name", exact=True), "Order")
    hand.click(page.get_by_role("checkbox", name="E-mail"))
    hand.type(page.locator('[name="email.subject"]'), "Your order {{ order_id }}")
    hand.type(page.locator('[name="email.text"]'), "Thank you, {{ name }}.")
    hand.click(button(page, "Save"))
    hand.click(link(page, "Events"))
    hand.click(link(page, "New event"))
    hand.type(page.get_by_label("Name"), "order_confirmed")
    hand.choose(page.get_by_label("Template"), "Order")
    hand.choose(page.locator('[name="email.connection"]'), "Mail (SMTP)")
    hand.click(button(page, "Save"))


def draw_it(hand: Hand) -> None:
    page = hand.page
    hand.click(link(page, "Workflows"))
    hand.type(page.get_by_label("New workflow"), "Orders")
    hand.click(button(page, "Create"))
    page.locator(".react-flow__node").first.wait_for()
    hand.write("Sample", json.dumps(ORDER))
    hand.add("send")
    hand.choose(field(page, "event"), "order_confirmed")
    page.get_by_text("Ready to go live").wait_for()
    hand.click(button(page, "Go live"))
    hand.click(page.get_by_role("dialog").get_by_role("button", name="Go live").last)
    page.get_by_text("is live.").first.wait_for()


def test_from_nothing_to_a_message_in_45_actions(quiet_page, live_server, boss, settings, mail, clock) -> None:
    settings.ANYBODY_MAKES_WORKSPACES = True
    sink, controller = mail
    visited: list[str] = []
    quiet_page.on("framenavigated", lambda frame: visited.append(frame.url))
    hand = Hand(quiet_page)
    sign_in(hand, live_server, boss.email)
    make_workspace(hand)
    connect(hand, controller.port)
    write_words(hand)
    draw_it(hand)
    flow = Workflow.objects.get()
    fire(example.url_of(flow, "live"), ORDER)
    drain(clock)
    assert "Subject: Your order A-1" in sink.got[-1].content.decode() and sink.got[-1].rcpt_tos == ["asha@example.com"]
    hand.click(quiet_page.locator(f'a[href$="/workflows/{flow.slug}"]').first)
    hand.click(link(quiet_page, "Messages"))
    quiet_page.get_by_text("Your order A-1").wait_for()
    print("actions from nothing to a message:", hand.actions)
    assert hand.actions <= 45
    assert not [url for url in visited if "/admin" in url] and not boss.is_staff


def test_an_invited_person_joins_and_looks_around(quiet_page, live_server, workspace, owner, boss) -> None:
    page = quiet_page
    Membership.objects.create(workspace=workspace, user=boss, role="owner")
    hand = Hand(page)
    sign_in(hand, live_server, boss.email)
    hand.click(link(page, workspace.name))
    hand.click(link(page, "Settings"))
    hand.click(link(page, "Members"))
    page.get_by_role("textbox", name="E-mail", exact=True).fill("new@example.com")
    hand.click(button(page, "Invite"))
    shot(page, "invited-1440")
    address = page.locator("pre.copy").inner_text()
    hand.click(button(page, "Sign out"))
    page.get_by_label("Password").wait_for()
    page.goto(live_server.url + re.search(r"/join/.*", address)[0])
    shot(page, "join-1440")
    assert not grave(page)
    page.get_by_label("Password").fill("a long password")
    button(page, "Make my account and join").click()
    page.get_by_role("heading", name=workspace.name).wait_for()
    assert Membership.objects.get(user__email="new@example.com").role == "editor"


def test_a_template_that_was_sent_after_the_session_had_ended_is_back(
    quiet_page, live_server, story, workspace, owner
) -> None:
    page = quiet_page
    owner.set_password("a long password")
    owner.save()
    sign_in(Hand(page), live_server, owner.email)
    page.get_by_role("heading", name="Your workspaces").wait_for()
    page.goto(f"{live_server.url}/w/{workspace.wsid}/templates/new")
    page.get_by_label("Name", exact=True).fill("Kept")
    page.get_by_role("checkbox", name="SMS").check()
    page.locator('[name="sms.text"]').fill("Words that took an hour")
    page.context.clear_cookies(name="sessionid")
    button(page, "Save").click()
    page.get_by_text("You were signed out before that").wait_for()
    page.get_by_label("E-mail").fill(owner.email)
    page.get_by_label("Password").fill("a long password")
    button(page, "Sign in").click()
    page.get_by_text("What you typed is back").wait_for()
    assert page.locator('[name="sms.text"]').input_value() == "Words that took an hour"
    button(page, "Save").click()
    page.get_by_text("“Kept” is saved.").wait_for()
    page.goto(f"{live_server.url}/w/{workspace.wsid}/templates/new")
    assert page.get_by_label("Name", exact=True).input_value() == ""
