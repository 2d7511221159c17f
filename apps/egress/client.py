"""The one client for everything that leaves. No other module opens a connection to the outside."""

import re
import socket
import time
from functools import lru_cache, partial
from urllib.parse import quote, urlsplit

from django.conf import settings

from apps.common.effects import Answer, HttpCall, NoAnswer
from apps.egress import addresses, resolving
from apps.egress.addresses import PORTS, Blocked, Never, Target, plain_host, target_of
from apps.egress.redirects import onward
from apps.egress.resolving import Unresolved
from apps.egress.wire import Allowed, Hop, Lost, NotSent, Unconnected, exchange

LONGEST_S = 60.0
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FORBIDDEN = {"host", "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "te", "trailer"}
_FORBIDDEN |= {"expect"}
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL, _FOREIGN = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]"), re.compile(r"[^\x00-\xff]")

may_reach = lru_cache(maxsize=4096)(addresses.may_reach)


def send(call: HttpCall) -> Answer | NoAnswer:
    """Make the call within `timeout_s`, redirects included; never uses a proxy."""
    began = time.monotonic()
    deadline = began + min(call.timeout_s, LONGEST_S)
    answer = _sent(call, deadline)
    for _ in range(call.redirects):
        further = onward(call, answer) if isinstance(answer, Answer) else None
        if further is None:
            break
        call, answer = further, _redirected(_sent(further, deadline))
    if isinstance(answer, NoAnswer):
        return answer
    return answer.model_copy(update={"seconds": time.monotonic() - began})


def connect(host: str, port: int, timeout_s: float, ports: frozenset[int]) -> socket.socket:
    """A TCP connection to a vetted address, for protocols that are not HTTP. Raises Never, Blocked or OSError."""
    deadline = time.monotonic() + timeout_s
    trouble: OSError = TimeoutError()
    for address in vetted(_host_for(host, port, ports), port, ports, deadline):
        left = deadline - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((address, port), timeout=left)
        except OSError as error:
            trouble = error
    raise trouble


def _host_for(host: str, port: int, ports: frozenset[int]) -> str:
    """The host in canonical form. Raises Never."""
    try:
        plain = plain_host(host)
    except Blocked as error:
        raise Never(str(error)) from None
    if never := _never(plain, port, ports):
        raise Never(never)
    return plain


def vetted(host: str, port: int, ports: frozenset[int], deadline: float) -> tuple[str, ...]:
    """The addresses that may be connected to: every answer of the name must pass. Raises Blocked."""
    found, allowed = resolving.addresses_of(host, deadline), _rule(ports)
    if not all(allowed(address, port) for address in found):
        raise Blocked("the address is not allowed" if port in ports else f"port {port} is not allowed")
    return found


def why_never(url: str) -> str:
    """Why no call to this URL can ever be made from here, whatever its name resolves to; empty: it may be tried."""
    try:
        target = target_of(url)
    except Blocked as error:
        return str(error)
    return _never(target.host, target.port, PORTS)


def _never(host: str, port: int, ports: frozenset[int]) -> str:
    """A literal address is judged as it is; of a name only its port can be."""
    allowed = tuple(settings.OUTBOUND_ALLOW)
    if port not in ports and not any(addresses.is_port_listed(port, line) for line in allowed):
        return f"port {port} is not allowed"
    if addresses.is_literal(host) and not may_reach(host, port, ports, allowed):
        return "the address is not allowed" if port in ports else f"port {port} is not allowed"
    return ""


def _rule(ports: frozenset[int]) -> Allowed:
    return partial(may_reach, ports=ports, allow=tuple(settings.OUTBOUND_ALLOW))


def _sent(call: HttpCall, deadline: float) -> Answer | NoAnswer:
    try:
        target, headers = target_of(call.url), _checked_headers(call)
    except Blocked as error:
        return NoAnswer(kind="not_sent", reason=str(error), never=True)
    if never := _never(target.host, target.port, PORTS):
        return NoAnswer(kind="not_sent", reason=never, never=True)
    try:
        found = vetted(target.host, target.port, PORTS, deadline)
        reply = exchange(_hop(call, target, headers, found), _rule(PORTS), deadline)
    except (Blocked, NotSent) as error:
        unreached = isinstance(error, Unresolved | Unconnected)
        return NoAnswer(kind="not_sent", reason=str(error), unreached=unreached)
    except Lost as error:
        return NoAnswer(kind="ambiguous", reason=str(error))
    return Answer.model_construct(**reply._asdict(), seconds=0)


def _redirected(answer: Answer | NoAnswer) -> Answer | NoAnswer:
    """Past the first hop something has been received, so nothing is `not_sent` any more."""
    if isinstance(answer, Answer):
        return answer
    return NoAnswer(kind="ambiguous", reason=f"after a redirect: {answer.reason}")


def _hop(call: HttpCall, target: Target, headers: dict[str, tuple[str, str]], found: tuple[str, ...]) -> Hop:
    parts = urlsplit(call.url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Hop(
        method=call.method,
        scheme=target.scheme,
        host=target.host,
        port=target.port,
        path=path if path.isascii() else quote(path, safe="%/:=&?~+!$,;'@()*[]"),
        addresses=found,
        headers=tuple(headers.values()),
        body=call.body,
        idempotent=call.idempotent,
        http2=call.http2,
    )


def _checked_headers(call: HttpCall) -> dict[str, tuple[str, str]]:
    """The headers by lower name, the last of a name wins. Raises Blocked for what could change the request."""
    if call.method not in METHODS:
        raise Blocked(f"the method {call.method[:20]!r} is not allowed")
    for name, value in call.headers:
        if not _TOKEN.fullmatch(name) or name.lower() in _FORBIDDEN or name.lower().startswith("proxy-"):
            raise Blocked(f"the header {name[:80]!r} is not allowed")
        if _CONTROL.search(value):
            raise Blocked(f"the header {name[:80]!r} holds control characters")
        if _FOREIGN.search(value):
            raise Blocked(f"the header {name[:80]!r} holds characters that a header cannot carry (only Latin-1 can)")
    return {name.lower(): (name, value) for name, value in call.headers}
