"""multipart/form-data (RFC 7578), read in linear time."""

import base64
import binascii
import quopri
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from apps.common.bounded_json import Malformed

MAX_PARTS = 1000
MAX_HEAD = 8 * 1024
_BOUNDARY = re.compile(r';[ \t]*boundary=(?:"([^"]{1,70})"|([^\s";,]{1,70}))', re.IGNORECASE)
_PARAMETER = re.compile(rb';[ \t]*([A-Za-z*]{1,20})=("[^"]*"|[^;"]*)')


@dataclass(frozen=True)
class Part:
    """A field or a file: `content` as its sender meant it, names still in their bytes."""

    name: bytes
    content: bytes
    content_type: str = ""
    filename: bytes = b""
    is_file: bool = False


def parts(content_type: str, body: bytes) -> Iterator[Part]:
    """What has a name. Raises Malformed."""
    for raw in _cut(content_type, body):
        head, _, content = raw.partition(b"\r\n\r\n")
        if len(head) > MAX_HEAD:
            raise Malformed(f"a part's head is larger than {MAX_HEAD} bytes")
        headers = dict(_headers(head))
        given = _parameters(headers.get(b"content-disposition", b""))
        if b"name" in given:
            yield Part(
                name=given[b"name"],
                content=_plain(content, headers.get(b"content-transfer-encoding", b"").strip().lower()),
                content_type=headers.get(b"content-type", b"").strip().decode("latin-1"),
                filename=given.get(b"filename", unquote_to_bytes(given.get(b"filename*", b"").rpartition(b"'")[2])),
                is_file=b"filename" in given or b"filename*" in given,
            )


def _cut(content_type: str, body: bytes) -> list[bytes]:
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise Malformed("multipart without a boundary: send `multipart/form-data; boundary=...`")
    line = b"\r\n--" + (found[1] or found[2]).encode("utf-8", "replace")
    _, *cut = (b"\r\n" + body).split(line, MAX_PARTS + 2)
    if len(cut) > MAX_PARTS + 1:
        raise Malformed(f"more than {MAX_PARTS} fields")
    if not cut or not cut[-1].startswith(b"--"):
        raise Malformed("a multipart body that does not end with its boundary and two dashes")
    return cut[:-1]


def _headers(head: bytes) -> Iterator[tuple[bytes, bytes]]:
    for line in head.split(b"\r\n"):
        title, colon, value = line.partition(b":")
        if colon:
            yield title.strip().lower(), value


def _parameters(value: bytes) -> dict[bytes, bytes]:
    return {key.lower(): text.strip().strip(b'"') for key, text in _PARAMETER.findall(value)}


def _plain(content: bytes, encoding: bytes) -> bytes:
    """As mail programs write parts (RFC 2045); anything else is as it is."""
    if encoding == b"quoted-printable":
        return quopri.decodestring(content)
    if encoding != b"base64":
        return content
    try:
        return base64.b64decode(content)
    except binascii.Error:
        raise Malformed("a part says that it is base64, and is not") from None
