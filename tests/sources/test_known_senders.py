"""Senders as they are: how each signs, makes sure of a URL, names its events and repeats them."""

import base64
import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from django.test import Client

from apps.events.models import Event, IdempotencyKey
from apps.sources.known_senders import SENDERS, SenderGuard
from apps.sources.signatures import HmacGuard
from apps.triggers.models import LoggedRequest
from tests.support.outside import fire, form, path_of

SECRET, KEY = "s3cret", base64.b64encode(b"sixteen bytes ok").decode()
BODY = b'{"id": "evt_1", "amount": 499}'


def mac(content: bytes, key: bytes = SECRET.encode(), name: str = "sha256") -> bytes:
    return hmac.new(key, content, name).digest()


def stamp(at: float) -> str:
    return str(int(at))


def in_base64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


def of_stripe(body: bytes, at: float) -> dict[str, str]:
    t = stamp(at)
    shown = mac(f"{t}.".encode() + body).hex()
    return {"Stripe-Signature": f"t={t},v1={'0' * 64},v1={shown},v0={'1' * 64}"}


def of_slack(body: bytes, at: float) -> dict[str, str]:
    t = stamp(at)
    return {
        "X-Slack-Signature": "v0=" + mac(f"v0:{t}:".encode() + body).hex(),
        "X-Slack-Request-Timestamp": t,
    }


def of_standard(body: bytes, at: float, name: str = "webhook") -> dict[str, str]:
    t = stamp(at)
    shown = in_base64(mac(f"msg_1.{t}.".encode() + body, base64.b64decode(KEY)))
    other = in_base64(b"0" * 32)
    return {f"{name}-id": "msg_1", f"{name}-timestamp": t, f"{name}-signature": f"v1,{other} v1,{shown} v1a,x"}


def of_cashfree(body: bytes, at: float) -> dict[str, str]:
    t = str(int(at * 1000))
    return {"x-webhook-signature": in_base64(mac(t.encode() + body)), "x-webhook-timestamp": t}


def of_paddle(body: bytes, at: float) -> dict[str, str]:
    t = stamp(at)
    return {"Paddle-Signature": f"ts={t};h1={mac(f'{t}:'.encode() + body).hex()}"}


SIGNED = {
    "stripe": of_stripe,
    "slack": of_slack,
    "standard_webhooks": of_standard,
    "svix": lambda body, at: of_standard(body, at, "svix"),
    "github": lambda body, at: {"X-Hub-Signature-256": f"sha256={mac(body).hex()}"},
    "meta": lambda body, at: {"X-Hub-Signature-256": f"sha256={mac(body).hex()}"},
    "shopify": lambda body, at: {"X-Shopify-Hmac-Sha256": in_base64(mac(body))},
    "razorpay": lambda body, at: {"X-Razorpay-Signature": mac(body).hex()},
    "cashfree": of_cashfree,
    "paddle": of_paddle,
    "typeform": lambda body, at: {"Typeform-Signature": f"sha256={in_base64(mac(body))}"},
}
STAMPED = ("stripe", "slack", "standard_webhooks", "svix", "cashfree", "paddle")


def secret_of(sender: str) -> str:
    return f"whsec_{KEY}" if SENDERS[sender].scheme.key == "whsec" else SECRET


def test_every_sender_that_is_offered_is_tried() -> None:
    assert set(SIGNED) == set(SENDERS)


@pytest.mark.parametrize("sender", SIGNED)
def test_a_request_signed_as_its_sender_documents_comes_in_and_no_other(door, sender: str) -> None:
    url, now = door(secret_of(sender), guard={"type": "sender", "sender": sender}), time.time()
    proof = SIGNED[sender](BODY, now)
    assert fire(url, BODY, **proof)[0] == 202
    assert fire(url, BODY + b" ", **proof)[0] == 401, "another body"
    assert fire(url, BODY)[0] == 401, "no signature"
    assert fire(url, BODY, **dict.fromkeys(proof, ""))[0] == 401
    if sender in STAMPED:
        assert fire(url, BODY, **SIGNED[sender](BODY, now - 3600))[0] == 401, "an old one"
    assert Event.objects.count() == 1


