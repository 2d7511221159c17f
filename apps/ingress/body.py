"""The body of a request as it came over the wire: whole, or refused."""

import zlib

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest
from django.http.request import UnreadablePostError

from apps.common.bounded_json import MAX_BYTES


class Unread(Exception):
    """A body that cannot be taken; `status` and `message` are answered."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def unpacked(request: HttpRequest, body: bytes, most: int) -> bytes:
    """A body as it was before gzip, where it says so. Raises Unread for one that is none, or larger than `most`."""
    coding = request.META.get("HTTP_CONTENT_ENCODING", "identity").strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in ("gzip", "x-gzip"):
        raise Unread(415, "Compressed bodies are taken as gzip only.")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        found = unpacker.decompress(body, most + 1)
    except zlib.error:
        raise Unread(400, "The body is no gzip, whatever its Content-Encoding says.") from None
    if len(found) > most:
        raise Unread(413, f"The body is larger than {most} bytes.")
    if not unpacker.eof:
        raise Unread(400, "The gzip body broke off.")
    return found


def body_of(request: HttpRequest) -> bytes:
    """The whole body. Raises Unread for one that is too large, that broke off, or whose end nobody can tell."""
    if request.META.get("HTTP_TRANSFER_ENCODING", "").strip():
        return _chunked(request)
    promised = request.META.get("CONTENT_LENGTH") or "0"
    if not (promised.isascii() and promised.isdigit()):
        raise Unread(400, "The Content-Length is no number.")
    try:
        body = request.body
    except RequestDataTooBig:
        raise Unread(413, f"The body is larger than {MAX_BYTES} bytes.") from None
    except UnreadablePostError:
        raise Unread(400, "The body broke off.") from None
    if len(body) != int(promised[:20]):
        raise Unread(400, "The body broke off before its Content-Length.")
    return body


def _chunked(request: HttpRequest) -> bytes:
    """Without a length it ends where the server says so; a server that cannot is asked for a length."""
    if not request.META.get("wsgi.input_terminated"):
        raise Unread(411, "Send a Content-Length: chunked bodies are not taken here.")
    stream, read = request.META["wsgi.input"], bytearray()
    try:
        while len(read) <= MAX_BYTES and (more := stream.read(MAX_BYTES + 1 - len(read))):
            read += more
    except Exception:  # each server has errors of its own for chunks that make no sense
        raise Unread(400, "The chunked body broke off or is malformed.") from None
    if len(read) > MAX_BYTES:
        raise Unread(413, f"The body is larger than {MAX_BYTES} bytes.")
    return bytes(read)
