"""Odd and broken requests at the real door and through the engine (reliability.md §4.8)."""

import pytest
from django.test import Client
from django.utils import timezone

from apps.common import bounded_json
from apps.engine.drawing.graph import parse_graph
from apps.events.models import Event, IdempotencyKey
from apps.runs.models import Run
from apps.runs.worker.poller import poll_once
from apps.triggers.models import LoggedRequest
from apps.workflows import example
from apps.workflows.release import publishing
from apps.workspaces.models import Workspace
from tests.support import draw
from tests.support.clock import Clock
from tests.support.draw import rows
from tests.support.malformed import Case, a_kibibyte, cases
from tests.support.outside import path_of
from tests.support.process import as_a_new_process
from tests.support.threads import undone

CASES = cases()
TOGETHER = 20  # in one item: each is undone before the next
REFUSED = {400, 401, 405, 411, 413, 415, 422}
DRAWING = {
    "nodes": [
        draw.webhook("start", names=[{"name": "first_sku", "path": "lines.0.sku"}]),
        draw.condition(
            "ask",
            branches=[
                {
                    "id": f"b{i}",
                    "name": f"b{i}",
                    "when": {"items": [{"type": "test", "field": field, "op": op, "value": value}]},
                }
                for i, (field, op, value) in enumerate(
                    [
                        ("amount", "greater", "10"),
                        ("when", "before", "2020-01-01"),
                        ("phone", "starts_with", "+91"),
                        ("email", "matches", "@example"),
                    ]
                )
            ],
        ),
        draw.transform("make", rows=rows(said="{{ email }} {{ amount }} {{ phone }}")),
        {"id": "stop", "kind": "stop", "settings": {}},
    ],
    "edges": [
        {"source": "start", "outlet": "next", "target": "ask"},
        *({"source": "ask", "outlet": outlet, "target": "make"} for outlet in ("b0", "b1", "b2", "b3", "else")),
        {"source": "make", "outlet": "next", "target": "stop"},
    ],
}


@pytest.fixture
def url(db) -> str:
    workspace = Workspace.objects.create(name="Company ABC")
    workflow = publishing.create(workspace, "Odd")
    version = publishing.save(workflow, parse_graph(DRAWING), by=None, now=timezone.now())
    publishing.go_live(version, by=None, now=timezone.now())
    workflow.refresh_from_db()
    return example.url_of(workflow, "live")


def test_there_are_at_least_300_cases() -> None:
    assert len(CASES) >= 300


@pytest.mark.parametrize("first", range(0, len(CASES), TOGETHER))
def test_an_odd_request_is_taken_or_refused_whole_and_its_run_ends(url: str, first: int) -> None:
    for case in CASES[first : first + TOGETHER]:
        as_a_new_process()
        with undone():
            is_taken_or_refused_whole(url, case)


def is_taken_or_refused_whole(url: str, case: Case) -> None:
    place = path_of(url) + (f"?{case.query}" if case.query else "")
    answer = Client().generic(case.method, place, case.body, content_type=case.kind, **case.environ)
    left = (Event.objects.count(), IdempotencyKey.objects.count())
    if answer.status_code != 202:
        assert answer.status_code in REFUSED or case.method == "HEAD", (case.name, answer.content[:300])
        assert left == (0, 0), case.name
        return
    assert left == (1, 1 if "HTTP_IDEMPOTENCY_KEY" in case.environ and left[1] else 0), case.name
    assert LoggedRequest.objects.get().outcome == "accepted", case.name
    clock = Clock()
    while poll_once(clock):
        clock.forward(seconds=4)
    assert Run.objects.get().state in ("completed", "failed"), case.name


def test_a_body_cut_at_any_byte_is_refused() -> None:
    whole = a_kibibyte()
    bounded_json.loads(whole)
    for at in range(len(whole)):
        with pytest.raises(bounded_json.Malformed):
            bounded_json.loads(whole[:at])