@pytest.mark.parametrize("sender", SIGNED)
def test_of_two_secrets_either_is_taken_while_one_is_changed(door, sender: str) -> None:
    wrong = f"whsec_{base64.b64encode(b'another').decode()}" if SENDERS[sender].scheme.key == "whsec" else "another"
    url = door(wrong, secret_of(sender), guard={"type": "sender", "sender": sender})
    assert fire(url, BODY, **SIGNED[sender](BODY, time.time()))[0] == 202


@pytest.mark.parametrize(("sender", "header"), [("shopify", "X-Shopify-Topic"), ("github", "X-GitHub-Event")])
def test_two_kinds_of_events_with_one_body_are_two_and_a_replay_is_none(door, sender: str, header: str) -> None:
    url = door(SECRET, guard={"type": "sender", "sender": sender})
    proof = SIGNED[sender](BODY, time.time())
    first = fire(url, BODY, **proof, **{header: "orders/create"})
    assert fire(url, BODY, **proof, **{header: "orders/paid"})[1] != first[1]
    assert fire(url, BODY, **proof, **{header: "orders/create"}, **{"Idempotency-Key": "fresh"}) == first
    assert Event.objects.count() == 2


def test_a_sender_that_is_not_known_is_refused_while_drawing() -> None:
    with pytest.raises(ValueError, match="choose one of Stripe, Slack"):
        SenderGuard(sender="acme")


@pytest.mark.parametrize("signed_text", ["{time}", "{body}{secret}", "{}"])
def test_a_template_that_signs_no_body_is_refused_while_drawing(signed_text: str) -> None:
    with pytest.raises(ValueError, match="write what is signed"):
        HmacGuard(signed=signed_text)


@pytest.mark.parametrize("word", ["Bearer", "bearer", "BEARER"])
def test_the_name_of_a_scheme_may_be_written_in_any_case(door, word: str) -> None:
    url = door(SECRET, guard={"type": "bearer"})
    assert fire(url, Authorization=f"{word} {SECRET}")[0] == 202
    assert fire(url, Authorization=f"Basic {SECRET}")[0] == 401


# How a sender makes sure of a URL


def get(url: str, **query: str) -> Any:
    return Client().get(path_of(url), query)


META = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": SECRET}


@pytest.mark.parametrize(
    ("token", "status", "said"), [(SECRET, 200, "1158201444"), ("wrong", 403, ""), (None, 403, "")]
)
def test_metas_check_is_answered_with_its_word_and_starts_no_run(door, token, status: int, said: str) -> None:
    url = door(SECRET, guard={"type": "sender", "sender": "meta"}, challenge={"type": "query"}, methods=["POST"])
    answer = get(url, **{name: value for name, value in {**META, "hub.verify_token": token}.items() if value})
    assert answer.status_code == status and Event.objects.count() == 0
    if said:
        assert answer.content.decode() == said and answer["Content-Type"].startswith("text/plain")
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert LoggedRequest.objects.get().reason == "a check of the URL, which starts no run"


def test_microsoft_graphs_check_is_a_post(door) -> None:
    challenge = {"type": "query", "name": "validationToken", "token": ""}
    url = door(challenge=challenge, methods=["POST"])
    answer = Client().post(f"{path_of(url)}?validationToken=a%20b", b"", content_type="text/plain")
    assert (answer.status_code, answer.content) == (200, b"a b") and not Event.objects.exists()


