"""Whatever the other side repeats, and in whatever clothes: a secret of ours is not stored."""

import base64
import html
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from apps.channels.models import Attempt, Connection, Delivery
from apps.common.effects import Answer
from apps.common.trouble import Refused
from apps.egress.redacting import DOTS, Redactor
from apps.notifications.models import EventConnection
from apps.providers.http_gateway.settings import HttpGateway
from apps.runs.models import Step
from apps.workspaces.models import Secret
from tests.support import draw
from tests.support.clock import Clock, finish
from tests.support.outside import Outside

SECRET = 'p/w"d +ß&<ü>7k'
FORMS = {
    "raw": SECRET,
    "url": quote(SECRET, safe=""),
    "url with slash": quote(SECRET),
    "form": quote_plus(SECRET),
    "lower url": quote(SECRET, safe="").replace("%2F", "%2f").replace("%C3%9F", "%c3%9f").replace("%C3%BC", "%c3%bc"),
    "json": json.dumps(SECRET),
    "json utf-8": json.dumps(SECRET, ensure_ascii=False),
    "json by PHP": json.dumps(SECRET).replace("/", "\\/"),
    "html": html.escape(SECRET),
    "base64": base64.b64encode(SECRET.encode()).decode(),
    "url-safe base64": base64.urlsafe_b64encode(SECRET.encode()).decode(),
    "basic": base64.b64encode(b"user:" + SECRET.encode()).decode(),
    "basic, longer user": base64.b64encode(b"user1:" + SECRET.encode() + b"!").decode(),
    "basic, longest user": base64.b64encode(b"user12:" + SECRET.encode() + b"!!").decode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_found_in_every_form(form: str) -> None:
    redactor = Redactor([SECRET])
    said = f"you sent {FORMS[form]}, thanks"
    assert DOTS in redactor.value(said)
    kept = FORMS[form].strip('"')
    middle = kept[len(kept) // 4 : len(kept) * 3 // 4]
    assert middle not in redactor.value(said)
    assert middle.encode() not in redactor.answer(Answer(status=200, body=said.encode())).body


@given(st.text(min_size=8), st.binary(max_size=7), st.binary(max_size=7))
def test_base64_around_any_secret_holds_none_of_it(secret: str, before: bytes, after: bytes) -> None:
    text = base64.b64encode(before + secret.encode("utf-8", "replace") + after).decode()
    assert DOTS in Redactor([secret.encode("utf-8", "replace").decode()]).value(text)


def test_lists_objects_keys_and_numbers_are_searched() -> None:
    found = Redactor(["1234567", "tok"]).value({"a": [1234567, {"tok": "my tok"}], "n": 12, "yes": True, "no": None})
    assert found == {"a": [DOTS, {DOTS: f"my {DOTS}"}], "n": 12, "yes": True, "no": None}


def test_without_secrets_nothing_is_touched() -> None:
    assert Redactor(["", ""]).value({"a": ""}) == {"a": ""}
    answer = Answer(status=200, body=b"x")
    assert Redactor([]).answer(answer) is answer


@pytest.mark.parametrize("status", [200, 500, 400])
def test_an_echoed_secret_is_in_no_step(published, workspace, outside: Outside, clock: Clock, status: int) -> None:
    secret = Secret(workspace=workspace, name="SHOP", hosts="127.0.0.1")
    secret.put(SECRET)
    secret.save()
    every = "".join(f"\\u{ord(c):04x}" for c in SECRET)
    body = json.dumps(FORMS)[:-1] + f', "escaped": "{every}", "{every}": 1}}'
    outside.answer("/x", (status, body.encode()))
    auth = {"type": "basic", "user": "u", "secret": {"secret": "SHOP"}}
    node = draw.http_request("x", url=f"{outside.url}/x", auth=auth)
    finish(published(node), clock)
    stored = json.dumps([[s.input, s.output, s.why] for s in Step.objects.all()], ensure_ascii=False)
    assert outside.got and Step.objects.exists()
    for form in FORMS.values():
        kept = form.strip('"')
        assert kept[len(kept) // 4 : len(kept) * 3 // 4] not in stored


def test_a_gateway_that_repeats_its_token_leaves_no_trace(story, workspace, outside: Outside, clock: Clock) -> None:
    settings = {"url": f"{outside.url}/sms", "headers": {"Authorization": "Bearer {{ token }}"}, "id_path": "id"}
    connection = Connection(workspace=workspace, name="SMS", kind="http_gateway")
    connection.put({**settings, "token": "t0ps3cret"})
    connection.save()
    EventConnection.objects.filter(event__workspace=workspace, channel="sms").update(connection=connection)
    outside.answer("/sms", (200, {"id": "Bearer t0ps3cret"}))
    finish(story.webhook_live, clock)
    sent = Delivery.objects.get(channel="sms")
    assert (sent.state, sent.provider_ref) == ("sent", f"Bearer {DOTS}")
    assert "t0ps3cret" not in "".join(Attempt.objects.values_list("why", flat=True))


def test_broken_settings_are_told_without_the_secret(story, workspace) -> None:
    connection = Connection(workspace=workspace, name="SMS", kind="http_gateway")
    connection.put({"url": "https://sms.example.com/", "token": "t0ps3cret"})
    connection.settings = {"url": "nonsense", "more": 1}
    with pytest.raises(Refused) as refused:
        connection.provider()
    assert "url:" in str(refused.value) and "t0ps3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["https://{{ address }}/", "{{ address }}", "https://a.example.com{{ text }}", "ftp://a/"]
)
def test_a_message_cannot_choose_the_host_of_a_gateway(url: str) -> None:
    with pytest.raises(ValidationError, match="no placeholder may choose the host"):
        HttpGateway(url=url)


@pytest.mark.parametrize("name", ["Authorization", "X-Api-Key", "apikey", "X-Auth-Token", "Cookie"])
def test_a_credential_typed_into_a_header_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="into `token`"):
        HttpGateway(url="https://a.example.com/", headers={name: "Bearer abc"})
    assert HttpGateway(url="https://a.example.com/", headers={name: "Bearer {{ token }}"})
