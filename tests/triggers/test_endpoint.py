"""What guards a door: secrets, addresses, rates, schemas; and the log of what arrived."""

import hashlib
import hmac
import io
import json
import threading
import time
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.admin.sites import site
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.common import bounded_json
from apps.engine.drawing.graph import parse_graph
from apps.events import store
from apps.events.entries import EventRow
from apps.events.models import Event, IdempotencyKey
from apps.ingress.ip_networks import is_listed, sender
from apps.ingress.request import IncomingRequest
from apps.sources import payload_schema
from apps.sources.contract import Rate
from apps.sources.webhook.settings import Webhook
from apps.triggers import limiter, request_log
from apps.triggers.models import Bucket, LoggedRequest, Trigger
from apps.workflows.release import publishing
from apps.workspaces.models import Secret, Workspace
from tests.support import draw
from tests.support.outside import fire, path_of
from tests.support.people import secret_of

STOP = {"id": "stop", "kind": "stop", "settings": {}}
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def signed(secret: str, body: bytes, stamp: int | None = None) -> dict[str, str]:
    content = body if stamp is None else f"{stamp}.".encode() + body
    headers = {"X-Signature": hmac.new(secret.encode(), content, hashlib.sha256).hexdigest()}
    return headers if stamp is None else {**headers, "X-Time": str(stamp)}


def chunked(url: str, stream: io.BytesIO, *, ends: bool) -> tuple[int, dict]:
    given = {
        "wsgi.input": stream,
        "wsgi.input_terminated": ends,
        "CONTENT_LENGTH": "",
        "CONTENT_TYPE": "application/json",
        "HTTP_TRANSFER_ENCODING": "chunked",
    }
    answer = Client().generic("POST", path_of(url), **given)
    return answer.status_code, answer.json()


# Bodies over the wire


def test_a_chunked_body_is_read_whole(story) -> None:
    assert chunked(story.webhook_live, io.BytesIO(b'{"name": "Asha"}'), ends=True)[0] == 202
    assert Event.objects.get().body["name"] == "Asha"


def test_a_chunked_body_is_refused_where_nobody_can_tell_its_end(story) -> None:
    assert chunked(story.webhook_live, io.BytesIO(b'{"a": 1}'), ends=False)[0] == 411
    assert not Event.objects.exists()


def test_a_chunked_body_without_end_is_cut_at_the_bound(story) -> None:
    stream = io.BytesIO(b"x" * (3 * bounded_json.MAX_BYTES))
    assert chunked(story.webhook_live, stream, ends=True)[0] == 413
    assert stream.tell() == bounded_json.MAX_BYTES + 1


