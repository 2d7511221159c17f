"""One HTTP exchange by libcurl: vetted addresses only, one wall clock, a bounded answer, connections kept."""

import socket
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import pycurl

from apps.egress import handles
from apps.egress.handles import Handle, Origin

CONNECT_S = 5.0
MAX_BODY, MAX_HEAD = 1024 * 1024, 64 * 1024
IDLE_S, IDLE_ONCE_S = 60, 1  # how long a kept connection may have rested: for repeatable calls, for others
Allowed = Callable[[str, int], bool]


class Hop(NamedTuple):
    """One request to one place: `addresses` were vetted, `host` is what the certificate must say."""

    method: str
    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    idempotent: bool = False
    http2: bool = False


class WireReply(NamedTuple):
    """What came back; `body` is decoded and holds at most MAX_BODY bytes, `truncated` says that more was there.

    `cut`: it was a success by its whole head, and the connection broke within the body.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    truncated: bool
    cut: bool = False


class NotSent(Exception):
    """Nothing of the request reached the other side."""


class Unconnected(NotSent):
    """There was not even a connection."""


class Lost(Exception):
    """The request may have arrived; no whole answer came."""


def exchange(hop: Hop, allowed: Allowed, deadline: float) -> WireReply:
    """Send and read the whole answer before `deadline` (monotonic). Raises NotSent or Lost."""
    left_ms = int((deadline - time.monotonic()) * 1000)
    if left_ms < 1:
        raise NotSent("no time was left to connect")
    origin = (hop.scheme, hop.host, hop.port, hop.http2)
    kept = handles.taken(origin, IDLE_S if hop.idempotent else IDLE_ONCE_S) or _new(origin)
    try:
        return _performed(kept, hop, _Talk(hop, allowed), left_ms)
    finally:
        handles.give_back(kept)


class _Talk:
    """What libcurl asks and tells us during one exchange."""

    def __init__(self, hop: Hop, allowed: Allowed) -> None:
        self.idempotent, self._allowed = hop.idempotent, allowed
        self.lines: list[bytes] = []
        self.body = bytearray()
        self.sockets: list[socket.socket] = []
        self.begun = self._heard = 0
        self.barred = self.truncated = self.overlong = self.headed = self.cut = False

    def open(self, purpose: int, address: Any) -> Any:
        """A socket for this address, or none: the rule decides on the very address that is connected to."""
        if not self._may(*address.addr[:2]):
            return pycurl.SOCKET_BAD
        opened = socket.socket(address.family, address.socktype, address.protocol)
        self.sockets.append(opened)
        return opened

    def begin(self, address: str, local: str, port: int, local_port: int) -> int:
        """Asked when the connection stands, new or kept, just before the request is written."""
        if not self._may(address, port) or (self.begun and not self.idempotent):
            return int(pycurl.PREREQFUNC_ABORT)
        self.begun += 1
        return int(pycurl.PREREQFUNC_OK)

    def head(self, line: bytes) -> int | None:
        self._heard += len(line)
        self.overlong = self._heard > MAX_HEAD
        if self.overlong:
            return 0
        if line.startswith(b"HTTP/"):
            self.lines, self.headed = [], False
        elif not line.strip():
            self.headed = True
        elif not self.headed:
            self.lines.append(line)
        return None

    def data(self, chunk: bytes) -> int | None:
        room = MAX_BODY - len(self.body)
        self.body += chunk[:room]
        self.truncated = len(chunk) > room
        return 0 if self.truncated else None

    def close(self) -> None:
        """Our copies of the sockets, and the answer: a kept handle knows us until its next call."""
        for opened in self.sockets:
            opened.close()
        self.lines, self.body = [], bytearray()

    def _may(self, address: str, port: int) -> bool:
        self.barred = not self._allowed(address, port)
        return not self.barred


_ALWAYS = (
    (pycurl.NOSIGNAL, 1),
    (pycurl.MAXCONNECTS, 1),
    (pycurl.MAXLIFETIME_CONN, 300),
    (pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS),
    (pycurl.FOLLOWLOCATION, 0),
    (pycurl.PROXY, ""),
    (pycurl.NETRC, pycurl.NETRC_IGNORED),
    (pycurl.SSL_VERIFYPEER, 1),
    (pycurl.SSL_VERIFYHOST, 2),
    (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
    (pycurl.USERAGENT, "Fynoflow/1"),
    (pycurl.ACCEPT_ENCODING, "gzip"),
    (pycurl.CONNECTTIMEOUT_MS, int(CONNECT_S * 1000)),
)


def _new(origin: Origin) -> Handle:
    """A handle with all that stays the same from call to call."""
    (scheme, host, port, http2), kept = origin, Handle(origin)
    version = pycurl.CURL_HTTP_VERSION_2TLS if http2 else pycurl.CURL_HTTP_VERSION_1_1
    place = [(pycurl.URL, f"{scheme}://{_bracketed(host)}:{port}/"), (pycurl.HTTP_VERSION, version)]
    for option, value in (*_ALWAYS, *kept.trust, *place):
        kept.curl.setopt(option, value)
    return kept


def _performed(kept: Handle, hop: Hop, talk: _Talk, left_ms: int) -> WireReply:
    curl = kept.curl
    for option, value in (*_asked(hop), *_spoken(talk)):
        curl.setopt(option, value)
    kept.resolve(f"{hop.host}:{hop.port}:{','.join(map(_bracketed, hop.addresses))}")
    curl.setopt(pycurl.TIMEOUT_MS, left_ms)
    try:
        _spoken_out(curl, talk)
        status = curl.getinfo(pycurl.RESPONSE_CODE)
        return WireReply(status, _headers(talk.lines), bytes(talk.body), talk.truncated, talk.cut)
    finally:
        talk.close()


def _spoken_out(curl: pycurl.Curl, talk: _Talk) -> None:
    try:
        curl.perform()
    except pycurl.error as error:
        _explain(curl, talk, error)


def _asked(hop: Hop) -> list[tuple[int, Any]]:
    """HTTPGET clears what the call before left of its method and body."""
    asked = [(pycurl.HTTPGET, 1), (pycurl.REQUEST_TARGET, hop.path), (pycurl.HTTPHEADER, _header_lines(hop))]
    if hop.body or hop.method in ("POST", "PUT", "PATCH"):
        asked.append((pycurl.POSTFIELDS, hop.body))
    if hop.method == "HEAD":
        asked.append((pycurl.NOBODY, 1))
    return [*asked, (pycurl.CUSTOMREQUEST, hop.method)]


def _header_lines(hop: Hop) -> list[bytes]:
    """As libcurl wants them: `Name;` is an empty value, `Name:` takes away what libcurl adds by itself."""
    lines = [f"{name}: {value}" if value.strip() else f"{name};" for name, value in hop.headers]
    if not any(name.lower() == "content-type" for name, _ in hop.headers):
        lines.append("Content-Type:")
    return [line.encode("latin-1") for line in [*lines, "Expect:"]]


def _spoken(talk: _Talk) -> list[tuple[int, Any]]:
    return [
        (pycurl.OPENSOCKETFUNCTION, talk.open),
        (pycurl.PREREQFUNCTION, talk.begin),
        (pycurl.HEADERFUNCTION, talk.head),
        (pycurl.WRITEFUNCTION, talk.data),
    ]


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address


def _headers(lines: list[bytes]) -> tuple[tuple[str, str], ...]:
    pairs = (line.decode("latin-1").partition(":") for line in lines)
    return tuple((name.strip(), value.strip()) for name, colon, value in pairs if colon)


def _explain(curl: pycurl.Curl, talk: _Talk, error: pycurl.error) -> None:
    """Return when the answer counts although libcurl stopped; else raise what the failure means."""
    code, words = error.args[0], str(error.args[-1])[:160]
    if talk.barred:
        raise NotSent("the address is not allowed")
    if not talk.begun or not curl.getinfo(pycurl.REQUEST_SIZE):
        raise _not_sent(code, words)
    if talk.overlong:
        raise Lost("the head of the answer is too long")
    if talk.truncated:
        return
    if code == pycurl.E_BAD_CONTENT_ENCODING:
        talk.truncated = True
        return
    if talk.headed and 200 <= curl.getinfo(pycurl.RESPONSE_CODE) < 300:
        talk.truncated = talk.cut = True
        return
    raise Lost(_why_lost(code, words))


_TLS = (
    pycurl.E_SSL_CONNECT_ERROR,
    pycurl.E_PEER_FAILED_VERIFICATION,
    pycurl.E_SSL_CERTPROBLEM,
    pycurl.E_SSL_CIPHER,
    pycurl.E_SSL_CACERT_BADFILE,
)


def _why_lost(code: int, words: str) -> str:
    if code == pycurl.E_ABORTED_BY_CALLBACK:  # we let libcurl not send it again
        return "no answer: the kept connection was closed"
    return "no whole answer in time" if code == pycurl.E_OPERATION_TIMEDOUT else f"no whole answer ({words})"


def _not_sent(code: int, words: str) -> NotSent:
    if code in _TLS:
        return NotSent(f"TLS failed: {words}")
    return Unconnected(f"could not connect{' in time' if code == pycurl.E_OPERATION_TIMEDOUT else ''}")
