"""Figures for Prometheus, read from the database at each scrape, so one process tells of all."""

import hmac
from collections.abc import Iterator

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from apps.database import clocks
from apps.runs.upkeep.queue_status import QueueStatus, queue_status


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """With `Authorization: Bearer METRICS_TOKEN`; 404 while no token is set."""
    if not settings.METRICS_TOKEN:
        return HttpResponse("Set METRICS_TOKEN to read the metrics.\n", status=404, content_type="text/plain")
    given = request.headers.get("Authorization", "").encode()
    if not hmac.compare_digest(given, f"Bearer {settings.METRICS_TOKEN}".encode()):
        refused = HttpResponse("Send the METRICS_TOKEN as a bearer token.\n", status=401, content_type="text/plain")
        refused["WWW-Authenticate"] = "Bearer"
        return refused
    registry = CollectorRegistry()
    registry.register(_Figures())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class _Figures:
    """A collector: what `vitals` finds now."""

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        now = clocks.now()
        found = queue_status(now)
        for name, told, column in (
            ("due", "Work that is due and not begun, counted up to 10,000.", "due"),
            ("in_hand", "Work that a worker holds.", "in_hand"),
        ):
            yield _by_lane(
                f"fynoflow_{name}", told, {queue.name: getattr(queue, column) or 0 for queue in found.queues}
            )
        waited = {queue.name: (now - queue.oldest).total_seconds() if queue.oldest else 0 for queue in found.queues}
        yield _by_lane("fynoflow_oldest_due_seconds", "How long the oldest due work waits.", waited)
        seen = GaugeMetricFamily("fynoflow_beat_age_seconds", "Since the last beat of each part.", labels=["part"])
        for name, at in found.beats.items():
            seen.add_metric([name], (now - at).total_seconds())
        yield seen
        live = [worker for worker in found.workers if not worker.is_lost(now)]
        for name, told, figure in _counts(found, len(live)):
            yield GaugeMetricFamily(f"fynoflow_{name}", told, value=figure)


def _counts(found: QueueStatus, live: int) -> list[tuple[str, str, float]]:
    return [
        ("workers", "Workers that live.", live),
        (
            "connections_held_back",
            "Connections that are paused or whose circuit breaker is open.",
            len(found.held_back),
        ),
        ("runs_need_attention", "Runs that wait for a person.", found.attention),
        ("runs_reconciling", "Runs that wait whether an answer still comes.", found.reconciling),
        ("commits_unconfirmed", "Commits that wait for a standby.", found.unconfirmed),
        ("dead_letters", "Events that could not be taken in.", found.dead_letters),
        ("messages_unknown", "Messages of the last day whose outcome is unknown.", found.unknown),
        ("messages_unknown_ratio", "Their part of the newest messages.", found.unknown_share / 100),
    ]


def _by_lane(name: str, told: str, figures: dict[str, float]) -> Metric:
    family = GaugeMetricFamily(name, told, labels=["lane"])
    for queue, figure in figures.items():
        family.add_metric([queue], figure)
    return family
