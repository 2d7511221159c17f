"""Settings of a workspace, by an owner who is no staff: itself, members, connections, secrets, keys."""

import json
import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.channels.models import Connection
from apps.workspaces.models import ApiKey, Invite, Membership, Secret
from tests.support.people import at_the_door


@pytest.fixture
def boss(workspace) -> User:
    user = User.objects.create_user("boss@example.com", "a long password")
    Membership.objects.create(workspace=workspace, user=user, role="owner")
    return user


@pytest.fixture
def client(boss) -> Client:
    return at_the_door(boss)


@pytest.fixture
def ask(client, workspace):
    """Open a page of the settings by its name, or send its form; the page it leads to, as text."""

    def asked(name: str, *given: object, data: dict[str, Any] | None = None) -> str:
        url = reverse(name, args=[workspace.wsid, *given])
        answer = client.get(url) if data is None else client.post(url, data, follow=True)
        assert answer.status_code == 200
        return answer.content.decode()

    return asked


# Workspace


def test_an_owner_names_it_sets_its_zone_and_test_list_and_adds_themselves(ask, workspace, boss) -> None:
    User.objects.filter(pk=boss.pk).update(phone="+919800000009")
    data = {"name": "Shop", "time_zone": "Asia/Kolkata", "test_addresses": "asha@example.com"}
    assert "Add boss@example.com and +919800000009 to the test list" in ask("settings", data=data)
    assert "may get test messages now" in ask("add-mine", data={})
    workspace.refresh_from_db()
    assert (workspace.name, workspace.time_zone) == ("Shop", "Asia/Kolkata")
    assert workspace.test_addresses.splitlines() == ["asha@example.com", "boss@example.com", "+919800000009"]


@pytest.mark.parametrize(
    ("line", "address", "may"),
    [
        ("98000 00001", "+919800000001", True),
        ("+91 (98000) 00-001", "+919800000001", True),
        ("+919800000001", "09800000001", True),
        ("98000 00001", "+4998000 00001", False),
        ("asha98000000@example.com", "98000000", False),
        ("", "", False),
    ],
)
def test_a_number_on_the_test_list_is_the_same_however_it_is_written(ask, workspace, line, address, may: bool) -> None:
    ask("settings", data={"name": "Shop", "time_zone": "UTC", "country": "in", "test_addresses": line})
    workspace.refresh_from_db()
    assert workspace.country == "IN" and workspace.may_test(address) is may


def test_a_country_that_is_none_is_refused_and_without_one_a_number_needs_its_code(ask, workspace) -> None:
    page = ask("settings", data={"name": "Shop", "time_zone": "UTC", "country": "XX", "test_addresses": ""})
    assert "Write the two letters of a country" in page
    workspace.test_addresses = "98000 00001"
    assert not workspace.may_test("+919800000001")


def test_a_zone_that_is_none_is_refused_and_what_was_typed_stays(ask, workspace) -> None:
    page = ask("settings", data={"name": "Kept", "time_zone": "Mars/Base", "test_addresses": ""})
    assert "Not saved." in page and 'value="Kept"' in page
    workspace.refresh_from_db()
    assert workspace.time_zone == "UTC"


# Members


@pytest.fixture
def mailing(settings) -> None:
    settings.EMAIL_HOST = "mail.example.com"


def link_in(text: str) -> str:
    return re.search(r"/join/[\w-]+", text)[0]


def invited(ask, role: str = "editor", email: str = "New@Example.com") -> str:
    """The link of an invite where no mail goes."""
    return link_in(ask("members", data={"email": email, "role": role}))


def test_an_invite_goes_by_mail_where_the_installation_sends_mail(ask, mailing) -> None:
    page = ask("members", data={"email": "new@example.com", "role": "viewer"})
    assert "new@example.com gets a mail" in page and "/join/" not in page
    assert mail.outbox[0].to == ["new@example.com"] and link_in(mail.outbox[0].body)
    assert "boss@example.com" in mail.outbox[0].subject


