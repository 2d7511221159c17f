"""What an HTTP request keeps of an answer, and that it says what it could not keep."""

import json
from typing import Any

import pytest

from apps.common.effects import Answer
from apps.engine.answers import kept_of
from apps.engine.contract.node import StepContext
from apps.engine.fields import NamedPath, Text
from apps.engine.nodes.http_request import HttpRequest
from apps.engine.values.data import RunData
from tests.support.clock import NOW

TRY = StepContext(attempt=1, key="k-1", now=NOW)


def answered(body: bytes, kind: str = "application/json", **facts: Any) -> Answer:
    return Answer(status=200, headers=(("Content-Type", kind),), body=body, **facts)


@pytest.mark.parametrize(
    ("body", "kind", "path", "value"),
    [
        (b'{"score": NaN, "st": "ok"}', "application/json", "st", "ok"),
        (b'{"score": NaN, "st": "ok"}', "application/json", "score", None),
        (b'{"id": 18446744073709551615}', "application/json", "id", "18446744073709551615"),
        (b'{"a": 1, "a": 2}', "application/json", "a", 2),
        ('{"n": "José"}'.encode("latin-1"), "application/json; charset=ISO-8859-1", "n", "José"),
        (b'\xef\xbb\xbf{"n": 1}', "text/plain", "n", 1),
        (b'{"items": [{"n": 1}, {"n": 2}]}', "application/json", "items.size", 2),
        (b'{"items": [{"n": 1}, {"n": 2}]}', "application/json", "items.last.n", 2),
        (b'{"First Name": "Asha", "a.b": 3}', "application/json", '["First Name"]', "Asha"),
        (b'{"First Name": "Asha", "a.b": 3}', "application/json", '["a.b"]', 3),
    ],
)
def test_a_value_of_an_answer_that_is_not_quite_json_is_read(body: bytes, kind: str, path: str, value: Any) -> None:
    kept = kept_of(answered(body, kind), [NamedPath(name="got", path=path)])
    assert kept.output["got"] == value and not kept.notes


def test_what_looks_like_json_and_is_none_is_told_and_its_names_are_not_called_absent() -> None:
    kept = kept_of(answered(b'{"st": "ok",}'), [NamedPath(name="st", path="st")])
    (trouble, unread) = kept.notes
    assert "is no JSON that is taken: not JSON at line 1" in trouble and unread == "not read: st"
    assert kept.output["body"] == '{"st": "ok",}'


@pytest.mark.parametrize("size", [65_000, 66_000, 200_000])
def test_a_large_answer_keeps_whole_parts_and_says_what_it_left_out(size: int) -> None:
    document = {"next": "p2", "rows": [{"x": "y" * 90}] * (size // 100), "deep": {"a": 1, "text": "z" * 70_000}}
    kept = kept_of(answered(json.dumps(document).encode()), [NamedPath(name="count", path="rows.size")])
    body = kept.output["body"]
    assert kept.output["count"] == size // 100
    assert (body["next"], body["deep"]["a"], "text" in body["deep"]) == ("p2", 1, False)
    assert body.get("rows", document["rows"]) == document["rows"], "a list is never cut"
    (note,) = kept.notes
    assert "body.deep.text" in note and "more than 64 KiB" in note and "Save from the answer" in note
    assert len(json.dumps(body)) <= 64 * 1024


def test_a_large_list_is_left_out_whole() -> None:
    kept = kept_of(answered(json.dumps(["x" * 100] * 1000).encode()), [NamedPath(name="n", path="body.size")])
    assert "body" not in kept.output and kept.output["n"] == 1000 and "body is left out" in kept.notes[0]


@pytest.mark.parametrize(
    ("rows", "key", "request_id"),
    [
        ([], "k-1", "r-1"),
        ([("Idempotency-Key", "{{ order_id }}")], "A-1", "r-1"),
        ([("idempotency-key", "{{ order_id }}"), ("x-request-id", "mine")], "A-1", "mine"),
    ],
)
def test_the_key_that_a_person_wrote_wins(rows: list, key: str, request_id: str) -> None:
    headers = [{"name": name, "value": {"text": text}} for name, text in rows]
    block = HttpRequest(method="POST", url=Text(text="https://shop.example/"), headers=headers)
    data = RunData(trigger={"order_id": "A-1"}, run={"request_id": "r-1"})
    sent = block.decide(data, TRY).call.headers
    assert [value for name, value in sent if name.lower() == "idempotency-key"] == [key]
    assert [value for name, value in sent if name.lower() == "x-request-id"] == [request_id]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry-After": "86400"}, 86_400),
        ({"Retry-After": "Sat, 28 Nov 2026 11:00:00 GMT", "Date": "Sat, 28 Nov 2026 10:00:00 GMT"}, 3600),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Sat, 28 Nov 2026 11:00:00 GMT"}, None),
        ({"Retry-After": "99999999999"}, 86_400),
    ],
)
def test_when_an_api_asks_to_come_again(headers: dict, wait: float | None) -> None:
    assert Answer(status=429, headers=tuple(headers.items())).retry_after_s() == wait


def test_a_name_in_a_json_body_is_filled_in_too_and_a_text_has_the_charset_that_it_says() -> None:
    data = RunData(trigger={"id": "A-1", "who": "José"})
    body = {"type": "json", "text": '{"{{ id }}": "{{ who.size }}", "n": "{{ id.size }}"}'}
    block = HttpRequest(method="POST", url=Text(text="https://shop.example/"), body=body)
    assert json.loads(block.decide(data, TRY).call.body) == {"A-1": 4, "n": 3}
    text = {"type": "text", "content": {"text": "{{ who }}"}, "content_type": "text/plain; charset=iso-8859-1"}
    block = HttpRequest(method="POST", url=Text(text="https://shop.example/"), body=text)
    assert block.decide(data, TRY).call.body == "José".encode("latin-1")


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"truncated": True}, "larger than 1 MiB"),
        ({"cut": True}, "the connection broke within the body; the answer is no JSON"),
        ({}, "the answer is no JSON that is taken"),
    ],
)
@pytest.mark.parametrize("status", [200, 404])
def test_whatever_is_not_whole_is_told_at_either_outlet(facts: dict, words: str, status: int) -> None:
    block = HttpRequest(method="POST", url=Text(text="https://shop.example/"))
    answer = answered(b'{"id": 1, "rows": [', **facts).model_copy(update={"status": status})
    left = block.on_answer(answer, TRY)
    assert words in left.why and left.outlet == ("success" if status == 200 else "failure")


def test_a_number_that_was_drawn_is_sent_as_it_was_drawn_or_refused() -> None:
    def body(text: str) -> bytes:
        block = HttpRequest(method="POST", url=Text(text="https://shop.example/"), body={"type": "json", "text": text})
        return block.decide(RunData(), TRY).call.body

    assert json.loads(body('{"a": 9223372036854775807, "b": 1.50}')) == {"a": 2**63 - 1, "b": 1.5}
    with pytest.raises(ValueError, match="put it into quotes"):
        body('{"a": 18446744073709551616}')
