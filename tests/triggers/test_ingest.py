"""The doors: what is taken, what is refused, and that nothing is half done."""

import base64
import hashlib
import hmac
import json
import time

import pytest
from django.test import Client

from apps.common.trouble import Refused
from apps.events.models import Event, IdempotencyKey
from apps.workflows.release import publishing
from apps.workspaces.models import Secret
from tests.support import draw
from tests.support.outside import fire, path_of
from tests.support.people import secret_of

DEEP = b"[" * 100_000 + b"]" * 100_000
MALFORMED = {
    "truncated": b'{"a": ',
    "trailing": b'{"a": 1} x',
    "two documents": b"{}{}",
    "utf-16": '{"a": 1}'.encode("utf-16"),
    "invalid utf-8": b'{"a": "\xff"}',
    "nan": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "twice": b'{"a": 1, "a": 2}',
    "deep": DEEP,
    "depth 65": b"[" * 65 + b"]" * 65,
    "deep object": b'{"a":' * 100_000,
    "many keys": json.dumps({str(i): i for i in range(20_001)}).encode(),
    "whitespace": b"   ",
}
TAKEN = {
    "null": b"null",
    "true": b"true",
    "number": b"5",
    "text": b'"x"',
    "list": b"[]",
    "bom": b"\xef\xbb\xbf{}",
    "lone surrogate": b'{"a": "\\ud800"}',
    "nul in value": b'{"a": "\\u0000"}',
    "nul in key": b'{"\\u0000": 1}',
    "huge number": b'{"a": 1e400}',
    "5000 digits": b'{"a": ' + b"9" * 5000 + b"}",
    "2^64": b'{"a": 18446744073709551616}',
    "minus zero": b'{"a": -0}',
    "odd keys": '{"__proto__": 1, "constructor": 2, "": 3, "a.b": 4, "😀": 5, "$where": 6}'.encode(),
    "depth 64": b"[" * 64 + b"]" * 64,
    "empty": b"",
    "long key": b'{"' + b"k" * 65536 + b'": 1}',
}


@pytest.mark.parametrize("name", MALFORMED)
def test_what_is_no_good_json_is_refused_and_leaves_nothing(story, name: str) -> None:
    status, answer = fire(story.webhook_live, MALFORMED[name])
    assert status == 400 and answer["error"]
    assert (Event.objects.count(), IdempotencyKey.objects.count()) == (0, 0)


@pytest.mark.parametrize("name", TAKEN)
def test_odd_but_good_json_is_stored(story, name: str) -> None:
    assert fire(story.webhook_live, TAKEN[name])[0] == 202
    assert bytes(Event.objects.get().raw) == TAKEN[name]


def test_the_error_says_where(story) -> None:
    assert "line 1 column 7" in fire(story.webhook_live, b'{"a": x}')[1]["error"]


def test_a_repeat_gets_the_same_answer_and_no_second_event(story) -> None:
    first = fire(story.webhook_live, **{"Idempotency-Key": '"k1"'})
    assert fire(story.webhook_live, **{"Idempotency-Key": "k1"}) == first
    assert Event.objects.count() == 1


def test_the_same_key_with_other_content_is_422(story) -> None:
    fire(story.webhook_live, **{"Idempotency-Key": "k1"})
    assert fire(story.webhook_live, {"other": 1}, **{"Idempotency-Key": "k1"})[0] == 422


def test_test_and_live_do_not_share_keys(story) -> None:
    one = fire(story.webhook_live, **{"Idempotency-Key": "k1"})[1]["request_id"]
    assert fire(story.webhook_test, **{"Idempotency-Key": "k1"})[1]["request_id"] != one


@pytest.mark.parametrize(
    ("kind", "raw", "body"),
    [
        ("application/x-www-form-urlencoded", b"a=1&b=2&b=3", {"a": "1", "b": ["2", "3"]}),
        ("text/plain", b"hello", {"text": "hello"}),
        ("application/xml", b"<r><a>1</a><a>2</a><b c='d'>x</b></r>", {"r": {"a": ["1", "2"], "b": {"@c": "d"}}}),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--',
            {"a": "1"},
        ),
    ],
)
def test_every_content_type_is_read(story, kind: str, raw: bytes, body: dict) -> None:
    answer = Client().post(path_of(story.webhook_live), raw, content_type=kind)
    assert answer.status_code == 202
    found = Event.objects.get().body
    assert body.items() <= found.items() or body["r"]["a"] == found["r"]["a"]


