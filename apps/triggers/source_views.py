"""The URLs of sources. No session, no CSRF: the token in the URL and the source's own check decide."""

import logging
from datetime import datetime

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from apps.database import clocks
from apps.database.away import RETRY_S, TOLD
from apps.ingress.body import Unread, body_of, unpacked
from apps.ingress.problems import OWN_WORDS
from apps.sources.doors import Answered
from apps.triggers.source_ingest import Entrance, entrance_of, take, turn_away
from apps.triggers.views import head_of

MAX_PATH = 200
log = logging.getLogger(__name__)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST", "PUT", "PATCH"])
def source(request: HttpRequest, token: str, behind: str = "") -> HttpResponse:
    """One request at a source's URL, or below it where a sender appends a path of its own."""
    now, entrance = clocks.now(), entrance_of(token)
    if entrance is None or (entrance.ends_at is not None and entrance.ends_at <= now):
        return JsonResponse({"error": "There is no such URL."}, status=404)
    if request.method == "HEAD":  # only asks whether there is such a URL
        return HttpResponse()
    try:
        return _answered(_taken(request, entrance, f"/{behind}"[:MAX_PATH], now))
    except (OperationalError, InterfaceError):
        log.exception("the database is away: a sender was asked to come again")
        return _answered(entrance.refuse(503, TOLD))


def _taken(request: HttpRequest, entrance: Entrance, path: str, now: datetime) -> Answered:
    head = head_of(request).model_copy(update={"path": path})
    try:
        body = unpacked(request, body_of(request), settings.SOURCE_BYTES)
    except Unread as error:
        return turn_away(entrance, head, error.status, error.message, now)
    return take(entrance, head.model_copy(update={"body": body}), now)


def _answered(answer: Answered) -> HttpResponse:
    """In the words that the source's sender understands, whatever the status."""
    if answer.content_type == "application/json":
        made: HttpResponse = JsonResponse(answer.body, status=answer.status, safe=False)
    else:
        made = HttpResponse(str(answer.body), status=answer.status, content_type=answer.content_type)
    setattr(made, OWN_WORDS, True)
    made["Cache-Control"] = "no-store"
    made["X-Content-Type-Options"] = "nosniff"
    if answer.status in (429, 503):
        made["Retry-After"] = str(RETRY_S)
    return made
