"""What belongs to a person: profile, password, a new one by mail, and making a workspace."""

import re

import pytest
from django.core import mail
from django.test import Client

from apps.accounts.models import User
from apps.channels.models import CapturedMessage
from apps.notifications.models import NotificationEvent
from apps.workflows import example
from apps.workflows.models import Workflow
from apps.workspaces.models import Membership, Workspace
from tests.support.clock import drain
from tests.support.outside import PAYMENT, fire
from tests.support.people import at_the_door

PASSWORD = "a long password"


@pytest.fixture
def ann(db) -> User:
    return User.objects.create_user("ann@example.com", PASSWORD)


@pytest.fixture
def client(ann) -> Client:
    return at_the_door(ann)


def test_a_person_changes_name_number_and_zone(client, ann) -> None:
    data = {
        "what": "profile",
        "first_name": "Ann",
        "last_name": "Lee",
        "phone": "+91 98000-00001",
        "time_zone": "Asia/Tokyo",
    }
    assert "Saved." in client.post("/profile", data, follow=True).content.decode()
    ann.refresh_from_db()
    assert (ann.first_name, ann.phone, ann.time_zone) == ("Ann", "+919800000001", "Asia/Tokyo")


@pytest.mark.parametrize("phone", ["98000 00001", "+12", "+91 call me", "+९१९८०००००००१"])
def test_a_number_without_its_countrys_code_is_refused(client, phone: str) -> None:
    answer = client.post("/profile", {"what": "profile", "phone": phone, "time_zone": ""}).content.decode()
    assert "Write it with the country’s code" in answer


def test_times_are_read_in_the_persons_zone(client, ann, workspace) -> None:
    Membership.objects.create(workspace=workspace, user=ann, role="viewer")
    page = f"/w/{workspace.wsid}/"
    assert "Times are in UTC." in client.get(page).content.decode()
    User.objects.filter(pk=ann.pk).update(time_zone="Asia/Tokyo")
    assert "Times are in JST." in client.get(page).content.decode()


def test_a_new_password_ends_other_sessions_and_keeps_this_one(client, ann) -> None:
    other = Client()
    other.force_login(ann)
    data = {
        "what": "password",
        "old_password": PASSWORD,
        "new_password1": "another password",
        "new_password2": "another password",
    }
    assert "Your password is changed" in client.post("/profile", data, follow=True).content.decode()
    assert client.get("/profile").status_code == 200 and other.get("/profile").status_code == 302


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [("wrong", "another password", "was entered incorrectly"), (PASSWORD, "short", "too short")],
)
def test_a_password_is_not_changed_by_who_does_not_know_the_old_one_or_to_a_weak_one(
    client, ann, old, new, words
) -> None:
    data = {"what": "password", "old_password": old, "new_password1": new, "new_password2": new}
    assert words in client.post("/profile", data).content.decode()
    ann.refresh_from_db()
    assert ann.check_password(PASSWORD)


@pytest.fixture
def mailing(settings) -> None:
    settings.EMAIL_HOST, settings.PUBLIC_URL = "mail.example.com", "https://flow.example.com"


def test_a_lost_password_is_chosen_anew_by_a_link_that_works_once(mailing, ann) -> None:
    client = Client()
    assert "Look into your mail" in client.post("/new-password", {"email": ann.email}, follow=True).content.decode()
    link = re.search(r"https://flow\.example\.com(/new-password/\S+)", mail.outbox[0].body)[1]
    page = client.get(link, follow=True)
    new = {"new_password1": "another password", "new_password2": "another password"}
    assert client.post(page.request["PATH_INFO"], new).status_code == 302
    ann.refresh_from_db()
    assert ann.check_password("another password")
    assert "It was used already" in Client().get(link, follow=True).content.decode()


def test_a_stranger_learns_nothing_and_a_person_gets_one_mail_in_five_minutes(mailing, ann) -> None:
    pages = [
        Client().post("/new-password", {"email": to}, follow=True).content for to in (ann.email, "nobody@example.com")
    ]
    assert pages[0] == pages[1]
    Client().post("/new-password", {"email": ann.email})
    assert len(mail.outbox) == 1


def test_without_mail_the_page_says_whom_to_ask(db) -> None:
    page = Client().get("/new-password").content.decode()
    assert "This installation sends no mail" in page and 'name="email"' not in page


NEW = {"name": "My shop", "time_zone": "Asia/Kolkata", "start": "empty"}


def test_only_superusers_make_workspaces_unless_the_installation_says_otherwise(client, ann, settings) -> None:
    assert client.post("/workspaces/new", NEW).status_code == 403
    assert "New workspace" not in client.get("/").content.decode()
    settings.ANYBODY_MAKES_WORKSPACES = True
    assert "New workspace" in client.get("/").content.decode()
    assert client.post("/workspaces/new", NEW).status_code == 302
    made = Workspace.objects.get(name="My shop")
    assert Membership.objects.get(workspace=made).user == ann and Membership.objects.get(workspace=made).role == "owner"
    assert made.may_test("ann@example.com") and not Workflow.objects.of(made).exists()


def test_with_the_example_a_new_workspace_says_its_first_message(
    client, ann, settings, outside, clock, monkeypatch
) -> None:
    settings.ANYBODY_MAKES_WORKSPACES = True
    monkeypatch.setenv("SHOP_URL", outside.url)
    User.objects.filter(pk=ann.pk).update(phone="+919800000001")
    client.post("/workspaces/new", {**NEW, "start": "example"})
    flow = Workflow.objects.get()
    assert NotificationEvent.objects.of(flow.workspace).exists() and flow.live is None
    fire(example.url_of(flow, "test"), {**PAYMENT, "email": ann.email})
    drain(clock)
    assert CapturedMessage.objects.of(flow.workspace).filter(address="+919800000001").exists()


def test_one_person_makes_no_more_than_twenty(client, ann, settings) -> None:
    settings.ANYBODY_MAKES_WORKSPACES = True
    for number in range(20):
        Membership.objects.create(workspace=Workspace.objects.create(name=str(number)), user=ann, role="owner")
    assert "You own 20 workspaces already" in client.post("/workspaces/new", NEW).content.decode()