def test_a_mail_that_is_not_taken_leaves_a_link_to_hand_on(ask, settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    page = ask("members", data={"email": "new@example.com", "role": "viewer"})
    assert "The mail could not be sent" in page and link_in(page)


def test_a_new_person_joins_by_the_link_as_what_was_meant(ask, workspace) -> None:
    link, stranger = invited(ask, "editor"), Client()
    assert "invites new@example.com as editor" in stranger.get(link).content.decode()
    assert "too short" in stranger.post(link, {"password": "short"}).content.decode()
    assert stranger.post(link, {"password": "a long password", "role": "owner"}).status_code == 302
    member = Membership.objects.of(workspace).get(user__email="new@example.com")
    assert member.role == "editor" and not member.user.is_staff and not member.user.is_superuser
    assert stranger.get(reverse("workspace", args=[workspace.wsid])).status_code == 200


def test_an_invite_works_once(ask) -> None:
    link = invited(ask)
    Client().post(link, {"password": "a long password"})
    again = Client().post(link, {"password": "another password"})
    assert again.status_code == 410 and "Ask for a new one" in again.content.decode()
    assert User.objects.get(email="new@example.com").check_password("a long password")


def test_an_invite_ends_after_seven_days(ask) -> None:
    link = invited(ask)
    Invite.objects.update(expires_at=Invite.objects.get().created_at)
    assert Client().get(link).status_code == 410


def test_a_withdrawn_invite_works_no_more(ask) -> None:
    link = invited(ask)
    assert "is withdrawn" in ask("withdraw-invite", Invite.objects.get().pk, data={})
    assert Client().get(link).status_code == 410


def test_a_second_invite_of_the_same_person_ends_the_first(ask) -> None:
    first, second = invited(ask, "owner"), invited(ask, "viewer")
    assert (Client().get(first).status_code, Client().get(second).status_code) == (410, 200)


@pytest.mark.parametrize("change", [{"role": "editor"}, {"role": "remove"}])
def test_an_invite_ends_with_the_power_of_its_maker(ask, owner, boss, workspace, change) -> None:
    link = invited(ask)
    row = Membership.objects.of(workspace).get(user=boss)
    at_the_door(owner).post(reverse("change-member", args=[workspace.wsid, row.pk]), change)
    assert Client().get(link).status_code == 410


def test_an_invite_is_for_one_address_only(ask, outsider, workspace) -> None:
    link = invited(ask)
    other = at_the_door(outsider)
    assert "Sign out, then open the link again" in other.get(link).content.decode()
    assert other.post(link).status_code == 410
    assert not Membership.objects.of(workspace).filter(user=outsider).exists()
    assert Client().get(link).status_code == 200


def test_who_has_an_account_signs_in_and_keeps_their_password(ask, outsider, workspace) -> None:
    link = invited(ask, "viewer", outsider.email)
    anonymous = Client()
    assert "You have an account already" in anonymous.get(link).content.decode()
    assert "You have an account already" in anonymous.post(link, {"password": "a stolen account"}).content.decode()
    outsider.refresh_from_db()
    assert outsider.check_password("a long password")
    assert at_the_door(outsider).post(link).status_code == 302
    assert Membership.objects.of(workspace).get(user=outsider).role == "viewer"


def test_a_member_is_not_invited_and_an_invite_makes_no_member_more(ask, boss, viewer, workspace) -> None:
    assert "is a member already" in ask("members", data={"email": viewer.email, "role": "owner"})
    link = invited(ask, "owner", "late@example.com")
    late = User.objects.create_user("late@example.com", "a long password")
    Membership.objects.create(workspace=workspace, user=late, role="viewer")
    at_the_door(late).post(link)
    assert Membership.objects.of(workspace).get(user=late).role == "viewer"


def test_the_link_is_kept_as_a_hash_only(ask) -> None:
    secret = invited(ask).removeprefix("/join/")
    assert secret not in json.dumps(list(Invite.objects.values()), default=str)


def test_an_owner_changes_roles_and_removes_people(ask, viewer, workspace) -> None:
    row = Membership.objects.of(workspace).get(user=viewer)
    assert "is editor now" in ask("change-member", row.pk, data={"role": "editor"})
    assert "is no member any more" in ask("change-member", row.pk, data={"role": "remove"})
    assert not Membership.objects.of(workspace).filter(user=viewer).exists()
    assert User.objects.filter(pk=viewer.pk).exists()


@pytest.mark.parametrize("wanted", ["editor", "remove"])
def test_the_last_owner_stays(ask, owner, boss, workspace, wanted: str) -> None:
    mine = Membership.objects.of(workspace).get(user=boss)
    Membership.objects.of(workspace).filter(user=owner).delete()
    assert "is the only owner" in ask("change-member", mine.pk, data={"role": wanted})
    mine.refresh_from_db()
    assert mine.role == "owner"


def test_a_member_of_another_workspace_is_not_reached(client, outsider, workspace) -> None:
    theirs = Membership.objects.get(user=outsider)
    url = reverse("change-member", args=[workspace.wsid, theirs.pk])
    assert client.post(url, {"role": "remove"}).status_code == 404
    assert Membership.objects.filter(pk=theirs.pk).exists()


# Connections

SMTP = {"name": "Mail", "set-host": "mail.example.com", "set-port": "587", "set-security": "starttls"}
SMTP |= {"set-sender": "shop@example.com", "set-username": "shop", "set-password": "s3cret-word", "rate_period": "1"}


@pytest.fixture
def smtp(ask) -> Connection:
    ask("new-connection", "smtp", data=SMTP)
    return Connection.objects.get(name="Mail")


def test_a_connection_is_a_form_of_what_its_provider_wants(ask, smtp) -> None:
    assert smtp.settings == {
        "host": "mail.example.com",
        "port": 587,
        "security": "starttls",
        "username": "shop",
        "sender": "shop@example.com",
    }
    assert smtp.provider().password.get_secret_value() == "s3cret-word"
    page = ask("connection", smtp.pk)
    assert "s3cret-word" not in page and "Stored. Empty keeps it." in page and "mail.example.com" in page


def test_a_gateway_takes_headers_a_body_and_lists(ask) -> None:
    given = {"name": "Gateway", "rate_period": "1", "set-url": "https://api.example.com/send", "set-method": "POST"}
    given |= {"set-headers": "Authorization: Bearer {{ token }}\nX-Tenant: 7", "set-body": '{"to": "{{ address }}"}'}
    given |= {"set-token": "t0ken", "set-accepted": "200\n202", "set-not_accepted": "429", "set-encoding": "json"}
    ask("new-connection", "http_gateway", data={**given, "set-timeout_s": "10", "rate": "5"})
    made = Connection.objects.get(name="Gateway").provider()
    assert made.headers == {"Authorization": "Bearer {{ token }}", "X-Tenant": "7"} and made.body == {
        "to": "{{ address }}"
    }
    assert (made.accepted, made.not_accepted, made.timeout_s) == ((200, 202), (429,), 10.0)
    assert Connection.objects.get(name="Gateway").rate == 5


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"set-host": ""}, "This field is required"),
        ({"set-port": "70000"}, "less than or equal to 65535"),
        ({"set-port": "x"}, "Enter a whole number"),
        ({"name": ""}, "This field is required"),
        ({"rate": "0"}, "greater than or equal to 1"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_is_saved(ask, changed, words: str) -> None:
    page = ask("new-connection", "smtp", data={**SMTP, **changed})
    assert "Not saved." in page and words in page and "s3cret-word" not in page
    assert not Connection.objects.filter(kind="smtp").exists()


def test_a_name_that_is_there_already_is_refused(ask, smtp) -> None:
    assert "There is a “Mail” already" in ask("new-connection", "smtp", data=SMTP)


def test_an_empty_password_keeps_the_stored_one_unless_it_would_go_elsewhere(ask, smtp) -> None:
    ask("connection", smtp.pk, data={**SMTP, "set-password": "", "set-sender": "new@example.com"})
    smtp.refresh_from_db()
    assert smtp.settings["sender"] == "new@example.com"
    assert smtp.provider().password.get_secret_value() == "s3cret-word"
    page = ask("connection", smtp.pk, data={**SMTP, "set-password": "", "set-host": "evil.example.com"})
    assert "Type it again" in page
    smtp.refresh_from_db()
    assert smtp.settings["host"] == "mail.example.com"


def test_it_is_paused_resumed_and_deleted_unless_an_event_needs_it(ask, smtp, story, workspace) -> None:
    assert "its messages wait" in ask("change-connection", smtp.pk, data={"verb": "pause"})
    assert Connection.objects.get(pk=smtp.pk).paused
    ask("change-connection", smtp.pk, data={"verb": "resume"})
    assert "“Mail” is deleted" in ask("change-connection", smtp.pk, data={"verb": "delete"})
    inbox = Connection.objects.of(workspace).get(kind="capture")
    assert "Not deleted: it is used by" in ask("change-connection", inbox.pk, data={"verb": "delete"})


def test_a_test_is_sent_and_its_outcome_told(ask, workspace, outside) -> None:
    given = {"name": "Gateway", "rate_period": "1", "set-url": f"{outside.url}/send", "set-method": "POST"}
    given |= {
        "set-body": '{"to": "{{ address }}", "text": "{{ text }}"}',
        "set-accepted": "200",
        "set-not_accepted": "429",
    }
    ask("new-connection", "http_gateway", data={**given, "set-encoding": "json", "set-timeout_s": "10"})
    gateway, to = Connection.objects.get(name="Gateway"), {"channel": "sms", "address": "+919800000001"}
    outside.answer("/send", (200, {}))
    assert "It works: " in ask("try-connection", gateway.pk, data=to)
    assert json.loads(outside.got[-1]["body"])["to"] == "+919800000001"
    outside.answer("/send", (400, {"error": "no such number"}))
    assert "It was not sent: " in ask("try-connection", gateway.pk, data=to)


def test_an_address_that_cannot_be_sent_to_says_why(ask, smtp) -> None:
    assert "no e-mail address" in ask("try-connection", smtp.pk, data={"channel": "email", "address": "nobody"}).lower()


# Secrets and keys


def test_a_secret_is_made_used_kept_and_deleted(ask, workspace) -> None:
    ask("new-secret", data={"name": "SHOP", "value": "v4lue", "hosts": "api.example.com"})
    row = Secret.objects.of(workspace).get(name="SHOP")
    assert row.plain() == "v4lue" and "v4lue" not in ask("secret", row.pk)
    assert "Type the value again" in ask("secret", row.pk, data={"name": "SHOP", "value": "", "hosts": "b.example.com"})
    assert "There is a “SHOP” already" in ask("new-secret", data={"name": "SHOP", "value": "x", "hosts": ""})
    assert "A new secret needs a value" in ask("new-secret", data={"name": "OTHER", "value": "", "hosts": ""})
    assert "“SHOP” is deleted" in ask("delete-secret", row.pk, data={})


def test_a_key_is_shown_once_and_works_until_it_is_deleted(ask, workspace) -> None:
    page = ask("api-keys", data={"name": "shop backend"})
    shown = re.search(r"fyno_[a-z0-9]{12}_[\w-]{43}", page)[0]
    assert f"Bearer {shown}" in page and shown not in ask("api-keys")
    url, headers = reverse("api-runs", args=[workspace.wsid]), {"Authorization": f"Bearer {shown}"}
    assert Client().get(url, headers=headers).status_code == 200
    assert "There is a “shop backend” already" in ask("api-keys", data={"name": "shop backend"})
    ask("delete-key", ApiKey.objects.get().pk, data={})
    assert Client().get(url, headers=headers).status_code == 401


def test_rows_of_another_workspace_are_not_there(client, outsider, workspace) -> None:
    other = outsider.memberships.get().workspace
    secret = Secret.objects.create(workspace=other, name="THEIRS")
    connection = Connection.objects.create(workspace=other, name="Theirs", kind="capture")
    for name, row in (
        ("secret", secret),
        ("delete-secret", secret),
        ("connection", connection),
        ("change-connection", connection),
    ):
        url = reverse(name, args=[workspace.wsid, row.pk])
        assert client.post(url, {"verb": "delete"}).status_code == 404
    assert Secret.objects.filter(pk=secret.pk).exists() and Connection.objects.filter(pk=connection.pk).exists()


def test_a_superuser_elsewhere_is_no_member_here(workspace) -> None:
    root = User.objects.create_superuser("root@example.com", "a long password")
    assert at_the_door(root).get(reverse("settings", args=[workspace.wsid])).status_code == 404
