"""What an exchange means when the other side misbehaves: nothing left, all arrived, or nobody can tell."""

import gzip
import os
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from apps.common.effects import Answer, HttpCall, NoAnswer
from apps.egress import client, handles, wire
from tests.support.raw import OK, Raw, Server, always, answering, certificate, reset


def call(raw: Raw, method: str = "GET", **kwargs) -> Answer | NoAnswer:
    return client.send(HttpCall(**{"method": method, "url": raw.url, "timeout_s": 2, **kwargs}))


def kind(answer: Answer | NoAnswer) -> str:
    return answer.kind if isinstance(answer, NoAnswer) else "answered"


def test_a_reset_after_the_request_may_have_arrived(server: Server) -> None:
    def script(raw: Raw, link: socket.socket) -> None:
        raw.read(link)
        reset(link)

    raw = server(script)
    assert kind(call(raw, "POST", body=b"x")) == "ambiguous"
    assert len(raw.got) == 1


def test_a_full_queue_of_a_server_means_not_sent_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        time.sleep(0.1)
        began = time.monotonic()
        answer = client.send(HttpCall(method="POST", url=f"http://127.0.0.1:{port}/", timeout_s=0.5))
        for one in waiting:
            one.close()
    assert (kind(answer), answer.reason) == ("not_sent", "could not connect in time")
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\nten bytes!",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"hello without a head",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 12_000 + b"Content-Length: 0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 4_000 + OK,
    ],
    ids=["nothing", "cut", "ssh", "no head", "no status", "long", "many", "endless 1xx"],
)
def test_half_an_answer_may_have_arrived(server: Server, answer: bytes) -> None:
    raw = server(answering(answer))
    assert kind(call(raw, "POST", body=b"x")) == "ambiguous"
    assert len(raw.got) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 201 Made\r\nContent-Length: 100\r\n\r\nten bytes!",
        b"HTTP/1.1 201 Made\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
        b"HTTP/1.1 201 Made\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello",
    ],
    ids=["cut", "cut chunk", "bad chunk"],
)
def test_a_success_whose_body_broke_off_is_a_success_that_says_so(server: Server, answer: bytes) -> None:
    raw = server(answering(answer))
    told = call(raw, "POST", body=b"x")
    assert isinstance(told, Answer) and (told.status, told.cut, told.truncated) == (201, True, True)
    assert len(raw.got) == 1


def test_a_forked_process_leaves_the_connections_of_its_parent_alone(server: Server) -> None:
    raw = server(always(OK))
    assert kind(call(raw)) == "answered"
    pid = os.fork()
    if pid == 0:
        os._exit(0 if kind(call(raw)) == "answered" else 1)
    assert os.waitpid(pid, 0)[1] == 0
    assert kind(call(raw)) == "answered"
    assert raw.links == 2  # ours, used twice, and the child's


def test_silence_ends_at_the_deadline_and_may_have_arrived(server: Server) -> None:
    def script(raw: Raw, link: socket.socket) -> None:
        raw.read(link)
        time.sleep(3)

    began = time.monotonic()
    assert kind(call(server(script), timeout_s=0.6)) == "ambiguous"
    assert 0.5 < time.monotonic() - began < 1.2


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK, 200, b"hi"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nLate: 1\r\n\r\n", 200, b"hi"),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, b"until the end"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", 500, b""),
    ],
    ids=["204", "304", "1xx", "chunked", "until close", "500"],
)
def test_whole_answers_are_read_whatever_their_framing(server: Server, answer: bytes, status: int, body: bytes) -> None:
    got = call(server(answering(answer)), "POST", body=b"x")
    assert isinstance(got, Answer) and (got.status, got.body, got.truncated) == (status, body, False)
    assert not {name.lower() for name, _ in got.headers} & {"link", "late"}