class Broken(io.BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        raise RuntimeError("the chunk makes no sense")


def test_a_chunked_body_that_breaks_off_is_400_and_leaves_no_event(story) -> None:
    assert chunked(story.webhook_live, Broken(), ends=True)[0] == 400
    assert not Event.objects.exists()


@pytest.mark.parametrize(("length", "status"), [("500", 400), ("x", 400), ("-1", 400), ("9" * 30, 413)])
def test_a_body_shorter_than_promised_is_refused(story, length: str, status: int) -> None:
    given = {"wsgi.input": io.BytesIO(b'{"a": 1}'), "CONTENT_LENGTH": length, "CONTENT_TYPE": "text/plain"}
    answer = Client().generic("POST", path_of(story.webhook_live), **given)
    assert answer.status_code == status
    assert not Event.objects.exists()


# Settings and secrets that do not work


def test_a_broken_trigger_saved_as_test_is_409_and_says_which_field(workspace) -> None:
    workflow = publishing.create(workspace, "Broken")
    start = draw.webhook("start", guard={"type": "basic"})
    publishing.save(workflow, parse_graph({"nodes": [start]}), by=None, now=NOW)
    status, answer = fire(f"http://x/in/test/{workflow.trigger.test_token}")
    assert status == 409 and "guard.basic.user" in answer["error"]


@pytest.mark.parametrize("guard", [{"type": "bearer"}, {"type": "basic", "user": "u"}, {"type": "hmac"}])
def test_a_secret_that_cannot_be_decrypted_lets_nobody_in(door, guard: dict) -> None:
    url = door("s3cret", guard=guard)
    Secret.objects.filter(name="door-0").update(sealed="v1:gone:AAAA:AAAA")
    status, answer = fire(url, b"{}", Authorization="Bearer ", **signed("", b"{}"))
    assert status == 503 and "cannot be decrypted here" in answer["error"], "a host with the key takes it"


def test_the_second_secret_still_opens_when_the_first_is_lost(door) -> None:
    url = door("old", "new", guard={"type": "bearer"})
    Secret.objects.filter(name="door-0").update(sealed="v1:gone:AAAA:AAAA")
    assert fire(url, Authorization="Bearer new")[0] == 202


@pytest.mark.parametrize(("secret", "status"), [("old", 202), ("new", 202), ("other", 401), ("", 401)])
@pytest.mark.parametrize("kind", ["bearer", "hmac"])
def test_both_secrets_open_while_one_is_rotated(door, kind: str, secret: str, status: int) -> None:
    url = door("old", "new", guard={"type": kind})
    assert fire(url, b'{"a":1}', Authorization=f"Bearer {secret}", **signed(secret, b'{"a":1}'))[0] == status


def test_the_admin_offers_a_trigger_the_secrets_of_its_own_workspace_only(workspace, payments, owner, outsider) -> None:
    ours = secret_of(workspace, "ours", "x")
    other = secret_of(Workspace.objects.exclude(pk=workspace.pk).latest("pk"), "theirs", "x")
    client = Client()
    client.force_login(owner)
    url = reverse("admin:triggers_trigger_change", args=[payments.trigger_id])
    assert "theirs" not in client.get(url).content.decode()
    client.post(url, {"secret": other.pk})
    assert Trigger.objects.get(pk=payments.trigger_id).secret is None
    client.post(url, {"secret": ours.pk})
    assert Trigger.objects.get(pk=payments.trigger_id).secret == ours


# What was signed counts once


@pytest.mark.parametrize("stamped", [True, False])
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "other"}])
def test_a_signed_request_replayed_is_no_new_event(door, stamped: bool, headers: dict) -> None:
    url = door("s", guard={"type": "hmac", "timestamp_header": "X-Time" if stamped else ""})
    proof = signed("s", b'{"a":1}', int(time.time()) if stamped else None)
    first = fire(url, b'{"a":1}', **proof)
    assert first[0] == 202
    assert fire(url, b'{"a":1}', **{**proof, "X-Signature": proof["X-Signature"].upper()}, **headers) == first
    assert Event.objects.count() == 1


def test_a_retry_signed_anew_is_a_repeat_by_its_key_and_its_signature_counts_too(door) -> None:
    url = door("s", guard={"type": "hmac", "timestamp_header": "X-Time"})
    now = int(time.time())
    first = fire(url, b"{}", **signed("s", b"{}", now), **{"Idempotency-Key": "k"})
    assert fire(url, b"{}", **signed("s", b"{}", now + 1), **{"Idempotency-Key": "k"}) == first
    assert fire(url, b"{}", **signed("s", b"{}", now + 1), **{"Idempotency-Key": "fresh"}) == first
    assert Event.objects.count() == 1


def test_a_replay_under_another_content_type_is_refused(door) -> None:
    url = door("s", guard={"type": "hmac"})
    fire(url, b"{}", **signed("s", b"{}"))
    again = Client().post(path_of(url), b"{}", content_type="text/plain", headers=signed("s", b"{}"))
    assert again.status_code == 422 and Event.objects.count() == 1


def test_equal_bodies_are_two_events_where_the_author_says_so(door) -> None:
    url = door("s", guard={"type": "hmac", "once": False})
    assert [fire(url, b"{}", **signed("s", b"{}"))[0] for _ in range(2)] == [202, 202]
    assert Event.objects.count() == 2


