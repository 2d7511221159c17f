"""The contract of every provider: what each makes of a server that behaves and of servers that do not."""

import contextlib
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from apps.common.effects import Answer, Capture, HttpCall, Mail, NoAnswer
from apps.common.trouble import Refused
from apps.egress import client, mailer
from apps.providers.contract import CHANNELS, Message, Provider, Result
from apps.providers.registry import PROVIDERS
from tests.support.raw import Raw, Script, Server, answering, certificate, reset

DOES = (
    "accepts",
    "nothing-listens",
    "hangs",
    "resets",
    "drips",
    "says-later",
    "fails-inside",
    "not-the-protocol",
    "says-never",
)
ADDRESSES = {"sms": "+919800000001", "email": "asha@example.com", "push": "device-1", "whatsapp": "+919800000001"}


class Case(NamedTuple):
    """How a provider is tried: its settings for a port, what a server does, and what must follow."""

    settings: Callable[[int], dict[str, Any]]
    servers: dict[str, Script]
    kinds: dict[str, str]


def http(status: str, body: bytes = b"{}") -> Script:
    return answering(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)


def hanging(raw: Raw, link: socket.socket) -> None:
    raw.read(link)
    link.recv(1)


def resetting(raw: Raw, link: socket.socket) -> None:
    raw.read(link)
    reset(link)


def dripping(raw: Raw, link: socket.socket) -> None:
    raw.read(link)
    with contextlib.suppress(OSError):
        while True:
            link.sendall(b"H")
            time.sleep(0.1)


def smtp(at_end: str | Script) -> Script:
    """A mail server that is fine until the message's last dot; then it says this, or does that."""

    def script(raw: Raw, link: socket.socket) -> None:
        with link.makefile("rb") as lines:
            link.sendall(b"220 hello\r\n")
            for line in lines:
                if line[:4].lower() == b"data":
                    link.sendall(b"354 go on\r\n")
                    raw.got.append(b"".join(iter(lines.readline, b".\r\n")))
                    if callable(at_end):
                        return at_end(raw, link)
                    link.sendall(f"{at_end}\r\n".encode())
                else:
                    link.sendall(b"250 fine\r\n")

    return script


def silent(raw: Raw, link: socket.socket) -> None:
    link.recv(1)


def drip(raw: Raw, link: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            link.sendall(b"2")
            time.sleep(0.1)


CASES = {
    "http_gateway": Case(
        settings=lambda port: {"url": f"http://127.0.0.1:{port}/send", "timeout_s": 1, "token": "s3cret-token"},
        servers={
            "accepts": http("200 OK"),
            "hangs": hanging,
            "resets": resetting,
            "drips": dripping,
            "says-later": http("429 Slow down"),
            "fails-inside": http("500 No"),
            "not-the-protocol": answering(b"SSH-2.0-OpenSSH\r\n"),
            "says-never": http("400 No"),
        },
        kinds={"fails-inside": "unknown", "not-the-protocol": "unknown"},
    ),
    "smtp": Case(
        settings=lambda port: {"host": "127.0.0.1", "port": port, "security": "none", "sender": "shop@example.com"},
        servers={
            "accepts": smtp("250 kept"),
            "hangs": smtp(silent),
            "resets": smtp(lambda raw, link: reset(link)),
            "drips": smtp(drip),
            "says-later": smtp("451 later"),
            "fails-inside": smtp("451 disk full"),
            "not-the-protocol": smtp("what?"),
            "says-never": smtp("554 never"),
        },
        kinds={"fails-inside": "temporary_failure", "not-the-protocol": "unknown"},
    ),
    "capture": Case(settings=lambda port: {}, servers={}, kinds=dict.fromkeys(DOES, "accepted")),
}
EXPECTED = {
    "accepts": "accepted",
    "nothing-listens": "temporary_failure",
    "hangs": "unknown",
    "resets": "unknown",
    "drips": "unknown",
    "says-later": "temporary_failure",
    "says-never": "permanent_failure",
}
EACH = pytest.mark.parametrize("kind", sorted(PROVIDERS.all()))


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailer, "TIMEOUT_S", 1.0)
    monkeypatch.setattr(mailer, "WHOLE_S", 2.0)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def message(provider: type[Provider]) -> Message:
    channel = provider.channels[0]
    return Message(channel=channel, address=ADDRESSES[channel], subject="Hi", text="Your code is 1234", key="run-1-sms")


def attempt(provider: Provider) -> Result:
    """Prepare, hand over, read: as a worker does."""
    effect = provider.prepare(message(type(provider)))
    match effect:
        case HttpCall():
            return provider.read(client.send(effect))
        case Mail():
            return provider.read(mailer.deliver(effect))
        case Capture():
            return provider.read(Answer(status=200))


def test_each_provider_is_tried() -> None:
    assert set(CASES) == set(PROVIDERS.all())


@EACH
@pytest.mark.parametrize("does", DOES)
def test_whatever_a_server_does_is_read_rightly_and_in_time(server: Server, kind: str, does: str) -> None:
    case = CASES[kind]
    script = case.servers.get(does)
    port = server(script).port if script else free_port()
    began = time.monotonic()
    result = attempt(PROVIDERS.all()[kind].model_validate(case.settings(port)))
    assert result.kind == case.kinds.get(does, EXPECTED.get(does, "")), result
    assert result.why and "\x00" not in result.why
    assert time.monotonic() - began < 4.5  # its own limit, and what parting from a mail server may take