def test_a_head_has_no_body_to_wait_for(server: Server) -> None:
    raw = server(always(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"))
    answers = [call(raw, "HEAD") for _ in range(2)]
    assert [a.status for a in answers if isinstance(a, Answer)] == [200, 200]


def zipped(body: bytes, coding: bytes = b"gzip") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: %d\r\n\r\n%s" % (coding, len(body), body)


def test_a_compressed_answer_arrives_plain(server: Server) -> None:
    answer = call(server(answering(zipped(gzip.compress(b"hello " * 1000)))))
    assert isinstance(answer, Answer) and (answer.body, answer.truncated) == (b"hello " * 1000, False)


@pytest.mark.parametrize("layers", [1, 2])
def test_a_bomb_is_stopped_at_one_mebibyte(server: Server, layers: int) -> None:
    bomb = gzip.compress(bytes(300 * 1024 * 1024), compresslevel=1)
    bomb = gzip.compress(bomb) if layers == 2 else bomb
    began = time.process_time()
    answer = call(server(answering(zipped(bomb, b", ".join([b"gzip"] * layers)))), timeout_s=10)
    assert isinstance(answer, Answer) and (len(answer.body), answer.truncated) == (wire.MAX_BODY, True)
    assert time.process_time() - began < 1


def test_an_answer_that_cannot_be_decoded_still_counts(server: Server) -> None:
    answer = call(server(answering(zipped(b"this is not gzip"))), "POST")
    assert isinstance(answer, Answer) and (answer.status, answer.truncated) == (200, True)


def test_an_endless_answer_is_stopped_at_one_mebibyte(server: Server) -> None:
    def script(raw: Raw, link: socket.socket) -> None:
        raw.read(link)
        link.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            link.sendall(b"x" * 65536)

    answer = call(server(script), timeout_s=10)
    assert isinstance(answer, Answer) and (len(answer.body), answer.truncated) == (wire.MAX_BODY, True)


def test_calls_in_a_row_share_one_connection(server: Server) -> None:
    raw = server(always(OK))
    assert [kind(call(raw, method)) for method in ("GET", "POST", "PUT", "DELETE")] == ["answered"] * 4
    assert raw.links == 1


def test_a_connection_that_the_server_closed_meanwhile_harms_no_once_call(server: Server) -> None:
    raw = server(answering(OK))
    for _ in range(5):
        assert kind(call(raw, "POST", body=b"x")) == "answered"
        time.sleep(0.05)
    assert (raw.links, len(raw.got)) == (5, 5)


def closes_at_the_second(raw: Raw, link: socket.socket) -> None:
    """Answers one request and reads another, which it never answers; a new connection may do better."""
    raw.read(link)
    link.sendall(OK)
    if raw.links == 1:
        raw.read(link)


def test_a_once_call_is_never_sent_twice_by_a_kept_connection(server: Server) -> None:
    raw = server(closes_at_the_second)
    assert [kind(call(raw, "POST", body=b"x")) for _ in range(2)] == ["answered", "ambiguous"]
    assert len(raw.got) == 2


def test_a_repeatable_call_is_tried_anew_when_its_kept_connection_broke(server: Server) -> None:
    raw = server(closes_at_the_second)
    assert [kind(call(raw, "PUT", body=b"x", idempotent=True)) for _ in range(2)] == ["answered", "answered"]
    assert len(raw.got) == 3


def test_a_repeatable_call_on_a_new_connection_is_sent_once(server: Server) -> None:
    raw = server(answering(b""))
    assert kind(call(raw, "PUT", idempotent=True)) == "ambiguous"
    assert len(raw.got) == 1


@pytest.mark.parametrize(("idempotent", "links"), [(True, 1), (False, 2)])
def test_a_once_call_takes_no_connection_that_rested_for_long(server: Server, idempotent: bool, links: int) -> None:
    raw = server(always(OK))
    call(raw, idempotent=idempotent)
    time.sleep(wire.IDLE_ONCE_S + 1.1)
    assert kind(call(raw, idempotent=idempotent)) == "answered"
    assert raw.links == links


def test_the_rule_decides_on_the_very_address_that_is_connected_to(server: Server) -> None:
    raw = server(always(OK))
    hop = wire.Hop("GET", "http", "public.example.com", raw.port, "/", ("127.0.0.1",))
    with pytest.raises(wire.NotSent, match="the address is not allowed"):
        wire.exchange(hop, lambda address, port: False, time.monotonic() + 2)
    assert raw.links == 0


def test_the_rule_decides_on_kept_connections_too(server: Server) -> None:
    raw = server(always(OK))
    hop = wire.Hop("GET", "http", "public.example.com", raw.port, "/", ("127.0.0.1",))
    assert wire.exchange(hop, lambda address, port: True, time.monotonic() + 2).status == 200
    with pytest.raises(wire.NotSent, match="the address is not allowed"):
        wire.exchange(hop, lambda address, port: False, time.monotonic() + 2)
    assert len(raw.got) == 1


def test_a_name_that_moved_is_followed_by_the_next_connection(server: Server) -> None:
    first = server(answering(OK))
    second = server(answering(OK), host="127.0.0.2", port=first.port)
    for address in ("127.0.0.1", "127.0.0.2"):
        hop = wire.Hop("GET", "http", "moving.example.com", first.port, "/", (address,))
        assert wire.exchange(hop, lambda address, port: True, time.monotonic() + 2).status == 200
        time.sleep(0.05)
    assert (first.links, second.links) == (1, 1)


@pytest.fixture
def tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], ssl.SSLContext]:
    """A trusted certificate for a host."""

    def make(host: str) -> ssl.SSLContext:
        context, file = certificate(tmp_path, host)
        monkeypatch.setenv("SSL_CERT_FILE", file)
        handles.close_kept()
        return context

    return make


