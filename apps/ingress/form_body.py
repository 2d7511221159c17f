"""Forms as JSON-like data: of a body or query (application/x-www-form-urlencoded), and of parts (multipart/form-data).

The charset of a field is what its part says, else the Content-Type, else a field `charset`, `_charset_` or (as SendGrid
has it) `charsets`, else UTF-8. What then cannot be read is refused.
"""

from typing import Any
from urllib.parse import parse_qsl

from apps.common import bounded_json, charsets
from apps.ingress import multipart

MAX_FIELDS = 1000
_NAMING = ("_charset_", "charset")


def urlencoded(raw: bytes, charset: str = "") -> dict[str, Any]:
    """Raises Malformed."""
    try:
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_FIELDS, encoding="latin-1")
    except ValueError:
        raise bounded_json.Malformed(f"more than {MAX_FIELDS} fields") from None
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]
    meant = charset or _named(dict(fields))
    return bounded_json.gathered(
        (_text(name, meant, "a name"), _text(value, meant, "the form")) for name, value in fields
    )


def parts(content_type: str, body: bytes) -> dict[str, Any]:
    """Raises Malformed. An uploaded file leaves its name, type and size; what is in it does not come in."""
    found = list(multipart.parts(content_type, body))
    texts = {part.name: part.content for part in found if not part.is_file}
    meant = charsets.stated(content_type) or _named(texts)
    each = _each(texts.get(b"charsets", b""))
    return bounded_json.gathered((_text(part.name, meant, "a name"), _part(part, meant, each)) for part in found)


def _part(part: multipart.Part, meant: str, each: dict[str, str]) -> Any:
    if part.is_file:
        return {
            "filename": _text(part.filename, meant, "a file's name"),
            "content_type": bounded_json.clean(part.content_type[:200]),
            "size": len(part.content),
        }
    name = part.name.decode("utf-8", "replace")
    charset = charsets.stated(part.content_type) or each.get(name, "") or meant
    return _text(part.content, charset, f"the field {name[:50]}")


def _text(raw: bytes, charset: str, what: str) -> str:
    return str(bounded_json.clean(charsets.decoded(raw, charset, what)))


def _named(fields: dict[bytes, bytes]) -> str:
    """What a field says that all others are written in."""
    said = [fields.get(name.encode(), b"").decode("latin-1").strip() for name in _NAMING]
    return next((charset for charset in said if charset and charsets.is_known(charset)), "")


def _each(raw: bytes) -> dict[str, str]:
    """SendGrid's own field: a JSON object with the charset of each other field."""
    try:
        found = bounded_json.loads(raw)
    except bounded_json.Malformed:
        return {}
    rows = found.items() if isinstance(found, dict) else ()
    return {name: said for name, said in rows if isinstance(said, str) and charsets.is_known(said)}
