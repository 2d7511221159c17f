"""A workflow that waits for an event."""

import pytest

from apps.events.firing import Custom
from apps.events.firing import fire as fire_event
from apps.events.models import Event
from apps.runs.models import Run
from tests.support import draw
from tests.support.clock import Clock, drain
from tests.support.outside import fire

WAIT = {"event": "paid", "match": [{"path": "id", "value": {"text": "{{ id }}"}}], "amount": 1, "unit": "hours"}


@pytest.fixture
def waiting(published, clock: Clock) -> Run:
    """A run that waits for the event `paid` with the id 7."""
    edges = [
        {"source": "start", "outlet": "next", "target": "paid"},
        {"source": "paid", "outlet": "next", "target": "yes"},
        {"source": "paid", "outlet": "timeout", "target": "no"},
    ]
    nodes = [draw.wait_for_event("paid", **WAIT)]
    nodes += [draw.stop(code, code=code) for code in ("yes", "no")]
    fire(published(*nodes, edges=edges), {"id": 7})
    drain(clock)
    return Run.objects.get()


def news(run: Run, clock: Clock, data: dict, name: str = "paid") -> Event:
    told = fire_event(run.workspace, Custom(name=name, data=data), clock())
    return Event.objects.get(pk=told.answer["request_id"])
