"""Messages leave over real servers."""

import contextlib
import json
import socket
import threading
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
from django.core.management import call_command

from apps.channels import deliveries, sending
from apps.channels.models import Attempt, CapturedMessage, Connection, Delivery
from apps.egress import mailer
from apps.notifications.models import Content
from apps.runs.worker.poller import poll_once
from tests.support import draw
from tests.support.clock import Clock, drain, finish
from tests.support.mailbox import Sink
from tests.support.outside import PAYMENT, Outside, fire
from tests.support.threads import carried_by


def by_smtp(workspace, mail) -> Sink:
    sink, controller = mail
    settings = {"host": "127.0.0.1", "port": controller.port, "security": "none", "sender": "shop@example.com"}
    carried_by(workspace, "email", "smtp", settings)
    return sink


def test_mail_goes_out_as_text_and_html(story, workspace, mail, clock: Clock) -> None:
    sink = by_smtp(workspace, mail)
    told = finish(story.webhook_live, clock, {**PAYMENT, "order_id": "<b>A-1"})
    assert {d.status for d in told.deliveries} == {"sent"}, told.deliveries
    content = sink.got[0].content.decode()
    assert "Subject: Order <b>A-1 confirmed" in content and "text/html" in content
    assert "order &lt;b&gt;A-1 comes" in content


@pytest.mark.parametrize(("reply", "state"), [("451 later", "ready"), ("554 never", "failed")])
def test_smtp_codes_say_later_or_never(story, workspace, mail, clock: Clock, reply: str, state: str) -> None:
    by_smtp(workspace, mail).reply = reply
    fire(story.webhook_live)
    while not Attempt.objects.filter(delivery__channel="email").exists():
        poll_once(clock)
    row = Delivery.objects.get(channel="email")
    assert row.state == state and row.attempts.count() == 1


def gateway(workspace, outside: Outside) -> None:
    settings = {
        "url": f"{outside.url}/sms",
        "headers": {"Authorization": "Bearer {{ token }}"},
        "body": {"to": "{{ address }}", "text": "{{ text }}"},
        "token": "t0ps3cret",
        "id_path": "message.id",
    }
    carried_by(workspace, "sms", "http_gateway", settings)


def sms(outside: Outside) -> list[dict]:
    return [g for g in outside.got if g["path"] == "/sms"]


def test_a_gateway_gets_the_message_with_a_stable_key(story, workspace, outside: Outside, clock: Clock) -> None:
    gateway(workspace, outside)
    outside.answer("/sms", (503, {}), (200, {"message": {"id": "m-7"}}))
    finish(story.webhook_live, clock)
    drain(clock)
    row = Delivery.objects.get(channel="sms")
    assert (row.state, row.attempt, row.provider_ref) == ("sent", 2, "m-7")
    assert len({g["headers"]["idempotency-key"] for g in sms(outside)}) == 1
    assert sms(outside)[0]["headers"]["authorization"] == "Bearer t0ps3cret"
    assert json.loads(sms(outside)[0]["body"])["to"] == "+919800000001"


def test_a_lost_answer_is_unknown_and_never_sent_again(story, workspace, outside: Outside, clock: Clock) -> None:
    gateway(workspace, outside)
    outside.answer("/sms", (0, None))
    finish(story.webhook_live, clock)
    clock.forward(hours=2)
    drain(clock)
    assert (len(sms(outside)), Delivery.objects.get(channel="sms").state) == (1, "unknown")


def test_the_secret_stands_nowhere_but_in_the_ciphertext(
    story, workspace, outside: Outside, clock: Clock, capsys
) -> None:
    gateway(workspace, outside)
    outside.answer("/sms", (200, {}))
    finish(story.webhook_live, clock)
    call_command("dumpdata", verbosity=0)
    assert "t0ps3cret" not in capsys.readouterr().out


class Odd:
    """A mail server of one connection that says what it is told; None: it drips for ever."""

    def __init__(self, **said: str) -> None:
        self.said, self.got = said, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        link, _ = self.listener.accept()
        with self.listener, link, contextlib.suppress(OSError), link.makefile("rb") as lines:
            link.sendall(b"220 odd\r\n")
            for line in lines:
                self.got.append(line.decode().strip())
                verb = line[:4].decode().strip().lower()
                if verb == "data":
                    link.sendall(b"354 go on\r\n")
                    while lines.readline() not in (b".\r\n", b""):
                        pass
                    verb = "end"
                self.answer(link, self.said.get(verb, "250 fine"))

    def answer(self, link: socket.socket, words: str) -> None:
        while words == "drips":
            link.sendall(b"2")
            time.sleep(0.1)
        link.sendall(words.encode() + b"\r\n")


def mailed(workspace, server: Odd, clock: Clock, story, **body: str) -> Delivery:
    settings = {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "shop@example.com"}
    carried_by(workspace, "email", "smtp", settings)
    finish(story.webhook_live, clock, {**PAYMENT, **body})
    return Delivery.objects.get(channel="email")


def test_a_server_that_is_rude_at_goodbye_has_the_message(story, workspace, clock: Clock) -> None:
    server = Odd(quit="500 never mind")
    assert mailed(workspace, server, clock, story).state == "sent"
    assert server.got.count("QUIT") <= 1


