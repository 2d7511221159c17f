"""Sources of the workspace: one arrival says many things, each is recorded once, and starts each workflow once."""

import base64
import gzip
import hashlib
import hmac
import json

import pytest
from django.test import Client

from apps.channels.models import Delivery
from apps.events.models import Event
from apps.people.models import ErasureRequest, Person
from apps.runs.models import Run
from apps.triggers.models import LoggedRequest
from apps.workflows.release import publishing
from tests.support import draw
from tests.support.clock import drain
from tests.support.senders import path_for, source, started_by, tell

ORDER = {"type": "track", "messageId": "m-1", "userId": "c-42", "event": "Order Completed", "properties": {"total": 5}}


def basic(key: str) -> dict[str, str]:
    return {"authorization": f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}"}


def test_one_arrival_starts_each_workflow_that_it_fits_once(workspace, clock) -> None:
    made = source(workspace, "segment")
    fits = [
        started_by(made, type="track", name="Order Completed"),
        started_by(made, type="track"),
        started_by(made, type="any"),
    ]
    started_by(made, type="track", name="Order Cancelled")
    started_by(made, type="identify")
    started_by(source(workspace, "segment", "other"), type="track")
    assert tell(path_for(made), ORDER)[0] == 200
    drain(clock)
    assert {run.workflow for run in Run.objects.all()} == set(fits)
    assert Run.objects.count() == 3
    person = Person.objects.get()
    assert set(Run.objects.values_list("person_id", flat=True)) == {person.pk}
    parent = Event.objects.get(kind="source.fired")
    assert set(Event.objects.filter(kind="trigger.fired").values_list("root", flat=True)) == {parent.pk}
    assert Run.objects.first().event.body == ORDER


def test_a_repeat_starts_nothing_again(workspace, clock) -> None:
    made = source(workspace, "segment")
    started_by(made, type="track")
    for sent_at in ("2026-01-01T00:00:00Z", "2026-01-01T00:00:09Z"):
        assert tell(path_for(made, "/v1/batch"), {"batch": [ORDER], "sentAt": sent_at})[0] == 200
    assert tell(path_for(made, "/v1/track"), {**ORDER, "type": None})[0] == 200
    drain(clock)
    assert Run.objects.count() == 1
    assert list(LoggedRequest.objects.order_by("id").values_list("outcome", flat=True))[1:] == ["duplicate"] * 2


def test_a_batch_is_recorded_event_by_event_and_what_is_unusable_is_kept(workspace, clock) -> None:
    made = source(workspace, "segment")
    started_by(made, type="track")
    batch = [ORDER, {**ORDER, "messageId": "m-2"}, {"type": "dance", "messageId": "m-3"}, "nonsense", ORDER]
    assert tell(path_for(made, "/v1/batch"), {"batch": batch}) == (200, {"success": True})
    drain(clock)
    assert Run.objects.count() == 2
    kept = Event.objects.filter(state="ignored")
    assert sorted(kept.values_list("reason", flat=True)) == [
        "it is no object",
        'its type "dance" is none of track, identify, page, screen, group, alias',
    ]
    assert "2 not usable" in LoggedRequest.objects.get().reason


def test_a_paused_workflow_keeps_its_own_waiting_and_the_others_go_on(workspace, clock) -> None:
    made = source(workspace, "segment")
    first, second = started_by(made, type="track"), started_by(made, type="track")
    publishing.pause(first, by=None)
    tell(path_for(made), ORDER)
    drain(clock)
    assert [run.workflow for run in Run.objects.all()] == [second]
    publishing.resume(first, by=None)
    drain(clock)
    assert {run.workflow for run in Run.objects.all()} == {first, second}


def test_a_test_url_starts_the_test_version_and_makes_nobody(workspace, clock) -> None:
    made = source(workspace, "segment")
    started_by(made, type="track")
    assert tell(path_for(made, environment="test"), ORDER)[0] == 200
    drain(clock)
    assert Run.objects.get().environment == "test"
    assert not Person.objects.exists()


def test_what_nobody_listens_to_is_recorded_and_starts_nothing(workspace, clock) -> None:
    tell(path_for(source(workspace, "segment")), ORDER)
    drain(clock)
    assert Event.objects.get().state == "unmatched"
    assert not Run.objects.exists()


def test_a_rule_may_say_otherwise_whom_it_is_about(workspace, clock) -> None:
    made = source(workspace, "segment")
    started_by(made, type="track", about=[{"kind": "distinct_id", "path": "properties.buyer"}])
    tell(path_for(made), {**ORDER, "properties": {"buyer": "c-7"}})
    drain(clock)
    run = Run.objects.get()
    assert [row.value for row in Person.objects.get(pk=run.person_id).identities.all()] == ["c-7"]


