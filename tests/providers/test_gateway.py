"""The HTTP gateway: what an answer says counts, not its status alone; and forms go out as forms."""

from urllib.parse import parse_qs

import pytest

from apps.providers.contract import Message
from apps.providers.http_gateway.settings import HttpGateway

URL = "https://sms.example/send"
MESSAGE = Message(channel="sms", address="+919800000001", text="Code 1 & 2: é", key="run-1-sms")


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
