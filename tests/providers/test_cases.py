"""The cases of every provider: what it makes of a message, and of an answer."""

import json
from typing import Any

import pytest

from apps.common.effects import Answer, HttpCall
from apps.providers.contract import Message
from apps.providers.registry import PROVIDERS
from tests.support.cases import cases, folders

URL = {"http_gateway": {"url": "https://sms.example/send"}}
MESSAGE = Message(channel="sms", address="+919800000001", text="Code 1 & 2: é", key="run-1-sms")


def account(kind: str, case: dict[str, Any]) -> Any:
    return PROVIDERS.all()[kind].model_validate({**URL.get(kind, {}), **case.get("settings", {})})


def test_every_provider_has_cases() -> None:
    assert {folder.name for folder in folders("providers")} == set(PROVIDERS.all())
    assert all(list(folder.glob("cases/*.toml")) for folder in folders("providers"))


@pytest.mark.parametrize(("kind", "case"), cases("providers", "answer"))
def test_an_answer_means_what_its_case_says(kind: str, case: dict[str, Any]) -> None:
    body = case["body"] if isinstance(case["body"], str) else json.dumps(case["body"])
    headers = (("Content-Type", case.get("type", "text/plain")),)
    result = account(kind, case).read(Answer(status=case.get("status", 200), headers=headers, body=body.encode()))
    assert result.kind == case["kind"] and case["why"] in result.why and len(result.why) <= 300
    assert result.ref == case.get("ref", result.ref)


@pytest.mark.parametrize(("kind", "case"), cases("providers", "call"))
def test_a_message_becomes_the_call_that_its_case_says(kind: str, case: dict[str, Any]) -> None:
    call = account(kind, case).prepare(MESSAGE)
    assert isinstance(call, HttpCall) and call.method == case["method"]
    said = [(name.lower(), value) for name, value in call.headers]
    for name, value in case["headers"].items():
        assert [one for key, one in said if key == name.lower()] == [value]
    assert call.body.decode() == case.get("body", call.body.decode())
