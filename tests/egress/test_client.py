"""Nothing inside a network is reached."""

import contextlib
import json
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from apps.common.effects import Answer, HttpCall, Mail, NoAnswer
from apps.egress import client, mailer, resolving
from apps.egress.addresses import is_listed, is_public
from tests.support.outside import Outside
from tests.support.raw import OK, Raw, Server, always

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "outbound_vectors.json").read_text())
BLOCKED = [v["url"] for v in VECTORS if v["expect"] == "blocked"]
GOOD = [v["url"] for v in VECTORS if v["expect"] == "allowed"]
GOOD += ["http://9.9.9.9:8080/", "http://[::ffff:8.8.8.8]/", "https://185.199.108.153/%2e%2e/", "http://8.8.8.8/x?y=1"]
NAMES = {"192.168.1.1.nip.io": "192.168.1.1", "localtest.me": "127.0.0.1"}


@pytest.fixture
def strict(settings) -> None:
    settings.OUTBOUND_ALLOW = []


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What the names of the world mean; a name that is not here is the documented public address."""
    known = {name: [address] for name, address in NAMES.items()}

    def getaddrinfo(host: str, port: object, **_: object) -> list[tuple]:
        found = known.get(host, ["93.184.215.14"])
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


def test_the_list_is_whole() -> None:
    assert (len(BLOCKED), len(VECTORS) - len(BLOCKED)) == (108, 10)


@pytest.mark.parametrize("url", BLOCKED)
def test_an_inside_address_is_blocked(strict, names, url: str) -> None:
    answer = client.send(HttpCall(method="GET", url=url, timeout_s=2))
    assert isinstance(answer, NoAnswer) and answer.kind == "not_sent"
    assert any(words in answer.reason for words in ("allowed", "cannot be read", "no usable host"))


@pytest.mark.parametrize("url", BLOCKED)
def test_what_no_later_try_can_reach_says_so_and_a_name_that_may_lead_elsewhere_later_does_not(
    strict, names, url: str
) -> None:
    answer = client.send(HttpCall(method="GET", url=url, timeout_s=2))
    assert isinstance(answer, NoAnswer) and answer.never == (urlsplit(url).hostname not in NAMES)
    assert client.why_never(url) == (answer.reason if answer.never else "")


@pytest.mark.parametrize("url", GOOD)
def test_a_good_url_may_be_tried(strict, url: str) -> None:
    assert client.why_never(url) == ""


@pytest.mark.parametrize("url", ["https://mail.example.com:25/", "https://8.8.8.8:22/"])
def test_a_port_that_nothing_allows_is_never_reached(settings, names, url: str) -> None:
    settings.OUTBOUND_ALLOW = ["10.0.0.0/8:25"]
    assert client.why_never(url) == ("" if ":25" in url else "port 22 is not allowed")
    settings.OUTBOUND_ALLOW = ["10.0.0.0/8:9000"]
    assert "is not allowed" in client.why_never(url)


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 25), ("mail.internal", 25), ("mail.example.com", 24)])
def test_a_mail_that_can_never_be_sent_says_so(strict, names, host: str, port: int) -> None:
    words = {
        "sender": "a@example.com",
        "to": "b@example.com",
        "subject": "",
        "text": "x",
        "message_id": "<1@example.com>",
    }
    mail = Mail(host=host, port=port, security="none", **words)
    answer = mailer.deliver(mail)
    assert isinstance(answer, NoAnswer) and answer.never


@pytest.mark.parametrize("url", GOOD)
def test_a_public_address_passes_the_rule(strict, names, url: str) -> None:
    target = client.target_of(url)
    found = client.vetted(target.host, target.port, client.PORTS, time.monotonic() + 1)
    assert all(map(is_public, found))


@pytest.fixture
def canaries() -> Iterator[list[Raw]]:
    """Listeners on the ports that calls may go to, inside: whatever connects is counted."""
    found = []
    for host in ("127.0.0.1", "::1"):
        for port in sorted(client.PORTS):
            with contextlib.suppress(OSError):
                found.append(Raw(always(OK), host=host, port=port))
    yield found
    for canary in found:
        canary.close()


def test_a_canary_inside_hears_nothing_of_all_forms(strict, canaries: list[Raw]) -> None:
    for url in BLOCKED:
        client.send(HttpCall(method="GET", url=url, timeout_s=2))
    assert canaries and [c.links for c in canaries] == [0] * len(canaries)


def test_a_name_whose_answer_changes_is_judged_anew_each_time(settings, names, server: Server) -> None:
    settings.OUTBOUND_ALLOW = ["127.0.0.1/32"]
    good = server(always(OK))
    canary = server(always(OK), host="127.0.0.2", port=good.port)
    call = HttpCall(method="GET", url=f"http://rebind.example.com:{good.port}/")
    answers = []
    for found in (["127.0.0.1"], ["127.0.0.2"], ["127.0.0.1", "127.0.0.2"], ["127.0.0.2", "127.0.0.1"], ["127.0.0.1"]):
        names["rebind.example.com"] = found
        resolving.forget()
        answers.append(isinstance(client.send(call), Answer))
    assert answers == [True, False, False, False, True]
    assert canary.links == 0


@pytest.mark.parametrize("inside", ["10.0.0.1", "::1", "fd00::1", "169.254.169.254", "::ffff:127.0.0.1", "fe80::1%2"])
def test_one_inside_answer_among_public_ones_blocks_the_name(strict, names, inside: str) -> None:
    names["mixed.example.com"] = ["93.184.215.14", inside]
    answer = client.send(HttpCall(method="GET", url="https://mixed.example.com/"))
    assert isinstance(answer, NoAnswer) and answer.reason == "the address is not allowed"


def test_a_slow_name_server_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(1.5) or [])
    began = time.monotonic()
    answer = client.send(HttpCall(method="GET", url="https://slow.example.com/", timeout_s=0.3))
    assert isinstance(answer, NoAnswer) and answer.kind == "not_sent" and "in time" in answer.reason
    assert time.monotonic() - began < 0.8


def test_a_dead_name_server_holds_one_thread_a_name_and_is_left_alone_for_a_while(monkeypatch) -> None:
    asked: list[str] = []

    def getaddrinfo(host: str, *_: object, **__: object) -> list[tuple]:
        asked.append(host)
        time.sleep(0.4)
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    call = HttpCall(method="GET", url="https://dead.example.com/", timeout_s=2)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(client.send, [call] * 20))
    assert {answer.reason for answer in [*answers, client.send(call)]} == {"the host name was not found"}
    assert asked == ["dead.example.com"]


def test_a_name_is_looked_up_once_for_calls_in_a_row(names, server: Server, monkeypatch) -> None:
    raw, plain, asked = server(always(OK)), socket.getaddrinfo, []
    names["shop.example.com"] = ["127.0.0.1"]
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *a, **k: asked.append(host) or plain(host, *a, **k))
    call = HttpCall(method="GET", url=f"http://shop.example.com:{raw.port}/")
    assert all(isinstance(client.send(call), Answer) for _ in range(3))
    assert asked == ["shop.example.com"]


@pytest.mark.parametrize(
    ("entry", "passes"),
    [
        ("127.0.0.1/32", True),
        ("127.0.0.0/8:{port}", True),
        ("127.0.0.1:{port}", True),
        ("127.0.0.1:1", False),
        ("127.0.0.2/32", False),
        ("[::1]:{port}", False),
        ("::/0", False),
    ],
)
def test_the_list_of_the_operator_holds_networks_with_or_without_a_port(settings, server, entry, passes) -> None:
    raw = server(always(OK))
    settings.OUTBOUND_ALLOW = [entry.format(port=raw.port)]
    assert isinstance(client.send(HttpCall(method="GET", url=raw.url)), Answer) is passes
    assert raw.links == int(passes)


@pytest.mark.parametrize("entry", ["[::1]:8081", "::1/128:8081", "::1", "[::]:8081", "::/0"])
def test_the_list_of_the_operator_reads_ipv6_too(entry: str) -> None:
    assert is_listed("::1", (entry,), 8081) is (entry != "[::]:8081")


def test_open_and_closed_inside_ports_are_told_apart_by_nobody(strict, outside: Outside) -> None:
    answers = [client.send(HttpCall(method="GET", url=url)) for url in (outside.url, "http://127.0.0.1:1")]
    reasons = {a.reason.replace(outside.url.rpartition(":")[2], "1") for a in answers if isinstance(a, NoAnswer)}
    assert len(reasons) == 1
    assert outside.got == []


def test_a_large_answer_is_cut_at_one_mebibyte(outside: Outside) -> None:
    outside.answer("/", (200, b"x" * (3 * 1024 * 1024)))
    answer = client.send(HttpCall(method="GET", url=outside.url + "/"))
    assert isinstance(answer, Answer) and (len(answer.body), answer.truncated) == (1024 * 1024, True)


@pytest.mark.parametrize(
    "name", ["Host", "Content-Length", "Transfer-Encoding", "Proxy-Authorization", "a b", "x\r\ny"]
)
def test_headers_that_would_change_the_request_are_refused(outside: Outside, name: str) -> None:
    answer = client.send(HttpCall(method="GET", url=outside.url, headers=((name, "x"),)))
    assert isinstance(answer, NoAnswer) and "header" in answer.reason


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\0b", "\x7f", "emoji 🙂", "नमस्ते"])
def test_header_values_that_http_cannot_carry_are_refused_in_words(server: Server, value: str) -> None:
    raw = server(always(OK))
    answer = client.send(HttpCall(method="GET", url=raw.url, headers=(("X-Name", value),)))
    assert isinstance(answer, NoAnswer) and answer.kind == "not_sent" and "'X-Name' holds" in answer.reason
    assert raw.links == 0


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "GET /x HTTP/1.1\r\nX:", "", "get"])
def test_only_methods_of_the_list_leave(server: Server, method: str) -> None:
    raw = server(always(OK))
    answer = client.send(HttpCall(method=method, url=raw.url))
    assert isinstance(answer, NoAnswer) and "method" in answer.reason and raw.links == 0


def test_a_request_arrives_as_it_was_asked_for(server: Server) -> None:
    raw = server(always(OK))
    headers = (("X-Latin", "é"), ("X-Empty", ""), ("x-twice", "1"), ("X-Twice", "2"), ("X-Semi", "a;b: c"))
    url = raw.url + "a/../b/./%2e%2e//ü?q=ü&r=a%20b[]{}|^`\"<>'#part"
    client.send(HttpCall(method="POST", url=url, headers=headers, body=b"x" * 3_000_000, timeout_s=5))
    head, _, body = raw.got[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0].startswith(b"POST /a/../b/./%2e%2e//%C3%BC?q=%C3%BC&r=a%20b[]") and b"part" not in lines[0]
    assert {b"X-Latin: \xe9", b"X-Empty:", b"X-Twice: 2", b"X-Semi: a;b: c", b"Content-Length: 3000000"} <= set(lines)
    names = [line.split(b":")[0].lower() for line in lines[1:]]
    assert not {b"expect", b"content-type", b"authorization", b"cookie"} & set(names)
    assert len(names) == len(set(names)) and body == b"x" * 3_000_000


def test_a_post_without_a_body_says_so_and_a_get_says_nothing(server: Server) -> None:
    raw = server(always(OK))
    for method in ("POST", "GET", "DELETE"):
        client.send(HttpCall(method=method, url=raw.url))
    assert [b"Content-Length: 0" in got for got in raw.got] == [True, False, False]


def test_nothing_of_the_environment_or_of_earlier_calls_goes_along(server: Server, monkeypatch, tmp_path) -> None:
    proxy = server(always(OK))
    raw = server(always(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n"))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret")
    monkeypatch.setenv("HOME", str(tmp_path))
    for _ in range(2):
        assert isinstance(client.send(HttpCall(method="GET", url=raw.url)), Answer)
    assert proxy.links == 0
    assert not any(b"authorization" in got.lower() or b"cookie" in got.lower() for got in raw.got)


@pytest.fixture(params=[b"HTTP/1.1 500 No\r\nContent-Length: 100\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "])
def drip(request) -> Iterator[str]:
    """A server that sends one byte each 0.2 s: after its headers, or within them."""

    class Slow(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            try:
                self.request.recv(1000)
                self.request.sendall(request.param)
                for _ in range(100):
                    self.request.sendall(b"x")
                    time.sleep(0.2)
            except OSError:
                pass

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Slow)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def test_a_slow_drip_is_cut_by_the_wall_clock(drip: str) -> None:
    began = time.monotonic()
    answer = client.send(HttpCall(method="GET", url=drip, timeout_s=1))
    assert isinstance(answer, NoAnswer) and answer.kind == "ambiguous"
    assert time.monotonic() - began < 2


def test_a_closed_port_means_not_sent() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    answer = client.send(HttpCall(method="GET", url=f"http://127.0.0.1:{port}/"))
    assert isinstance(answer, NoAnswer) and answer.kind == "not_sent"
