"""Secrets with a song of their own go through a whole journey, errors included; afterwards nothing sings."""

import base64
import hashlib
import hmac
import json
import logging
from io import StringIO
from urllib.parse import quote

import pytest
from django.core import serializers
from django.core.management import call_command
from django.db import connection
from django.test import Client

from apps.channels.models import Connection
from apps.notifications.models import EventConnection
from apps.runs.models import Run
from apps.workspaces import api_keys
from apps.workspaces.models import Secret
from tests.support import draw
from tests.support.browser import admin_pages
from tests.support.clock import Clock, drain
from tests.support.outside import PAYMENT, Outside, path_of
from tests.support.pages import MODELS, urls_of
from tests.support.raw import Raw, Server

BIRDS = {name: f"c4nary/{name}+s0ng?" for name in ("bearer", "basic", "header", "door", "smtp", "token")}


def clothes(secret: str) -> list[str]:
    """How another side may repeat a secret."""
    plain = [secret, quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1]]
    return plain + [base64.b64encode(b"x" * before + secret.encode()).decode() for before in range(3)]


def traces(secret: str) -> list[str]:
    """What stands in any of these, and nowhere else."""
    inner = [base64.b64encode(b"x" * before + secret.encode()).decode() for before in range(3)]
    return ["c4nary", quote(secret, safe=""), secret, *(text[6:-6] for text in inner)]


def rude_mail(raw: Raw, link) -> None:
    """Refuses who signs in, and repeats what was said."""
    link.sendall(b"220 hello\r\n")
    with link.makefile("rb") as lines:
        for line in lines:
            auth = line[:4].lower() == b"auth"
            link.sendall(b"535 wrong: " + line if auth else b"250-hello\r\n250 AUTH PLAIN\r\n")


@pytest.fixture
def journey(story, workspace, published, outside: Outside, server: Server, clock: Clock, caplog) -> Run:
    """A signed request, three calls whose answers repeat all that they got, a message by token and one by mail."""
    caplog.set_level(logging.DEBUG)
    for name in ("bearer", "basic", "header", "door"):
        row = Secret(workspace=workspace, name=name, hosts="127.0.0.1")
        row.put(BIRDS[name])
        row.save()
    _carry(workspace, "sms", "http_gateway", url=f"{outside.url}/sms", token=BIRDS["token"], id_path="seen",
           headers={"Authorization": "Bearer {{ token }}"}, body={"text": "{{ text }}"})  # fmt: skip
    _carry(workspace, "email", "smtp", host="127.0.0.1", port=server(rude_mail).port, security="none",
           username="shop", password=BIRDS["smtp"], sender="shop@example.com")  # fmt: skip
    for path, status, name in (
        ("/1", 200, "bearer"),
        ("/2", 500, "basic"),
        ("/3", 400, "header"),
        ("/sms", 200, "token"),
    ):
        outside.answer(path, (status, {"seen": " ".join(clothes(BIRDS[name]))}))
    url = published(*_nodes(outside.url), edges=_edges(), trigger={"guard": {"type": "hmac", "secret": "door"}})
    raw = json.dumps(PAYMENT).encode()
    signed = hmac.new(BIRDS["door"].encode(), raw, hashlib.sha256).hexdigest()
    headers = {"X-Signature": signed, "Authorization": f"Bearer {BIRDS['bearer']}"}
    answer = Client().post(path_of(url), raw, content_type="application/json", headers=headers)
    assert answer.status_code == 202
    drain(clock)
    drain(clock)
    return Run.objects.get()


def _carry(workspace, channel: str, kind: str, **settings: object) -> None:
    row = Connection(workspace=workspace, name=kind, kind=kind)
    row.put(settings)
    row.save()
    EventConnection.objects.filter(event__workspace=workspace, channel=channel).update(connection=row)


def _nodes(url: str) -> list[dict]:
    bearer = {"type": "bearer", "secret": {"secret": "bearer"}}
    basic = {"type": "basic", "user": "shop", "secret": {"secret": "basic"}}
    header = {"type": "header", "header": "X-Api-Key", "secret": {"secret": "header"}}
    once = {"retry": {"attempts": 1}}
    calls = [
        draw.http_request(f"c{n}", url=f"{url}/{n}", auth=auth, **once)
        for n, auth in enumerate((bearer, basic, header), 1)
    ]
    to = [
        {"channel": "sms", "address": {"text": "{{ phone }}"}},
        {"channel": "email", "address": {"text": "{{ email }}"}},
    ]
    return [*calls, draw.send("say", event="payment_received", to=to)]


def _edges() -> list[dict]:
    row = [("start", "next", "c1"), ("c1", "success", "c2"), ("c2", "failure", "c3"), ("c3", "failure", "say")]
    return [{"source": source, "outlet": outlet, "target": target} for source, outlet, target in row]


def everything_kept() -> str:
    """All rows of all tables, as Django shows them and as the database has them."""
    told = "".join(serializers.serialize("json", model._base_manager.order_by("pk")) for model in MODELS)
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            told += "".join(map(str, cursor.fetchall()))
    return told


def test_no_secret_stands_in_the_database_the_logs_the_pages_or_what_the_shell_tells(
    journey: Run, workspace, owner, caplog: pytest.LogCaptureFixture
) -> None:
    client, told = Client(), StringIO()
    client.force_login(owner)
    row, shown = api_keys.make(workspace, "shop")
    row.save()
    for way in ([], ["--json"]):
        call_command("show_run", str(journey.pk), *way, stdout=told)
    pages = [*urls_of(workspace), *admin_pages([m for m in MODELS if m._base_manager.exists()], whole=True)]
    seen = "".join(client.get(url).content.decode() for url in pages)
    api = Client().get(f"/api/v1/w/{workspace.wsid}/runs/{journey.pk}", headers={"Authorization": f"Bearer {shown}"})
    logged = caplog.text + "".join(record.getMessage() for record in caplog.get_records("setup"))
    places = {"rows": everything_kept(), "logs": logged, "pages": seen, "shell": told.getvalue()}
    places["api"] = api.content.decode()
    assert all(len(text) > 500 for text in places.values())
    for bird in [*BIRDS.values(), shown.split("_", 2)[2]]:
        for trace in traces(bird):
            assert [name for name, text in places.items() if trace in text] == [], trace


def test_the_journey_used_every_secret(journey: Run, outside: Outside) -> None:
    got = {name: value for call in outside.got for name, value in call["headers"].items()}
    sent = " ".join(call["headers"].get("authorization", "") for call in outside.got).encode()
    assert BIRDS["bearer"].encode() in sent and BIRDS["token"].encode() in sent
    assert base64.b64encode(f"shop:{BIRDS['basic']}".encode()) in sent
    assert got["x-api-key"] == BIRDS["header"]
    assert [step.node for step in journey.steps.filter(outcome__in=["done", "failed"]).order_by("seq")][-1] == "say"
