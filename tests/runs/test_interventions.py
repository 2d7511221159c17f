"""What cannot go on by itself: late answers count, and a person decides."""

import uuid
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from apps.channels import deliveries
from apps.channels.models import Connection, Delivery
from apps.engine.contract.decisions import Next
from apps.notifications.models import EventConnection
from apps.providers.contract import Result
from apps.runs.claims import recovery, settling, starting
from apps.runs.execution.executor import run_call
from apps.runs.models import Run
from tests.support import draw
from tests.support.clock import Clock, drain, finish
from tests.support.draw import rows
from tests.support.outside import Outside, fire


@pytest.fixture
def pays(published, outside: Outside) -> str:
    """A workflow that posts once and then makes something of it."""
    pay = draw.http_request("pay", method="POST", url=f"{outside.url}/pay")
    made = draw.transform("made", rows=rows(n="{{ amount }}"))
    outside.answer("/pay", (0, None), (200, {"id": 5}))
    return published(pay, made)


def stuck(url: str, clock: Clock) -> Run:
    finish(url, clock)
    clock.forward(seconds=130)
    drain(clock)
    run = Run.objects.get()
    assert run.state == "needs_attention"
    return run


def test_what_nobody_knows_leaves_by_its_outlet_where_there_is_one(published, outside: Outside, clock: Clock) -> None:
    pay = draw.http_request("pay", method="POST", url=f"{outside.url}/pay")
    ask = draw.transform("ask", rows=rows(n="asked"))
    outside.answer("/pay", (0, None))
    edges = [
        {"source": "start", "outlet": "next", "target": "pay"},
        {"source": "pay", "outlet": "unknown", "target": "ask"},
    ]
    finish(published(pay, ask, edges=edges), clock)
    clock.forward(seconds=130)
    drain(clock)
    run = Run.objects.get()
    assert (run.state, len(outside.got)) == ("completed", 1)
    told = list(run.steps.order_by("seq").values_list("node", "outcome", "outlet"))
    assert told == [("pay", "lost", ""), ("pay", "unknown", "unknown"), ("ask", "done", "next")]


def decided(*words: object) -> str:
    out = StringIO()
    call_command("decide", *map(str, words), "--by", "Asha", stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("verdict", "state", "calls"), [("arrived", "completed", 1), ("again", "completed", 2), ("give-up", "failed", 1)]
)
def test_a_person_decides_a_run_and_the_journal_names_who(
    pays: str, outside: Outside, clock: Clock, verdict: str, state: str, calls: int
) -> None:
    run = stuck(pays, clock)
    decided(run.pk, verdict)
    drain(clock)
    run.refresh_from_db()
    assert (run.state, len(outside.got)) == (state, calls)
    assert run.steps.filter(why=f"Asha decided: {verdict}").count() == 1
    assert len({g["headers"]["idempotency-key"] for g in outside.got}) == 1
    with pytest.raises(CommandError, match="nothing to decide"):
        decided(run.pk, verdict)


def test_a_run_is_cancelled_and_a_late_worker_changes_nothing(story, clock: Clock) -> None:
    held = starting.start_one(fire(story.webhook_live)[1]["request_id"], clock())
    assert held is not None
    decided(held.run.pk, "cancel")
    run_call(held, clock)
    drain(clock)
    run = Run.objects.get()
    assert (run.state, run.token, run.steps.last().outcome) == ("cancelled", None, "cancelled")


def test_a_late_answer_counts_while_nobody_has_decided(pays: str, clock: Clock) -> None:
    late = starting.start_one(fire(pays)[1]["request_id"], clock())
    assert late is not None
    clock.forward(seconds=300)
    recovery.reclaim_expired_leases(clock())
    recovery.reclaim_expired_leases(clock())
    assert Run.objects.get().state == "reconciling"
    clock.forward(seconds=300)
    recovery.reclaim_expired_leases(clock())
    assert Run.objects.get().state == "needs_attention"
    assert settling.settle(late, Next(outlet="success", why="answered 200"), clock()) is None
    run = Run.objects.get()
    assert (run.state, run.error) == ("completed", "")
    assert [s.outcome for s in run.steps.order_by("seq")] == ["lost", "done", "done"]


def test_a_late_answer_after_the_decision_changes_nothing(pays: str, clock: Clock) -> None:
    late = starting.start_one(fire(pays)[1]["request_id"], clock())
    assert late is not None
    clock.forward(seconds=300)
    recovery.reclaim_expired_leases(clock())
    decided(late.run.pk, "give-up")
    settling.settle(late, Next(outlet="success", why="answered 200"), clock())
    assert Run.objects.get().state == "failed"


@pytest.fixture
def unknown(story, workspace, outside: Outside, clock: Clock) -> Delivery:
    connection = Connection(workspace=workspace, name="gateway", kind="http_gateway")
    connection.put({"url": f"{outside.url}/sms"})
    connection.save()
    EventConnection.objects.filter(event__workspace=workspace, channel="sms").update(connection=connection)
    outside.answer("/sms", (0, None), (200, {}))
    finish(story.webhook_live, clock)
    found = Delivery.objects.get(channel="sms")
    assert found.state == "unknown"
    return found


@pytest.mark.parametrize(
    ("verdict", "state", "calls"), [("arrived", "sent", 1), ("again", "sent", 2), ("give-up", "failed", 1)]
)
def test_a_person_decides_an_unknown_message(
    unknown: Delivery, outside: Outside, clock: Clock, verdict: str, state: str, calls: int
) -> None:
    decided(unknown.pk, verdict)
    drain(clock)
    unknown.refresh_from_db()
    assert (unknown.state, sum(g["path"] == "/sms" for g in outside.got)) == (state, calls)
    assert unknown.attempts.filter(outcome="decided", why=f"Asha decided: {verdict}").count() == 1


def test_a_late_acceptance_of_an_unknown_message_counts(unknown: Delivery, clock: Clock) -> None:
    assert unknown.token is not None
    held = deliveries.ClaimedDelivery(unknown, unknown.token, clock())
    assert deliveries.settle(held, Result(kind="accepted", why="answered 200"), captured=False, now=clock())
    unknown.refresh_from_db()
    assert (unknown.state, unknown.token) == ("sent", None)


def test_the_run_page_has_the_buttons_and_they_work(pays: str, workspace, owner, clock: Clock) -> None:
    run, browser = stuck(pays, clock), Client()
    browser.force_login(owner)
    page = f"/w/{workspace.wsid}/runs/{run.pk}"
    assert "send it again" in browser.get(page).content.decode()
    assert browser.post(f"{page}/decide", {"verdict": "nonsense"}).status_code == 404
    assert browser.post(f"{page}/decide", {"verdict": "give-up"}).status_code == 302
    run.refresh_from_db()
    assert (run.state, run.code) == ("failed", "given_up")
    assert "send it again" not in browser.get(page).content.decode()


def test_an_id_of_nothing_is_said_so(db) -> None:
    with pytest.raises(CommandError, match="nothing to decide"):
        decided(uuid.uuid4(), "again")