def test_slacks_check_is_answered_once_its_signature_fits(door) -> None:
    url = door(SECRET, guard={"type": "sender", "sender": "slack"}, challenge={"type": "body"})
    body = json.dumps({"type": "url_verification", "challenge": "3eZbrw1a"}).encode()
    assert fire(url, body)[0] == 401
    answer = Client().post(path_of(url), body, content_type="application/json", headers=of_slack(body, time.time()))
    assert (answer.status_code, answer.content) == (200, b"3eZbrw1a") and not Event.objects.exists()
    other = b'{"type": "event_callback", "challenge": "x"}'
    assert fire(url, other, **of_slack(other, time.time()))[0] == 202


@pytest.mark.parametrize(("methods", "status"), [(["POST"], 405), (["POST", "GET"], 202), (None, 202)])
def test_a_get_starts_a_run_only_where_the_door_takes_gets(door, methods, status: int) -> None:
    url = door(**({"methods": methods} if methods else {}))
    assert get(url, a="1").status_code == status
    assert Event.objects.count() == (status == 202)


@pytest.mark.parametrize("status", [200, 201, 204])
def test_a_door_answers_success_as_its_sender_wants_it(door, status: int) -> None:
    url = door(success_status=status)
    assert Client().post(path_of(url), b"{}", content_type="application/json").status_code == status
    assert LoggedRequest.objects.get().outcome == "accepted" and Event.objects.count() == 1


# Its own ids, and honest repeats


@pytest.mark.parametrize(
    ("settings", "headers"),
    [
        ({"id_header": "X-Razorpay-Event-Id"}, {"X-Razorpay-Event-Id": "evt-1"}),
        ({"id_path": "id"}, {}),
        ({"id_path": "deep.id"}, {}),
        ({"id_path": "deep.id", "id_header": "webhook-id"}, {}),
    ],
)
def test_an_event_is_taken_once_by_its_senders_own_id(door, settings: dict, headers: dict) -> None:
    url = door(**settings)
    said = {"id": "evt-1", "deep": {"id": 7}}
    first = fire(url, {**said, "attempt": 1}, **headers)
    again = fire(url, {**said, "attempt": 2}, **headers, **{"Idempotency-Key": "fresh"})
    assert first == again and Event.objects.count() == 1
    other = {**headers, **({"X-Razorpay-Event-Id": "evt-2"} if headers else {})}
    assert fire(url, {"id": "evt-2", "deep": {"id": 8}}, **other)[0] == 202
    assert Event.objects.count() == 2


def test_a_request_without_the_senders_id_goes_by_its_key(door) -> None:
    url = door(id_path="id")
    first = fire(url, {"a": 1}, **{"Idempotency-Key": "k"})
    assert fire(url, {"a": 1}, **{"Idempotency-Key": "k"}) == first and Event.objects.count() == 1


def test_an_honest_repeat_is_known_by_what_it_says(door) -> None:
    url = door()

    def post(body: bytes, kind: str, key: str) -> Any:
        return Client().post(path_of(url), body, content_type=kind, headers={"Idempotency-Key": key})

    assert post(*form("one", a="1", b="2"), "f").json() == post(*form("two", a="1", b="2"), "f").json()
    assert post(*form("three", a="1", b="3"), "f").status_code == 422
    first = post(b'{"a": 1, "b": {"c": 2, "d": 3}}', "application/json", "j")
    assert post(b'{"b":{"d":3,"c":2},"a":1}', "application/json; charset=utf-8", "j").json() == first.json()
    assert post(b'{"a": 1, "b": {"c": 2, "d": 4}}', "application/json", "j").status_code == 422
    assert Event.objects.count() == 2


def test_a_key_from_before_the_upgrade_is_compared_as_it_was_made(door) -> None:
    url = door()
    first = fire(url, b'{"a": 1}', **{"Idempotency-Key": "k"})
    old = hashlib.sha256(b"application/json\0" + b'{"a": 1}').hexdigest()
    IdempotencyKey.objects.update(fingerprint=old)
    assert fire(url, b'{"a": 1}', **{"Idempotency-Key": "k"}) == first
    assert fire(url, b'{"a": 2}', **{"Idempotency-Key": "k"})[0] == 422
