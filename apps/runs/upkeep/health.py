"""Health: alive, able to commit, and ready (database, broker, last poll, last beat)."""

from datetime import timedelta

from celery import current_app
from django.http import HttpRequest, JsonResponse

from apps.database import away, clocks, commit_check
from apps.database.ttl_cache import cached
from apps.runs.models import Beat

LIMITS = {"sweep": timedelta(seconds=15), "beat": timedelta(minutes=3)}


def live(request: HttpRequest) -> JsonResponse:
    """For a supervisor: the process answers, whatever the database does."""
    return JsonResponse({"status": "ok"})


def door(request: HttpRequest) -> JsonResponse:
    """For a balancer: whether this web process can commit what it would acknowledge, answered within two seconds."""
    trouble = commit_check.trouble() or ("" if away.FIT.is_set() else "was not looked at yet")
    told = {"status": "failing", "database": trouble} if trouble else {"status": "ok"}
    return _uncached(JsonResponse(told, status=503 if trouble else 200))


def ready(request: HttpRequest) -> JsonResponse:
    """For people. 503 names what is wrong; a dead beat delays schedules only, so it is shown and does not fail."""
    found = health_parts()
    fine = all(found.get(name) == "ok" for name in ("database", "broker", "sweep"))
    return _uncached(JsonResponse({"status": "ok" if fine else "failing", **found}, status=200 if fine else 503))


def health_parts() -> dict[str, str]:
    """Each part with `ok` or what is wrong with it."""
    found = {"database": commit_check.trouble() or "ok", "broker": _broker()}
    return found | (_beats() if found["database"] == "ok" else {})


def _uncached(answer: JsonResponse) -> JsonResponse:
    answer["Cache-Control"] = "no-store"
    return answer


@cached
def _broker() -> str:
    """One thread asks and the others tell what it knew: while a broker is away a question takes seconds."""
    try:
        with current_app.connection_for_write() as link:
            link.ensure_connection(max_retries=1, timeout=2)
    except Exception as error:
        return type(error).__name__
    return "ok"


def _beats() -> dict[str, str]:
    now = clocks.now()
    seen = dict(Beat.objects.values_list("name", "at"))
    return {name: _age(seen.get(name), now, limit) for name, limit in LIMITS.items()}


def _age(at: object, now: object, limit: timedelta) -> str:
    if at is None:
        return "never"
    return "ok" if now - at <= limit else f"last at {at:%Y-%m-%d %H:%M:%S} UTC"  # type: ignore[operator]