def test_ten_thousand_events_in_one_request_are_taken_and_each_once(workspace) -> None:
    made = source(workspace, "rudderstack")
    batch = [{"type": "track", "event": "e", "messageId": f"m-{n}", "userId": f"u-{n % 50}"} for n in range(10_000)]
    body = gzip.compress(json.dumps({"batch": batch}).encode())
    for _ in range(2):
        assert tell(path_for(made, "/v1/batch"), body=body, **{"content-encoding": "gzip"}) == (200, "OK")
    assert Event.objects.count() == 10_000
    assert Person.objects.count() == 50


def test_a_signature_is_read_over_the_bytes_that_were_sent(workspace) -> None:
    made = source(workspace, "segment", shared_secret="s3cret")
    first = b'{"type" : "track", "messageId":"m-1", "total": 1.0, "name": "\xc3\xa9"}'
    mark = hmac.new(b"s3cret", first, hashlib.sha1).hexdigest()
    assert tell(path_for(made), body=first, **{"x-signature": mark})[0] == 200
    assert tell(path_for(made), body=b"[ " + first + b', {"type": "track"}]', **{"x-signature": mark})[0] == 200
    assert tell(path_for(made), body=first.replace(b"1.0", b"1"), **{"x-signature": mark})[0] == 401
    assert tell(path_for(made), body=first)[0] == 401
    assert Event.objects.count() == 2


def test_a_write_key_is_asked_for_and_401_is_for_a_wrong_one_only(workspace) -> None:
    made = source(workspace, "segment", write_key="wk")
    path = path_for(made, "/v1/batch")
    assert tell(path, {"batch": [ORDER]}, **basic("wk"))[0] == 200
    assert tell(path, {"batch": [ORDER], "writeKey": "wk"})[0] == 200
    assert tell(path, {"batch": [ORDER]}, **basic("other"))[0] == 401
    assert tell(path, body=b"{", **basic("wk"))[0] == 400
    assert tell(path, {"batch": 5}, **basic("wk"))[0] == 400
    assert tell(path_for(made, "/v1/dance"), {})[0] == 404
    refused = LoggedRequest.objects.filter(outcome="refused").order_by("id").first()
    assert (refused.status, refused.reason) == (401, "The write key is not that of this source.")


def test_a_url_that_is_not_there_is_told_nothing(workspace) -> None:
    made = source(workspace, "segment")
    assert [Client().head(path_for(made) + end).status_code for end in ("", "x")] == [200, 404]
    assert not Event.objects.exists()
    assert tell(path_for(made) + "x", ORDER)[0] == 404
    made.urls.update(ends_at=made.urls.first().made_at)
    assert tell(path_for(made), ORDER)[0] == 404


@pytest.mark.parametrize(
    ("body", "coding", "status"),
    [
        (gzip.compress(b"x" * 9_000_000), "gzip", 413),
        (b"no gzip", "gzip", 400),
        (gzip.compress(b"[]")[:-4], "gzip", 400),
        (b"[]", "br", 415),
    ],
    ids=["too large", "no gzip", "broken off", "another coding"],
)
def test_a_body_that_is_not_what_its_header_says_is_refused_in_words(workspace, body, coding, status) -> None:
    made = source(workspace, "segment")
    given, answer = tell(path_for(made, "/v1/batch"), body=body, **{"content-encoding": coding})
    assert given == status
    assert answer["error"]
    assert LoggedRequest.objects.get().status == status


def test_who_asks_to_be_forgotten_is_sent_nothing_more_and_stands_in_a_list(workspace, clock, story) -> None:
    made = source(workspace, "segment")
    to = [{"channel": "sms", "whose": "person"}, {"channel": "email", "address": {"text": "asha@example.com"}}]
    say = draw.send("say", event="payment_received", to=to, data=draw.rows(order_id="A-1", amount="5"))
    started_by(made, draw.delay("pause", mode="for", amount=1, unit="days"), say, type="track")
    first = {**ORDER, "context": {"traits": {"email": "asha@example.com", "phone": "+919800000001"}}}
    tell(path_for(made), first)
    drain(clock)
    assert tell(path_for(made, "/v1/batch"), {"batch": [{"type": "delete", "userId": "c-42"}]}) == (
        200,
        {"success": True},
    )
    drain(clock)
    stopped = Run.objects.get()
    assert (stopped.state, stopped.error) == ("cancelled", "cancelled by this person asked to be forgotten")
    assert ErasureRequest.objects.get().person == Person.objects.get()
    tell(path_for(made), {**first, "messageId": "m-2"})
    drain(clock)
    clock.forward(days=2)
    drain(clock)
    assert set(Delivery.objects.values_list("state", "reason")) == {("skipped", "this person asked to be forgotten")}
    assert Delivery.objects.count() == 2


def test_a_test_forgets_nobody_and_a_stranger_makes_no_person(workspace, clock) -> None:
    made = source(workspace, "segment")
    tell(path_for(made), ORDER)
    tell(path_for(made, environment="test"), {"type": "delete", "userId": "c-42"})
    tell(path_for(made), {"type": "delete", "userId": "c-99"})
    drain(clock)
    assert [row.known_as for row in ErasureRequest.objects.all()] == ["c-99"]
    assert Person.objects.count() == 1