def test_a_key_that_names_a_signature_blocks_nothing(door) -> None:
    url = door("s", guard={"type": "hmac"})
    proof = signed("s", b"{}")
    fire(url, b"{}", **signed("s", b"{}"), **{"Idempotency-Key": signed("s", b'{"b":1}')["X-Signature"]})
    assert fire(url, b'{"b":1}', **signed("s", b'{"b":1}'))[0] == 202
    assert proof and Event.objects.count() == 2


def test_the_signature_of_a_get_covers_its_query(door) -> None:
    url = door("s", guard={"type": "hmac"})
    good = signed("s", b"amount=1")
    assert Client().get(path_of(url) + "?amount=1", headers=good).status_code == 202
    assert Client().get(path_of(url) + "?amount=1000", headers=good).status_code == 401


def test_every_key_of_an_event_leads_to_it(door) -> None:
    url = door("s", guard={"type": "hmac"})
    request_id = fire(url, b"{}", **signed("s", b"{}"), **{"Idempotency-Key": "k"})[1]["request_id"]
    assert {str(pk) for pk in IdempotencyKey.objects.values_list("event_id", flat=True)} == {request_id}
    assert IdempotencyKey.objects.count() == 2


def test_of_entries_with_a_common_key_in_one_commit_the_first_is_written_and_no_key_of_the_others(story) -> None:
    def entry(number: int, *keys: str) -> EventRow:
        event = {"id": uuid.UUID(int=number), "received_at": NOW, "state": "received", "reason": "", "tries": 0, "depth": 0,
                 "workspace_id": Trigger.objects.first().workspace_id, "kind": "k", "source_kind": "s", "source_id": "1",
                 "environment": "live", "content_type": "", "raw": b"", "body": {}}  # fmt: skip
        seen = {"event_id": event["id"], "answer": {}, "first_seen": NOW, "fingerprint": "f"}
        return EventRow(event, tuple({"door": "d", "key": key, **seen} for key in keys), [])

    entries = [entry(1, "s1", "k1"), entry(2, "s1", "k2"), entry(3, "s3", "k1"), entry(4), entry(5, "s5", "k5")]
    fates = ["written", "repeat", "repeat", "written", "written"]
    assert store.insert_events(entries) == fates
    assert set(IdempotencyKey.objects.values_list("key", flat=True)) == {"s1", "k1", "s5", "k5"}
    assert {pk.int for pk in Event.objects.values_list("pk", flat=True)} == {1, 4, 5}


def test_a_database_that_is_away_is_503_with_a_time_to_come_back(story) -> None:
    def gone(*_: object) -> None:
        raise OperationalError("the server closed the connection")

    with connection.execute_wrapper(gone):
        answer = Client().post(path_of(story.webhook_live), b"{}", content_type="application/json")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")


# Addresses


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("203.0.113.7", 202),
        ("203.0.113.8", 403),
        ("2001:db8::5", 202),
        ("::ffff:203.0.113.7", 202),
        ("", 403),
        ("x", 403),
    ],
)
def test_only_listed_senders_come_in(door, address: str, status: int) -> None:
    url = door(senders=["203.0.113.7", "2001:db8::/32"])
    answer = Client().post(path_of(url), b"{}", content_type="application/json", REMOTE_ADDR=address)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("connected", "forwarded", "found"),
    [
        ("10.0.0.1", "203.0.113.7", "203.0.113.7"),
        ("10.0.0.1", "6.6.6.6, 203.0.113.7, 10.0.0.2", "203.0.113.7"),
        ("198.51.100.1", "203.0.113.7", "198.51.100.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", ""),
        ("", "203.0.113.7", ""),
    ],
)
def test_a_forwarded_address_counts_only_from_our_own_proxies(connected: str, forwarded: str, found: str) -> None:
    assert sender(connected, forwarded, ["10.0.0.0/8"]) == found
    assert not is_listed(found, [])


