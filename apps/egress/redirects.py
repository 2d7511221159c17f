"""Where a redirect leads, as a call of its own: no network here."""

from urllib.parse import quote, urljoin

from apps.common.effects import Answer, HttpCall
from apps.egress.addresses import Blocked, target_of

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TRAVEL = frozenset({"accept", "accept-language", "content-type", "user-agent"})
_ASCII = "".join(map(chr, range(33, 127)))


def onward(call: HttpCall, answer: Answer) -> HttpCall | None:
    """The call that the answer asks for. Credentials stay behind when the scheme, host or port changes."""
    location = answer.header("location")
    if answer.status not in _REDIRECTS or not location:
        return None
    url = urljoin(call.url, quote(location.encode("latin-1"), safe=_ASCII))
    method = _method(call.method, answer.status)
    keeps_body = method == call.method
    names = {name.lower() for name, _ in call.headers} if _same_place(call.url, url) else _TRAVEL
    names -= set() if keeps_body else {"content-type"}
    return call.model_copy(
        update={
            "url": url,
            "method": method,
            "body": call.body if keeps_body else b"",
            "headers": tuple((n, v) for n, v in call.headers if n.lower() in names),
        }
    )


def _method(method: str, status: int) -> str:
    if status == 303:
        return "HEAD" if method == "HEAD" else "GET"
    return "GET" if method == "POST" and status in (301, 302) else method


def _same_place(one: str, other: str) -> bool:
    try:
        return target_of(one) == target_of(other)
    except Blocked:
        return False
