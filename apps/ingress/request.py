"""An HTTP request that came in, as a value; and its body read by the type it says it has."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from apps.common import bounded_json, charsets
from apps.common.trouble import Malformed
from apps.common.values import Value
from apps.ingress import form_body, xml_body


class IncomingRequest(Value):
    """`headers` have lower-case names; `body` is raw; `address` is who sent it, empty where that is not known; `path`
    is what stands behind the endpoint's own URL."""

    method: str
    path: str = ""
    content_type: str = ""
    headers: dict[str, str] = {}
    query: str = ""
    body: bytes = b""
    address: str = ""

    def raw(self) -> bytes:
        """What holds the data: the body, or the query of a GET."""
        return self.query.encode() if self.method == "GET" else self.body

    def media_type(self) -> str:
        return self.content_type.split(";")[0].strip().lower()


class WrongType(ValueError):
    """A content type that this endpoint does not take."""


Reader = Callable[[IncomingRequest], Any]


def read_body(request: IncomingRequest) -> Any:
    """The body as JSON-like data. Raises Malformed or WrongType."""
    if request.method == "GET":
        return form_body.urlencoded(request.query.encode())
    if not request.body:
        return {}
    return _reader(request.media_type())(request)


def _reader(media_type: str) -> Reader:
    suffix = media_type.rpartition("+")[2] if "+" in media_type else ""
    reader = READERS.get(media_type) or SUFFIXES.get(suffix)
    if reader is None:
        known = ", ".join([*(name for name in READERS if name), "or any +json or +xml"])
        raise WrongType(
            f"Content-Type {media_type[:80]!r} is not taken here; send one of {known}, or */*+json, */*+xml"
        )
    return reader


def _json(request: IncomingRequest) -> Any:
    document = bounded_json.loads(request.body, charset=charsets.stated(request.content_type))
    return document if isinstance(document, dict) else {"body": document}


def _form(request: IncomingRequest) -> Any:
    """A form, or the JSON that some send under the type of forms, as `curl -d` does."""
    if request.body.lstrip()[:1] in (b"{", b"["):
        with suppress(Malformed):
            return _json(request)
    return form_body.urlencoded(request.body, charsets.stated(request.content_type))


def _multipart(request: IncomingRequest) -> dict[str, Any]:
    return form_body.parts(request.content_type, request.body)


def _text(request: IncomingRequest) -> dict[str, Any]:
    return {"text": bounded_json.clean(charsets.decoded(request.body, charsets.stated(request.content_type)))}


def _xml(request: IncomingRequest) -> dict[str, Any]:
    return xml_body.read_xml(request.body, charsets.stated(request.content_type))


def _untold(request: IncomingRequest) -> Any:
    """Without a type: JSON, where it is that."""
    try:
        return _json(request)
    except Malformed:
        raise WrongType("send a Content-Type: without one only JSON is taken") from None


READERS: dict[str, Reader] = {
    "application/json": _json,
    "text/json": _json,
    "application/x-www-form-urlencoded": _form,
    "multipart/form-data": _multipart,
    "text/plain": _text,
    "application/xml": _xml,
    "text/xml": _xml,
    "": _untold,
}
SUFFIXES: dict[str, Reader] = {"json": _json, "xml": _xml}