@pytest.mark.parametrize("networks", [["example.com"], ["1.2.3.4/40"], [""], ["1.2.3.4"] * 101])
def test_a_list_of_senders_that_cannot_be_read_is_a_problem_of_the_drawing(workspace, networks: list) -> None:
    start = draw.webhook("start", senders=networks)
    found = publishing.defects(publishing.create(workspace, "W"), parse_graph({"nodes": [start]}))
    assert any(p.node == "start" and p.field.startswith("senders") and p.severity == "error" for p in found)


# Schemas

ORDER = {
    "type": "object",
    "required": ["order_id"],
    "properties": {
        "order_id": {"type": "string", "pattern": "^A-[0-9]+$"},
        "amount": {"$ref": "#/$defs/amount"},
        "lines": {"type": "array", "items": {"type": "object", "required": ["sku"]}, "uniqueItems": True},
        "pattern": {"type": "string"},
    },
    "$defs": {"amount": {"type": "number", "minimum": 0, "multipleOf": 0.01}},
}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "order_id"),
        ({"order_id": 1}, "order_id"),
        ({"order_id": "B-1"}, "order_id"),
        ({"order_id": "A-1", "amount": -1}, "amount"),
        ({"order_id": "A-1", "lines": [{"sku": 1}, {}]}, "lines.1.sku"),
        ({"order_id": "A-1", "lines": [{"sku": 1}, {"sku": 1}]}, "lines"),
        ({"order_id": "A-1", "pattern": 3}, "pattern"),
    ],
)
def test_a_payload_that_does_not_fit_is_422_and_names_the_field(door, body: dict, field: str) -> None:
    status, answer = fire(door(payload_schema=json.dumps(ORDER)), body)
    assert (status, answer["field"]) == (422, field)
    assert field in answer["error"] and not Event.objects.exists()


