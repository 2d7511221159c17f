"""The HTTP gateway: what an answer says counts, not its status alone; and forms go out as forms."""

import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from apps.common.effects import Answer
from apps.providers.contract import Message
from apps.providers.http_gateway.settings import HttpGateway

URL = "https://sms.example/send"
MESSAGE = Message(channel="sms", address="+919800000001", text="Code 1 & 2: é", key="run-1-sms")


def answered(body: Any, status: int = 200, kind: str = "text/plain") -> Answer:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Answer(status=status, headers=(("Content-Type", kind),), body=raw)


@pytest.mark.parametrize(
    ("settings", "answer", "kind", "why"),
    [
        ({}, "ERR 104 : invalid mobile number", "accepted", "answered 200"),
        (
            {"success_text": "OK:"},
            "ERR 104 : invalid mobile number",
            "permanent_failure",
            "ERR 104 : invalid mobile number",
        ),
        ({"success_text": "OK:"}, "ok: 17", "accepted", "answered 200"),
        ({"success_path": "status"}, {"message": "x"}, "permanent_failure", "answered 200, but: {"),
        ({"success_path": "status", "success_values": ["success"]}, {"status": "error"}, "permanent_failure", "error"),
        ({"success_path": "status", "success_values": ["success", "1"]}, {"status": 1}, "accepted", "answered 200"),
        ({"success_path": "body.0.status", "success_values": ["0"]}, [{"status": "0"}], "accepted", "answered 200"),
        ({"success_path": "ok", "success_values": ["true"]}, {"ok": True}, "accepted", "answered 200"),
        ({"success_path": "a"}, "no JSON", "permanent_failure", "no JSON"),
        ({"id_path": "sid"}, {"id": 1}, "accepted", "without an id at sid"),
    ],
)
def test_an_answer_is_read_for_what_it_says(settings: dict, answer: Any, kind: str, why: str) -> None:
    result = HttpGateway(url=URL, **settings).read(answered(answer))
    assert result.kind == kind and why in result.why and len(result.why) <= 300


def test_the_id_of_a_message_is_found_though_it_is_long() -> None:
    result = HttpGateway(url=URL, id_path="id").read(answered('{"id": 18446744073709551615}', kind="application/json"))
    assert result.ref == "18446744073709551615"


@pytest.mark.parametrize(
    "settings",
    [{"encoding": "form"}, {"headers": {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}}],
)
def test_a_form_goes_out_as_a_form(settings: dict) -> None:
    body = {"To": "{{ address }}", "Body": "{{ text }}", "tag": ["a", "b"], "n": 1.50, "on": True}
    call = HttpGateway(url=URL, body=body, **settings).prepare(MESSAGE)
    assert parse_qs(call.body.decode()) == {
        "To": ["+919800000001"],
        "Body": ["Code 1 & 2: é"],
        "tag": ["a", "b"],
        "n": ["1.5"],
        "on": ["true"],
    }
    types = [value for name, value in call.headers if name.lower() == "content-type"]
    assert len(types) == 1 and types[0].startswith("application/x-www-form-urlencoded")


def test_the_key_that_the_account_writes_wins() -> None:
    call = HttpGateway(url=URL, headers={"idempotency-key": "{{ address }}"}).prepare(MESSAGE)
    assert [value for name, value in call.headers if name.lower() == "idempotency-key"] == ["+919800000001"]