def test_a_get_reads_the_query(story) -> None:
    assert Client().get(path_of(story.webhook_live), {"status": "success"}).status_code == 202
    assert Event.objects.get().body["status"] == "success"


@pytest.mark.parametrize(
    ("kind", "raw", "status"),
    [
        ("image/png", b"x", 415),
        ("", b"x", 415),
        ("multipart/form-data", b"x", 400),
        ("application/xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", 400),
        ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % i for i in range(1001)), 400),
        ("text/plain", b"x" * (1024 * 1024 + 1), 413),
        ("text/plain", b"x" * (3 * 1024 * 1024), 413),
    ],
)
def test_what_the_door_does_not_take(story, kind: str, raw: bytes, status: int) -> None:
    assert Client().post(path_of(story.webhook_live), raw, content_type=kind).status_code == status
    assert Event.objects.count() == 0


def test_compressed_bodies_are_refused(story) -> None:
    assert fire(story.webhook_live, b"{}", **{"Content-Encoding": "gzip"})[0] == 415


def test_an_unknown_url_is_404_and_no_version_409(story, workspace) -> None:
    assert fire("http://x/in/live/" + "a" * 43)[0] == 404
    empty = publishing.create(workspace, "Empty")
    assert fire(f"http://x/in/live/{empty.trigger.live_token}")[0] == 409


def guarded(published, guard: dict) -> str:
    """The URL of a trigger that names its secret."""
    secret_of(published.args[0], "door", "s3cret")
    return published(draw.stop("stop"), trigger={"guard": {**guard, "secret": "door"}})


def test_a_guard_without_a_secret_does_not_go_live_and_lets_nobody_in(published) -> None:
    with pytest.raises(Refused, match="Pick the secret by which senders are checked"):
        published(draw.stop("stop"), trigger={"guard": {"type": "bearer"}})
    url = guarded(published, {"type": "bearer"})
    Secret.objects.all().delete()
    assert fire(url, Authorization="Bearer ")[0] == 401


def test_the_second_secret_that_is_named_opens_too_and_no_secret_of_another_workspace(published, outsider) -> None:
    secret_of(outsider.memberships.get().workspace, "door", "foreign")
    secret_of(published.args[0], "next", "n3xt")
    url = guarded(published, {"type": "bearer", "also": "next"})
    answers = {said: fire(url, Authorization=f"Bearer {said}")[0] for said in ("s3cret", "n3xt", "foreign")}
    assert answers == {"s3cret": 202, "n3xt": 202, "foreign": 401}


@pytest.mark.parametrize(
    ("given", "status"), [("Bearer s3cret", 202), ("Bearer wrong", 401), ("Bearer ß", 401), ("", 401)]
)
def test_the_bearer_guard(published, given: str, status: int) -> None:
    assert fire(guarded(published, {"type": "bearer"}), Authorization=given)[0] == status


@pytest.mark.parametrize(("password", "status"), [("s3cret", 202), ("wrong", 401)])
def test_the_basic_guard(published, password: str, status: int) -> None:
    given = "Basic " + base64.b64encode(f"ops:{password}".encode()).decode()
    assert fire(guarded(published, {"type": "basic", "user": "ops"}), Authorization=given)[0] == status


@pytest.mark.parametrize(("age", "key", "status"), [(0, b"s3cret", 202), (400, b"s3cret", 401), (0, b"wrong", 401)])
def test_the_hmac_guard_with_a_timestamp(published, age: int, key: bytes, status: int) -> None:
    guard = {"type": "hmac", "header": "X-Sig", "prefix": "sha256=", "timestamp_header": "X-Time", "encoding": "base64"}
    stamp = str(int(time.time()) - age)
    digest = hmac.new(key, f"{stamp}.".encode() + b'{"a":1}', hashlib.sha256).digest()
    headers = {"X-Time": stamp, "X-Sig": "sha256=" + base64.b64encode(digest).decode()}
    assert fire(guarded(published, guard), b'{"a":1}', **headers)[0] == status


def test_short_names_are_set_beside_the_long(published) -> None:
    url = published(draw.stop("end"), trigger={"names": [{"name": "name", "path": "customer.name"}]})
    fire(url, {"customer": {"name": "Asha"}})
    assert Event.objects.get().body["name"] == "Asha"