def test_a_payload_that_fits_comes_in(door) -> None:
    assert (
        fire(door(payload_schema=json.dumps(ORDER)), {"order_id": "A-1", "amount": 1.5, "lines": [{"sku": 1}]})[0]
        == 202
    )


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"$ref": "http://169.254.169.254/latest"}, "leads nowhere"),
        ({"properties": {"a": {"$ref": "file:///etc/passwd"}}}, "leads nowhere"),
        ({"$ref": "other.json#/a"}, "leads nowhere"),
        ({"$ref": "#/$defs/no"}, "leads nowhere"),
        ({"$id": "http://example.com/x"}, "not taken"),
        ({"$dynamicRef": "http://example.com/x"}, "not taken"),
        ({"$schema": "http://example.com/mine"}, "2020-12"),
        ({"pattern": "(a+)+\\1"}, "RE2"),
        ({"pattern": "a" * 257}, "longer"),
        ({"patternProperties": {"a": {}}}, "not taken"),
        ({"type": "strin"}, "not a JSON Schema"),
        ({"required": "a"}, "not a JSON Schema at required"),
        ({"enum": ["x" * 70_000]}, "64 KiB|65536"),
        (json.loads('{"not":' * 40 + "{}" + "}" * 40), "nested"),
    ],
)
def test_a_schema_that_cannot_be_applied_is_refused_when_it_is_saved(schema: dict, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Webhook.model_validate({"payload_schema": json.dumps(schema)})


TWICE = {
    "$defs": {f"d{i}": {"allOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(60)} | {"d60": {"type": "object"}}
}
COSTLY = {
    "itself": ({"$ref": "#"}, {}),
    "twice sixty times": ({"$ref": "#/$defs/d0", **TWICE}, {}),
    "every item against many": (
        {"properties": {"body": {"items": {"allOf": [{"minLength": 0}] * 2500}}}},
        {"body": [1] * 300_000},
    ),
    "a long text against many": (
        {"properties": {"a": {"anyOf": [{"type": "integer"}] * 3000}}},
        {"a": "x" * 1_000_000},
    ),
    "many patterns": ({"properties": {"a": {"allOf": [{"pattern": "^(a+)+$"}] * 1500}}}, {"a": "a" * 1_000_000 + "b"}),
    "unlike items": ({"properties": {"a": {"uniqueItems": True}}}, {"a": [*range(100_000), *map(str, range(100_000))]}),
    "many required": (
        {"additionalProperties": {"required": [str(i) for i in range(5000)]}},
        {str(i): {} for i in range(9000)},
    ),
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_costly_schema_ends_soon_and_never_raises(name: str) -> None:
    schema, document = COSTLY[name]
    began = time.process_time()
    payload_schema.misfit(document, payload_schema.as_schema(json.dumps(schema)))
    assert time.process_time() - began < 3


# Rates


def test_a_full_bucket_lets_a_burst_in_and_then_so_many_a_second(payments) -> None:
    rate = Rate(per_second=2, burst=5)
    assert [limiter.wait_s(payments.trigger_id, "live", rate, NOW) for _ in range(7)] == [0] * 5 + [1, 1]
    second = NOW + timedelta(seconds=1)
    assert [limiter.wait_s(payments.trigger_id, "live", rate, second) for _ in range(3)] == [0, 0, 1]
    assert limiter.wait_s(payments.trigger_id, "test", rate, NOW) == 0


def test_processes_share_one_bucket(payments) -> None:
    rate = Rate(per_second=20, burst=100)
    let_in = 0
    for _ in range(20):
        limiter.forget()
        let_in += sum(limiter.wait_s(payments.trigger_id, "live", rate, NOW) == 0 for _ in range(10))
    assert 45 <= let_in <= 100
    assert Bucket.objects.get().tokens >= 0


def test_most_requests_cost_no_query_for_their_rate_and_refused_ones_none(payments) -> None:
    rate = Rate(per_second=100, burst=1000)
    limiter.wait_s(payments.trigger_id, "live", rate, NOW)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        let_in = sum(limiter.wait_s(payments.trigger_id, "live", rate, NOW) == 0 for _ in range(5000))
    assert let_in == 999
    assert len(queries) <= 3 * 110, "a handful is a transaction"


def test_many_threads_take_no_more_than_the_bucket_holds(payments) -> None:
    limiter.wait_s(payments.trigger_id, "live", Rate(per_second=1, burst=10_000), NOW)
    limiter.forget()
    hand = limiter._hands.setdefault(
        (payments.trigger_id, "live"), limiter._Hand(tokens=1000, shut_until=NOW.timestamp() + 9)
    )
    found: list[int] = []
    threads = [
        threading.Thread(
            target=lambda: found.extend(
                limiter.wait_s(payments.trigger_id, "live", Rate(per_second=1, burst=10_000), NOW) for _ in range(100)
            )
        )
        for _ in range(20)
    ]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert (found.count(0), hand.tokens) == (1000, 0)


def test_too_many_requests_are_429_with_a_time_to_come_back(door) -> None:
    url = door(rate={"per_second": 0.1, "burst": 2})
    assert [fire(url)[0] for _ in range(3)] == [202, 202, 429]
    answer = Client().post(path_of(url), b"{}", content_type="application/json")
    assert answer.status_code == 429 and 1 <= int(answer["Retry-After"]) <= 10
    assert Event.objects.count() == 2


def test_the_installation_s_rate_holds_where_the_trigger_says_nothing(story, settings) -> None:
    settings.DOOR_PER_S, settings.DOOR_BURST = 1, 3
    assert [fire(story.webhook_live)[0] for _ in range(4)] == [202, 202, 202, 429]
    assert fire(story.webhook_test)[0] == 202
    settings.DOOR_PER_S = 0
    limiter.forget()
    assert {fire(story.webhook_live)[0] for _ in range(20)} == {202}


# The request log


def logged() -> list[tuple[str, int]]:
    return list(LoggedRequest.objects.order_by("id").values_list("outcome", "status"))


def test_the_log_says_what_became_of_each_request(door) -> None:
    url = door("s3cret", guard={"type": "bearer"})
    good = {"Authorization": "Bearer s3cret"}
    answer = fire(url, **good, **{"Idempotency-Key": "k"})[1]
    fire(url, **good, **{"Idempotency-Key": "k"})
    fire(url, {"x": 1}, **good, **{"Idempotency-Key": "k"})
    fire(url, b"{", **good)
    fire(url)
    assert logged() == [("accepted", 202), ("duplicate", 202), ("refused", 422), ("refused", 400), ("refused", 401)]
    first, second, *_, last = LoggedRequest.objects.order_by("id")
    assert str(first.event_id) == str(second.event_id) == answer["request_id"]
    assert (last.reason, last.address, last.event_id) == ("The bearer check failed.", "127.0.0.1", None)


def test_what_is_shut_or_unreadable_is_logged_too(story, payments, workspace) -> None:
    chunked(story.webhook_live, io.BytesIO(b"{}"), ends=False)
    publishing.pause(payments, by=None)
    fire(story.webhook_live)
    fire(f"http://x/in/live/{publishing.create(workspace, 'Empty').trigger.live_token}")
    fire("http://x/in/live/" + "a" * 43)
    assert logged() == [("refused", 411), ("refused", 423), ("refused", 409)]


def test_the_log_holds_no_value_of_the_payload(door) -> None:
    url = door(payload_schema='{"properties": {"card": {"type": "integer"}}}')
    fire(url, {"card": "4111 1111 1111 1111"})
    assert "4111" not in json.dumps(list(LoggedRequest.objects.values()), default=str)


def test_a_flood_of_refusals_leaves_a_few_rows_that_count_it(story) -> None:
    trigger = Trigger.objects.first()
    scope = request_log.LogScope(trigger.workspace_id, trigger.pk, "live")
    refused = request_log.Disposition("refused", 401, "no")
    for _ in range(5000):
        request_log.record(scope, IncomingRequest(method="POST"), refused, NOW)
    found = list(LoggedRequest.objects.values_list("times", flat=True))
    assert len(found) <= 35
    assert 2500 <= sum(found) <= 5000
    request_log.record(scope, IncomingRequest(method="POST"), refused, NOW + timedelta(minutes=1))
    assert LoggedRequest.objects.count() == len(found) + 1


def test_accepted_requests_are_all_kept_whatever_was_refused(story) -> None:
    for _ in range(30):
        fire(story.webhook_live, b"{")
    fire(story.webhook_live)
    assert logged()[-1] == ("accepted", 202)


def test_the_log_is_trimmed_by_age_and_by_size(story, settings, monkeypatch) -> None:
    monkeypatch.setattr(request_log, "BATCH", 3)
    trigger = Trigger.objects.first()
    scope = request_log.LogScope(trigger.workspace_id, trigger.pk, "live")
    for day in range(20):
        request_log.record(
            scope,
            IncomingRequest(method="POST"),
            request_log.Disposition("accepted", 202),
            NOW - timedelta(days=day),
        )
    assert request_log.trim(NOW) == 6
    settings.REQUEST_LOG_ROWS = 5
    assert request_log.trim(NOW) == 9
    assert LoggedRequest.objects.count() == 5
    assert min(LoggedRequest.objects.values_list("at", flat=True)) == NOW - timedelta(days=4)


def test_the_log_stands_in_the_admin_read_only(story, owner) -> None:
    fire(story.webhook_live)
    client = Client()
    client.force_login(owner)
    assert "accepted" in client.get(reverse("admin:triggers_loggedrequest_changelist")).content.decode().lower()
    page = client.get(reverse("admin:triggers_loggedrequest_change", args=[LoggedRequest.objects.get().pk]))
    assert page.status_code == 200 and b'type="submit"' not in page.content.split(b'id="content-main"')[1]
    assert not site._registry[LoggedRequest].has_add_permission(None)