def test_a_trusted_certificate_is_accepted_and_the_connection_kept(server: Server, tls) -> None:
    raw = server(always(OK), tls=tls("127.0.0.1"))
    assert [kind(call(raw)) for _ in range(3)] == ["answered"] * 3
    assert raw.links == 1


def test_a_certificate_of_nobody_or_of_another_host_means_not_sent(server: Server, tls, tmp_path: Path) -> None:
    other = server(always(OK), tls=tls("other.example.com"))
    unknown = server(always(OK), tls=certificate(tmp_path, "127.0.0.1")[0])
    for raw in (other, unknown):
        answer = call(raw, "POST")
        assert isinstance(answer, NoAnswer) and answer.kind == "not_sent" and "TLS failed" in answer.reason
        assert raw.got == []


def test_a_server_without_tls_or_hanging_in_it_means_not_sent(server: Server) -> None:
    plain = server(lambda raw, link: link.sendall(b"HTTP/1.1 400 Bad\r\n\r\n"))
    silent = server(lambda raw, link: time.sleep(2))
    broken = server(lambda raw, link: reset(link))
    for raw in (plain, silent, broken):
        url = raw.url.replace("http:", "https:")
        assert kind(client.send(HttpCall(method="POST", url=url, timeout_s=0.5))) == "not_sent"


def speaks_http2(raw: Raw, link: ssl.SSLSocket) -> None:
    """Answers HTTP/2 with the two frames that it takes; else as usual."""
    if link.selected_alpn_protocol() != "h2":
        return always(OK)(raw, link)
    link.recv(65536)
    raw.got.append(b"h2")
    link.sendall(bytes.fromhex("000000040000000000"))
    link.sendall(bytes.fromhex("00000101050000000188"))
    time.sleep(0.5)


@pytest.mark.parametrize("http2", [True, False])
def test_http2_is_spoken_on_demand_only(server: Server, tls, http2: bool) -> None:
    context = tls("127.0.0.1")
    context.set_alpn_protocols(["h2", "http/1.1"])
    raw = server(speaks_http2, tls=context)
    answer = call(raw, http2=http2)
    assert isinstance(answer, Answer) and answer.status == 200
    assert (raw.got == [b"h2"]) is http2


def test_a_kept_connection_carries_nothing_over_from_one_call_to_the_next(server: Server) -> None:
    raw = server(always(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
    secret = (("Authorization", "Bearer one"), ("Content-Type", "text/one"))
    calls = [("POST", b"one", secret), ("GET", b"", ()), ("HEAD", b"", ()), ("PUT", b"two", ()), ("DELETE", b"", ())]
    for method, body, headers in calls:
        assert kind(call(raw, method, body=body, headers=headers)) == "answered"
    heads = [got.partition(b"\r\n\r\n")[0] for got in raw.got]
    assert raw.links == 1
    assert [head.split(b" ")[0] for head in heads] == [b"POST", b"GET", b"HEAD", b"PUT", b"DELETE"]
    assert [got.partition(b"\r\n\r\n")[2] for got in raw.got] == [b"one", b"", b"", b"two", b""]
    assert [b"one" in head for head in heads] == [True, False, False, False, False]
    assert [b"Content-Length: 3" in head for head in heads] == [True, False, False, True, False]