@EACH
def test_the_same_message_is_prepared_alike_and_says_its_key(kind: str) -> None:
    provider = PROVIDERS.all()[kind].model_validate(CASES[kind].settings(8080))
    first, again = (provider.prepare(message(type(provider))) for _ in range(2))
    assert first == again
    if not isinstance(first, Capture):
        assert "run-1-sms" in first.model_dump_json()


@EACH
@pytest.mark.parametrize("answer", [NoAnswer(kind="not_sent", reason="r"), NoAnswer(kind="ambiguous", reason="r")])
def test_what_was_never_sent_comes_again_and_what_may_have_been_sent_does_not(kind: str, answer: NoAnswer) -> None:
    provider = PROVIDERS.all()[kind].model_validate(CASES[kind].settings(8080))
    if CASES[kind].servers:
        assert provider.read(answer).kind == ("temporary_failure" if answer.kind == "not_sent" else "unknown")


@EACH
def test_secrets_are_named_and_no_text_of_the_account_shows_them(kind: str) -> None:
    cls = PROVIDERS.all()[kind]
    provider = cls.model_validate({**CASES[kind].settings(8080), **dict.fromkeys(cls.secret_fields(), "c4nary-secret")})
    assert set(provider.secrets()) <= {"c4nary-secret"}
    assert "c4nary" not in repr(provider) + provider.model_dump_json()
    assert set(cls.channels) <= set(CHANNELS)


@pytest.mark.parametrize("greeting", [b"what?\r\n", b"250 too early\r\n", b"SSH-2.0-OpenSSH\r\n", b"354 go on\r\n"])
def test_a_mail_server_that_greets_with_nonsense_has_taken_nothing(server: Server, greeting: bytes) -> None:
    def script(raw: Raw, link: socket.socket) -> None:
        link.sendall(greeting)
        link.recv(1000)

    case = CASES["smtp"]
    assert (
        attempt(PROVIDERS.all()["smtp"].model_validate(case.settings(server(script).port))).kind == "temporary_failure"
    )


@pytest.mark.parametrize(
    ("reply", "kind"),
    [(b"250 fine", "temporary_failure"), (b"what?", "temporary_failure"), (b"503 no", "permanent_failure")],
)
def test_a_mail_server_that_does_not_ask_for_the_message_has_not_got_it(server: Server, reply, kind: str) -> None:
    def script(raw: Raw, link: socket.socket) -> None:
        link.sendall(b"220 hello\r\n")
        with link.makefile("rb") as lines:
            for line in lines:
                link.sendall((reply if line[:4].lower() == b"data" else b"250 fine") + b"\r\n")

    case = CASES["smtp"]
    assert attempt(PROVIDERS.all()["smtp"].model_validate(case.settings(server(script).port))).kind == kind


@pytest.mark.parametrize("address", ["asha", "a@b@c", "a\n@example.com", "x" * 321 + "@example.com", ""])
def test_an_address_that_is_none_is_refused_before_anything_is_sent(address: str) -> None:
    provider = PROVIDERS.all()["smtp"].model_validate(CASES["smtp"].settings(25))
    with pytest.raises(Refused, match="no e-mail address"):
        provider.prepare(Message(channel="email", address=address, text="hi", key="k"))


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """A server's certificate that is trusted in this test."""
    context, file = certificate(tmp_path, "127.0.0.1")
    monkeypatch.setattr(ssl, "create_default_context", lambda: ssl_trusting(file))
    return context


def ssl_trusting(file: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(file)
    return context


def account(port: int, **more: str) -> Provider:
    return PROVIDERS.all()["smtp"].model_validate({**CASES["smtp"].settings(port), **more})


def test_mail_goes_out_over_tls_from_the_first_byte(server: Server, tls: ssl.SSLContext) -> None:
    raw = server(smtp("250 kept"), tls=tls)
    assert attempt(account(raw.port, security="tls")).kind == "accepted"
    assert b"Your code is 1234" in raw.got[0]


def test_mail_is_encrypted_before_it_signs_in(server: Server, tls: ssl.SSLContext) -> None:
    said: list[bytes] = []

    def script(raw: Raw, link: socket.socket) -> None:
        link.sendall(b"220 hello\r\n")
        while not (line := link.recv(1000)).lower().startswith(b"starttls"):
            said.append(line)
            link.sendall(b"250-hello\r\n250 STARTTLS\r\n")
        link.sendall(b"220 go on\r\n")
        safe = tls.wrap_socket(link, server_side=True)
        with safe, safe.makefile("rb") as lines:
            for line in lines:
                raw.got.append(line)
                verb = line[:4].lower()
                answers = {b"ehlo": b"250-hello\r\n250 AUTH PLAIN", b"auth": b"235 in", b"data": b"354 go on"}
                safe.sendall(answers.get(verb, b"250 fine") + b"\r\n")
                if verb == b"data":
                    b"".join(iter(lines.readline, b".\r\n"))
                    safe.sendall(b"250 kept\r\n")

    raw = server(script)
    result = attempt(account(raw.port, security="starttls", username="shop", password="c4nary"))
    assert result.kind == "accepted", result
    assert not any(b"AUTH" in line for line in said) and any(line.startswith(b"AUTH PLAIN") for line in raw.got)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_mail_server_whose_certificate_nobody_vouches_for_gets_nothing(
    server: Server, tmp_path: Path, security: str
) -> None:
    context, _ = certificate(tmp_path, "127.0.0.1")
    raw = server(smtp("250 kept"), tls=context if security == "tls" else None)
    assert attempt(account(raw.port, security=security)).kind == "temporary_failure"
    assert raw.got == []
