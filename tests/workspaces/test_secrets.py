"""A secret goes where it must and stands nowhere else."""

import base64

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from apps.common.crypto import Undecryptable
from apps.runs.models import Run
from apps.workspaces.models import Secret, Workspace
from tests.support import draw
from tests.support.clock import Clock, finish
from tests.support.outside import Outside

CANARY = "c4nary-s3cret"


@pytest.fixture
def secret(workspace) -> Secret:
    row = Secret(workspace=workspace, name="SHOP", hosts="127.0.0.1")
    row.put(CANARY)
    row.save()
    return row


@pytest.mark.parametrize(
    ("auth", "header", "value"),
    [
        ({"type": "bearer", "secret": {"secret": "SHOP"}}, "authorization", f"Bearer {CANARY}"),
        ({"type": "header", "header": "X-Key", "secret": {"secret": "SHOP"}}, "x-key", CANARY),
        (
            {"type": "basic", "user": "u", "secret": {"secret": "SHOP"}},
            "authorization",
            "Basic " + base64.b64encode(f"u:{CANARY}".encode()).decode(),
        ),
    ],
)
def test_a_secret_is_sent_and_stored_nowhere(
    published, secret, outside: Outside, owner, clock: Clock, capsys, auth: dict, header: str, value: str
) -> None:
    outside.answer("/x", (200, {"you_sent": CANARY}))
    node = draw.http_request("x", url=f"{outside.url}/x", auth=auth)
    finish(published(node), clock)
    assert outside.got[0]["headers"][header] == value
    client = Client()
    client.force_login(owner)
    page = client.get(reverse("run", args=[secret.workspace.wsid, Run.objects.get().pk])).content.decode()
    call_command("dumpdata", verbosity=0)
    assert CANARY not in page + capsys.readouterr().out


def test_a_ciphertext_moved_to_another_row_does_not_open(secret) -> None:
    other = Secret(workspace=Workspace.objects.create(name="Other"), name="SHOP", sealed=secret.sealed)
    with pytest.raises(Undecryptable):
        other.plain()


def test_the_admin_never_shows_a_secret_and_keeps_it_when_left_empty(secret, owner) -> None:
    client = Client()
    client.force_login(owner)
    url = reverse("admin:workspaces_secret_change", args=[secret.pk])
    assert CANARY not in client.get(url).content.decode()
    client.post(url, {"name": "SHOP", "hosts": "127.0.0.1", "value": ""})
    assert Secret.objects.get().plain() == CANARY


@pytest.mark.parametrize(
    ("hosts", "host", "may"),
    [
        ("api.example.com", "api.example.com", True),
        ("api.example.com", "evil.example.com", False),
        ("API.Example.com.", "api.example.com", True),
        ("*.example.com", "a.b.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", "evilexample.com", False),
        ("api.example.com", "api.example.com.evil.org", False),
        ("one.example.com\n127.0.0.1", "127.0.0.1", True),
        ("bücher.example", "xn--bcher-kva.example", True),
        ("", "api.example.com", False),
    ],
)
def test_a_secret_goes_only_to_hosts_that_it_names(hosts: str, host: str, may: bool) -> None:
    assert Secret(hosts=hosts).may_go_to(host) == may


@pytest.mark.parametrize(
    "hosts", ["*", "*.com", "https://a.example.com", "a.example.com/x", "a.example.com:80", "a.*.com"]
)
def test_what_is_no_host_is_refused_where_it_is_typed(hosts: str) -> None:
    with pytest.raises(ValidationError, match="is no host"):
        Secret(hosts=hosts).clean_fields(exclude={"workspace", "name", "sealed"})


def test_a_payload_cannot_choose_where_a_secret_goes(published, secret, outside: Outside, clock: Clock) -> None:
    secret.hosts = "shop.example.com"
    secret.save()
    auth = {"type": "bearer", "secret": {"secret": "SHOP"}}
    settings = {"url": {"text": "{{ where }}"}, "auth": auth}
    told = finish(published(draw.http_request("x", **settings)), clock, {"where": outside.url})
    assert outside.got == []
    assert "the secret 'SHOP' may not be sent to 127.0.0.1" in told.steps[0].why


def test_a_new_secret_goes_to_the_hosts_it_names_and_without_any_to_none(workspace, owner) -> None:
    client = Client()
    client.force_login(owner)
    given = {"workspace": workspace.pk, "value": "x"}
    client.post(reverse("admin:workspaces_secret_add"), {**given, "name": "API", "hosts": "api.example.com"})
    client.post(reverse("admin:workspaces_secret_add"), {**given, "name": "DOOR", "hosts": ""})
    api, door = Secret.objects.get(name="API"), Secret.objects.get(name="DOOR")
    assert api.may_go_to("api.example.com") and not api.may_go_to("example.com")
    assert door.plain() == "x" and not door.may_go_to("api.example.com")


@pytest.mark.parametrize("name", ["../../etc", "Mars/Base", ""])
def test_a_time_zone_must_exist(workspace, owner, name: str) -> None:
    client = Client()
    client.force_login(owner)
    url = reverse("admin:workspaces_workspace_change", args=[workspace.pk])
    assert client.post(url, {"name": "New", "time_zone": name}).status_code == 200
    workspace.refresh_from_db()
    assert (workspace.name, workspace.time_zone) == ("Company ABC", "UTC")
    with pytest.raises(ValidationError):
        Workspace(name="x", time_zone=name).full_clean()
