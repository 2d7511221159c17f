"""What people see where a page cannot be shown: why, and a way back."""

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from apps.workspaces.models import Membership


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _page(request, "404.html", HTTPStatus.NOT_FOUND)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The sentence of whoever refused it."""
    return _page(request, "403.html", HTTPStatus.FORBIDDEN, why=str(exception))


def forged(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without its token: mostly one that stood open while somebody signed in anew."""
    return _page(request, "403_form.html", HTTPStatus.FORBIDDEN)


class WrongMethod:
    """A middleware: a page that takes only buttons, opened as a page, says so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self._get_response(request)
        if answer.status_code != HTTPStatus.METHOD_NOT_ALLOWED or answer.content:
            return answer
        shown = _page(request, "405.html", HTTPStatus.METHOD_NOT_ALLOWED)
        shown["Allow"] = answer["Allow"]
        return shown


def _page(request: HttpRequest, template: str, status: int, **facts: str) -> HttpResponse:
    return render(request, template, {"lost_in": _membership(request), **facts}, status=status)


def _membership(request: HttpRequest) -> Membership | None:
    """The workspace whose page was asked for, if it is the person's own."""
    if not hasattr(request, "user") or not request.user.is_authenticated:
        return None
    wsid = request.path.removeprefix("/w/").partition("/")[0] if request.path.startswith("/w/") else ""
    return Membership.objects.filter(user=request.user, workspace__wsid=wsid).select_related("workspace").first()
