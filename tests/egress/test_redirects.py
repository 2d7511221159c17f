"""Redirects are followed only when asked, each hop under the rule and the one deadline."""

import json
import time
from pathlib import Path

import pytest

from apps.common.effects import Answer, HttpCall, NoAnswer
from apps.egress import client
from apps.egress.redirects import onward
from tests.support import draw
from tests.support.clock import finish
from tests.support.raw import OK, Raw, Server, always, answering

VECTORS = json.loads((Path(__file__).parents[1] / "data" / "outbound_vectors.json").read_text())
INSIDE = [
    v["url"]
    for v in VECTORS
    if v["expect"] == "blocked" and "//" in v["url"] and ":///" not in v["url"] and v["url"].isprintable()
]
SECRET = (("Authorization", "Bearer s"), ("X-Api-Key", "s"), ("Cookie", "s"), ("Accept", "a/b"))


def to(location: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Go\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode()


def get(raw: Raw, **kwargs) -> Answer | NoAnswer:
    return client.send(HttpCall(**{"method": "GET", "url": raw.url, "timeout_s": 2, **kwargs}))


def test_redirects_are_not_followed_unless_asked(server: Server) -> None:
    there = server(always(OK))
    answer = get(server(always(to(there.url))))
    assert isinstance(answer, Answer) and answer.status == 302
    assert there.links == 0


@pytest.mark.parametrize("location", ["/b", "b", "?x=1", "//127.0.0.1:{port}/b", "{url}b", "../b", "/ü"])
def test_a_location_may_be_of_any_form(server: Server, location: str) -> None:
    raw = server(lambda raw, link: answering(to(location.format(port=raw.port, url=raw.url)), OK)(raw, link))
    answer = get(raw, redirects=1, headers=SECRET)
    assert isinstance(answer, Answer) and answer.status == 200
    assert len(raw.got) == 2 and b"Bearer s" in raw.got[1]


@pytest.mark.parametrize(
    ("status", "method", "then"),
    [
        (301, "POST", "GET"),
        (302, "POST", "GET"),
        (303, "POST", "GET"),
        (303, "PUT", "GET"),
        (307, "POST", "POST"),
        (308, "POST", "POST"),
        (302, "PUT", "PUT"),
        (308, "DELETE", "DELETE"),
    ],
)
def test_the_method_and_the_body_follow_the_status(server: Server, status: int, method: str, then: str) -> None:
    raw = server(answering(to("/b", status), OK))
    get(raw, method=method, body=b"the body", redirects=1, headers=(("Content-Type", "text/plain"),))
    assert raw.got[1].startswith(f"{then} /b ".encode())
    assert (raw.got[1].endswith(b"the body"), b"text/plain" in raw.got[1]) == ((then == method,) * 2)


def test_credentials_do_not_go_to_another_place(server: Server) -> None:
    there = server(always(OK))
    assert isinstance(get(server(always(to(there.url, 307))), redirects=1, headers=SECRET), Answer)
    assert b"Accept: a/b" in there.got[0]
    assert not any(word in there.got[0].lower() for word in (b"authorization", b"x-api-key", b"cookie"))


@pytest.mark.parametrize(
    ("url", "location", "stay"),
    [
        ("https://a.example.com/", "https://a.example.com:443/b", True),
        ("https://a.example.com/", "https://A.EXAMPLE.com./b", True),
        ("https://a.example.com/", "http://a.example.com/b", False),
        ("https://a.example.com/", "https://b.a.example.com/b", False),
        ("https://a.example.com/", "https://a.example.com:8443/b", False),
        ("https://a.example.com/", "https://a.example.com@b.example.com/", False),
    ],
)
def test_a_place_is_scheme_host_and_port(url: str, location: str, stay: bool) -> None:
    answer = Answer(status=302, headers=(("Location", location),))
    further = onward(HttpCall(method="GET", url=url, headers=SECRET), answer)
    assert further is not None and (("Cookie", "s") in further.headers) is stay


@pytest.mark.parametrize("status", [302, 307, 308])
def test_no_redirect_leads_inside(settings, server: Server, status: int) -> None:
    raw = server(always(OK))
    settings.OUTBOUND_ALLOW = [f"127.0.0.1/32:{raw.port}"]
    canary = server(always(OK), host="127.0.0.2")
    for location in [*INSIDE, canary.url, "file:///etc/passwd", "gopher://127.0.0.1/", "//[::1]/"]:
        door = server(answering(to(location, status)))
        settings.OUTBOUND_ALLOW = [f"127.0.0.1/32:{door.port}"]
        answer = get(door, redirects=3)
        assert isinstance(answer, NoAnswer) and answer.kind == "ambiguous", location
        assert "after a redirect" in answer.reason and len(door.got) == 1
    assert (raw.links, canary.links) == (0, 0)


def test_three_redirects_are_the_most(server: Server) -> None:
    raw = server(always(to("/again")))
    answer = get(raw, redirects=3)
    assert isinstance(answer, Answer) and answer.status == 302
    assert len(raw.got) == 4


def test_all_hops_share_one_deadline(server: Server) -> None:
    def slowly(raw: Raw, link) -> None:
        while raw.read(link):
            time.sleep(0.4)
            link.sendall(to("/again"))

    began = time.monotonic()
    answer = get(server(slowly), redirects=3, timeout_s=1)
    assert isinstance(answer, NoAnswer) and answer.kind == "ambiguous"
    assert time.monotonic() - began < 1.5


def test_a_step_follows_redirects_when_its_author_asks(published, clock, server: Server) -> None:
    there = server(always(OK))
    door = server(always(to(there.url)))
    for redirects, status in [(0, 302), (1, 200)]:
        url = {"text": door.url}
        call = draw.http_request("call", url=url, redirects=redirects)
        told = finish(published(call), clock)
        assert f"answered {status}" in [s.why for s in told.steps if s.node == "call"][-1]
