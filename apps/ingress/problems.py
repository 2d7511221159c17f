"""What a machine is answered that asked for something wrong: `application/problem+json` (RFC 9457), for every path
whose callers are no people, whoever made the answer. Beside its members stands `error`, as partners read it so far.
"""

import json
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

OWN_WORDS = "own_words"  # marks an answer whose sender understands no problem but its own
MACHINES = ("/in/", "/api/")
NOT_FOUND = "There is no such URL."
KEPT = ("Retry-After", "WWW-Authenticate", "Allow", "Cache-Control", "X-Content-Type-Options", "Vary")


class Problems:
    """A middleware: errors below `MACHINES` go out as problems."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self._get_response(request)
        if (
            answer.status_code < 400
            or answer.streaming
            or not request.path.startswith(MACHINES)
            or hasattr(answer, OWN_WORDS)
        ):
            return answer
        made = JsonResponse(problem(answer), status=answer.status_code, content_type="application/problem+json")
        for name in KEPT:
            if answer.has_header(name):
                made[name] = answer[name]
        return made


def problem(answer: HttpResponse) -> dict[str, Any]:
    """`title`, `status`, `detail`, `error` (as `detail`), and `field` or `fields` where these are wrong."""
    said, status = _said(answer), answer.status_code
    words = str(said.pop("error", "") or said.pop("detail", "") or _words(said, answer))
    shared = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": words}
    more = {"field": said["field"]} if "field" in said else {"fields": said} if said else {}
    return {**shared, "error": words, **more}


def _said(answer: HttpResponse) -> dict[str, Any]:
    if not answer.get("Content-Type", "").startswith("application/json"):
        return {}
    found = json.loads(answer.content or b"{}")
    return found if isinstance(found, dict) else {}


def _words(fields: dict[str, Any], answer: HttpResponse) -> str:
    """A sentence where the answer has none: by its first field, its methods, or its status."""
    for name, told in fields.items():
        return f"{name}: {told[0] if isinstance(told, list) and told else told}"
    if answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED and answer.has_header("Allow"):
        return f"This URL takes {answer['Allow']}."
    return NOT_FOUND if answer.status_code == HTTPStatus.NOT_FOUND else f"{HTTPStatus(answer.status_code).phrase}."
