"""What a run knows of a request beside its body, and what identifies the event."""

import base64
import binascii
import hashlib
from typing import Annotated, Any

from pydantic import AfterValidator

from apps.common import bounded_json
from apps.common.trouble import Malformed
from apps.engine.values.paths import MISSING, reached
from apps.engine.values.to_text import plain, to_text
from apps.ingress import form_body
from apps.ingress.request import IncomingRequest
from apps.sources.signatures import HeaderName

MAX_FACT, MAX_KEY = 1000, 255
SECRET_HEADERS = {"authorization", "cookie", "proxy-authorization"}


def _as_open_header(name: str) -> str:
    if name.lower() in SECRET_HEADERS:
        raise ValueError(f"{name} holds secrets: choose another header")
    return name


OpenHeader = Annotated[HeaderName, AfterValidator(_as_open_header)]


def facts_of(request: IncomingRequest, headers: list[str], names: list[str]) -> dict[str, dict[str, str]]:
    """The chosen headers by lower-case name, and the chosen values of the query; what is not there is empty.

    Raises Malformed for a query that cannot be read.
    """
    query = form_body.urlencoded(request.query.encode()) if names else {}
    asked = {
        "headers": {name.lower(): request.headers.get(name.lower(), "")[:MAX_FACT] for name in headers},
        "query": {name: to_text(query.get(name, ""))[:MAX_FACT] for name in names},
    }
    return {part: bounded_json.clean(values) for part, values in asked.items() if values}


def with_documents(said: dict[str, Any], fields: list[str]) -> dict[str, Any]:
    """The body, where the texts of these fields are the documents that they hold. Raises Malformed."""
    return {**said, **{name: _document(name, said[name]) for name in fields if name in said}}


def _document(name: str, value: Any) -> Any:
    """What is no text stays."""
    if not isinstance(value, str) or not value.strip():
        return value
    try:
        return bounded_json.loads(value.encode("utf-8", "replace"))
    except Malformed as error:
        raise Malformed(f"{name} holds no JSON: {error}") from None


def event_key_of(request: IncomingRequest, body: dict[str, Any], header: str, path: str) -> str:
    """The sender's own id of the event; empty where there is none."""
    shown_id = bounded_json.clean(request.headers.get(header.lower(), "").strip()) if header else ""
    found = plain(reached(body, path)) if path and not shown_id else MISSING
    key = shown_id or (to_text(found).strip() if isinstance(found, str | int | float) else "")
    return key if len(key) <= MAX_KEY else hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def basic_user(request: IncomingRequest) -> str:
    """The user of HTTP Basic; empty where there is none."""
    return basic_pair(request)[0]


def basic_pair(request: IncomingRequest) -> tuple[str, str]:
    """User and password of HTTP Basic; both empty where there is none."""
    scheme, _, shown = request.headers.get("authorization", "").strip().partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(shown.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return "", ""
    return user, password