def test_an_odd_reply_is_kept_without_what_no_database_takes(story, workspace, clock: Clock) -> None:
    row = mailed(workspace, Odd(end="250 kept\0 here"), clock, story)
    assert row.state == "sent" and "\0" not in row.reason + row.provider_ref and "kept" in row.reason


def test_a_domain_with_other_letters_goes_out_in_ascii(story, workspace, clock: Clock) -> None:
    server = Odd()
    assert mailed(workspace, server, clock, story, email="asha@bücher.example").state == "sent"
    assert any("asha@xn--bcher-kva.example" in line for line in server.got)


def test_an_address_that_the_server_cannot_take_is_refused_in_words(story, workspace, clock: Clock) -> None:
    row = mailed(workspace, Odd(), clock, story, email="äsha@example.com")
    assert row.state == "failed" and "other letters" in row.reason


def test_a_mail_server_that_drips_is_cut_off_and_the_message_is_unknown(
    story, workspace, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailer, "WHOLE_S", 1.5)
    began = time.monotonic()
    row = mailed(workspace, Odd(end="drips"), clock, story)
    assert row.state == "unknown"
    assert time.monotonic() - began < 6


def test_an_emoji_in_a_header_of_the_gateway_is_refused_in_words_before_anything_is_sent(
    story, workspace, outside: Outside, clock: Clock
) -> None:
    carried_by(workspace, "sms", "http_gateway", {"url": f"{outside.url}/sms", "headers": {"X-Name": "\U0001f600"}})
    finish(story.webhook_live, clock)
    row = Delivery.objects.get(channel="sms")
    assert row.state != "unknown" and "X-Name" in row.reason and sms(outside) == []


def test_a_long_subject_is_kept_in_the_inbox_cut(story, clock: Clock) -> None:
    finish(story.webhook_live, clock, {**PAYMENT, "order_id": "x" * 1200})
    assert len(CapturedMessage.objects.get(channel="email").subject) == 1000


def test_a_mail_has_a_date_and_a_sender_of_other_letters_can_send(story, workspace, mail, clock: Clock) -> None:
    sink, controller = mail
    settings = {"host": "127.0.0.1", "port": controller.port, "security": "none", "sender": "a@münchen.example"}
    carried_by(workspace, "email", "smtp", settings)
    finish(story.webhook_live, clock)
    head = sink.got[0].content.decode().partition("\r\n\r\n")[0]
    assert "@xn--mnchen-3ya.example>" in head.partition("Message-ID: ")[2].splitlines()[0]
    assert abs(parsedate_to_datetime(head.partition("\nDate: ")[2].splitlines()[0]) - datetime.now(UTC)).seconds < 60


NEVER_SENT = {
    "a control character in a header": {"headers": {"X-To": "{{ text }}"}},
    "what no header carries": {"headers": {"X-To": "😀 {{ address }}"}},
    "a header that is not ours to set": {"headers": {"Host": "other.example"}},
}


@pytest.mark.parametrize("more", NEVER_SENT.values(), ids=NEVER_SENT)
def test_what_can_never_be_sent_is_tried_once(story, workspace, outside: Outside, clock: Clock, more: dict) -> None:
    carried_by(workspace, "sms", "http_gateway", {"url": f"{outside.url}/sms", **more})
    Content.objects.filter(channel="sms").update(text="one\ntwo")
    finish(story.webhook_live, clock)
    row = Delivery.objects.get(channel="sms")
    assert (row.state, row.attempts.count()) == ("failed", 1), row.reason
    assert "header" in row.reason


def test_a_call_that_can_never_be_sent_is_made_once(published, clock: Clock, outside: Outside) -> None:
    call = {"url": {"text": f"{outside.url}/orders"}, "headers": [{"name": "X-A", "value": {"text": "{{ a }}"}}]}
    told = finish(published(draw.http_request("call", **call)), clock, {"a": "😀"})
    assert told.status == "failed" and "retry" not in [s.outcome for s in told.steps] and not outside.got


def test_a_worker_that_was_away_since_its_claim_does_not_call(story, workspace, outside: Outside, clock: Clock) -> None:
    gateway(workspace, outside)
    Connection.objects.filter(kind="http_gateway").update(paused=True)
    finish(story.webhook_live, clock)
    Connection.objects.filter(kind="http_gateway").update(paused=False)
    held = deliveries.claim(str(Delivery.objects.get(channel="sms").pk), clock())
    clock.forward(seconds=sending.PAUSED_S + 1)
    assert sending.send(held, clock)
    row = Delivery.objects.get(channel="sms")
    assert (row.state, row.reason) == ("ready", "the worker was paused before the call")
    assert not sms(outside)


def test_a_message_whose_words_are_gone_says_so_in_words(story, workspace, outside: Outside, clock: Clock) -> None:
    gateway(workspace, outside)
    Connection.objects.filter(kind="http_gateway").update(paused=True)
    finish(story.webhook_live, clock)
    Delivery.objects.filter(channel="sms").update(content={})
    Connection.objects.filter(kind="http_gateway").update(paused=False)
    drain(clock)
    reason = Delivery.objects.get(channel="sms").reason
    assert "+9198" not in reason and "validation error" not in reason and "text" in reason
