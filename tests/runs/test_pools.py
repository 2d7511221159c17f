"""Work that hangs keeps no other work waiting."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import connections
from django.utils import timezone

from apps.channels.models import Delivery
from apps.database import group_commit
from apps.notifications.models import EventConnection
from apps.runs.execution.jobs import Job
from apps.runs.models import Run
from apps.runs.worker.loop import Machine
from apps.runs.worker.pools import Capacity, WorkerPool
from apps.workspaces.models import Workspace
from tests.support import draw
from tests.support.outside import PAYMENT, fire

HANGS_S = 4.0


@pytest.fixture
def slow() -> Iterator[str]:
    class Slow(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            time.sleep(HANGS_S)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def finishes(what, within_s: float) -> bool:
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        if what():
            return True
        time.sleep(0.05)
    return False


@pytest.mark.django_db(transaction=True)
def test_eight_hanging_calls_delay_no_message(story, published, slow: str) -> None:
    machine = Machine(hands=8, message_hands=2)
    url = published(draw.http_request("x", url={"text": slow}))
    for _ in range(8):
        assert fire(url)[0] == 202
    machine.round(timezone.now, everything=True)
    assert finishes(lambda: Run.objects.filter(state="working").count() == 8, 2)
    run = Run.objects.first()
    due = {"due_at": timezone.now(), "created_at": timezone.now(), "expires_at": timezone.now().replace(year=2040)}
    sms = EventConnection.objects.filter(channel="sms").first()
    Delivery.objects.create(
        workspace=run.workspace,
        notification_id=run.pk,
        environment="live",
        channel="sms",
        address="+91",
        connection=sms.connection,
        content={"text": "hi"},
        effect_key="k",
        **due,
    )
    machine.round(timezone.now, everything=True)
    assert finishes(lambda: Delivery.objects.get().state == "sent", 2)
    assert finishes(lambda: not Run.objects.filter(state="working").exists(), HANGS_S + 3)


def test_a_machine_that_stumbles_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[int] = []
    stopped = threading.Event()

    def turn(self: Machine, clock: object, left: bool) -> None:
        turns.append(1)
        if len(turns) == 1:
            raise ZeroDivisionError
        stopped.set()

    monkeypatch.setattr(Machine, "_turn", turn)
    monkeypatch.setattr(group_commit, "start", lambda: None)
    monkeypatch.setattr("apps.runs.worker.loop.collect_less_often", lambda: None)
    monkeypatch.setattr("apps.runs.worker.loop.PERIOD_S", 0.01)
    Machine(hands=1, message_hands=1).run(stopped)
    assert len(turns) == 2


@pytest.mark.django_db(transaction=True)
def test_a_run_that_speaks_and_then_calls_sends_its_message_beside_the_call(story, published, slow: str) -> None:
    said = {"event": "payment_link", "to": [{"channel": "sms", "address": {"text": "{{ phone }}"}}]}
    said["data"] = [{"name": "order_id", "value": {"text": "{{ order_id }}"}}]
    url = published(
        draw.send("say", **said),
        draw.http_request("x", url={"text": slow}),
    )
    fire(url, PAYMENT)
    machine = Machine(hands=1, message_hands=1)
    machine.round(timezone.now, everything=False)
    assert finishes(lambda: Delivery.objects.filter(state="sent").exists(), HANGS_S - 1)
    assert Run.objects.get().state == "working"
    assert finishes(lambda: Run.objects.get().state != "working", HANGS_S + 3)
    connections.close_all()


def test_a_machine_that_drains_ends_what_is_in_hand_and_takes_nothing_more() -> None:
    machine, done, go = Machine(hands=2, message_hands=1), [], threading.Event()

    def call() -> None:
        go.wait(10)
        machine._messages.give([Job(1, lambda: done.append("message"))])  # what a settle claimed just before
        done.append("call")

    machine._calls.give([Job(1, call)])
    assert not machine.drain(0.05)
    assert (machine._calls.capacity(), machine._messages.capacity()) == (0, 0)
    go.set()
    assert machine.drain(10)
    assert sorted(done) == ["call", "message"]
    connections.close_all()


def test_when_half_of_what_was_found_is_done_more_is_looked_for() -> None:
    looked, go = [], [threading.Event() for _ in range(4)]
    lane = WorkerPool("t", 4, lambda: looked.append(1))
    lane.give([Job(1, event.wait) for event in go], more=True)
    go[0].set()
    assert not finishes(lambda: looked, 0.2)
    go[1].set()
    assert finishes(lambda: looked == [1], 2)
    go[2].set(), go[3].set()
    assert lane.ended(2) and looked == [1], "and once only"


@pytest.mark.django_db
def test_an_offer_is_used_up_by_all_hands_or_by_those_of_one_workspace(workspace) -> None:
    Workspace.objects.create(name="Elsewhere")
    lane, other = WorkerPool("t", 8, print), Capacity(WorkerPool("t", 8, print))
    offer = Capacity(lane)
    assert (offer.capacity(), offer.capacity_for(workspace.pk)) == (8, 4)
    assert offer.is_used_up([Job(workspace.pk, print)] * 4) and not offer.is_used_up([Job(workspace.pk, print)] * 3)
    assert other.is_used_up([Job(pk, print) for pk in range(8)])
    lane.give([Job(workspace.pk, lambda: time.sleep(0.5))] * 4)
    offer = Capacity(lane)
    assert offer.capacity_for(workspace.pk) == 0 and offer.is_used_up([]), (
        "what waits for its room must not wait for a second"
    )
    assert lane.ended(5)
    connections.close_all()
