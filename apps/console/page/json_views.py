"""Views that a page's script calls: JSON in, JSON out; what cannot be read is answered in words."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_POST
from pydantic import BaseModel, ValidationError

from apps.common.bounded_json import Malformed, loads
from apps.common.trouble import Refused
from apps.common.values import Value
from apps.engine.fault_words import plain_fault
from apps.engine.values import budget as work
from apps.engine.values.budget import budget
from apps.workspaces.tenancy import AT_ONCE

MAX_KEYS = 200_000  # a drawing of 500 blocks has about 30,000
MAX_FAULTS = 5
TOO_LARGE = "It is larger than 2 MiB: make the drawing or the payload smaller."
MOST_WORK = 5 * work.MAX_WORK  # of one question
Answering = Callable[..., dict[str, Any]]


class Nothing(Value):
    """A question that says no more than that it is asked."""


def answers(shape: type[BaseModel]) -> Callable[[Answering], Callable[..., HttpResponse]]:
    """Pass the body as a value of `shape`; answer what the view gives, and 400 with `error` for what it refuses."""

    def wrap(view: Answering) -> Callable[..., HttpResponse]:
        @require_POST
        @wraps(view)
        def inner(request: HttpRequest, *given: Any, **named: Any) -> HttpResponse:
            try:
                with budget(MOST_WORK):
                    asked = shape.model_validate(loads(request.body, MAX_KEYS))
                    return JsonResponse(view(request, *given, asked, **named))
            except RequestDataTooBig:
                return JsonResponse({"error": TOO_LARGE}, status=413)
            except IntegrityError:
                return JsonResponse({"error": AT_ONCE}, status=409)
            except ValidationError as error:
                return JsonResponse({"error": words_of(error)}, status=400)
            except (Malformed, Refused) as trouble:
                return JsonResponse({"error": f"{trouble}."}, status=400)

        return inner

    return wrap


def words_of(error: ValidationError) -> str:
    """The first faults in one line, each with its place."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    said = [f"{'.'.join(map(str, f['loc']))[:120]}: {plain_fault(f['type'], f['msg'])}" for f in faults[:MAX_FAULTS]]
    more = len(faults) - MAX_FAULTS
    return " ".join([*said, f"And {more} more."] if more > 0 else said)
