"""What a person or a sender is told while the database is away, whatever view or middleware met it."""

import logging
import sys
import threading
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string

from apps.database import bulk, commit_check
from apps.database.group_commit import DATABASE_ERRORS

RETRY_S = 5
DOORS = ("/in/", "/api/", "/metrics", "/health/")  # whose senders are no people
READS = ("GET", "HEAD", "OPTIONS")
TOLD = f"The database is away. Send again in {RETRY_S} s."
BROKEN = "An error in Fynoflow itself: it is in the log of the web process."
FIT = threading.Event()  # this process has seen that the database fits
FIT.set()
log = logging.getLogger(__name__)


def failed(request: HttpRequest) -> HttpResponse:
    """Django calls this for whatever raised; what it was still stands in `sys.exc_info`."""
    if isinstance(sys.exc_info()[1], DATABASE_ERRORS):
        return away(request)
    if request.path.startswith(DOORS):
        return JsonResponse({"error": BROKEN}, status=500)
    return HttpResponse(render_to_string("500.html"), status=500)


def away(request: HttpRequest) -> HttpResponse:
    """503, to come again."""
    if request.path.startswith(DOORS):
        answer: HttpResponse = JsonResponse({"error": TOLD}, status=503)
    else:
        context = {"typed": request.method not in READS}
        answer = HttpResponse(render_to_string("503.html", context), status=503)
    answer["Retry-After"] = str(RETRY_S)
    answer["Cache-Control"] = "no-store"
    return answer


class NotWhileAway:
    """Nobody comes in before the database is known to fit; and a page that changes something is begun only while
    commits go through, so that none waits for one without end."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not FIT.is_set() and not request.path.startswith("/health/"):
            return away(request)
        if request.method not in READS and not request.path.startswith(DOORS) and not bulk.is_sqlite():
            trouble = commit_check.trouble()
            if trouble:
                log.warning("a change was not begun: the database %s", trouble)
                return away(request)
        return self._get_response(request)
