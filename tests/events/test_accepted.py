"""Accepted means it will happen: what was answered 202 runs, waits visibly, or was dropped by a person."""

import pytest

from apps.common.trouble import Refused
from apps.engine.drawing.graph import parse_graph
from apps.events import store as events
from apps.events.models import Event
from apps.runs.claims import starting
from apps.runs.models import Run
from apps.runs.upkeep import invariants
from apps.runs.worker.poller import poll_once
from apps.triggers.models import Binding
from apps.workflows.models import Workflow
from apps.workflows.release import accepted, lifecycle, publishing
from tests.support import draw
from tests.support.clock import drain
from tests.support.outside import fire

STOP = draw.stop("stop", code="ran")


@pytest.fixture
def flow(published) -> Workflow:
    """A workflow that stops at once."""
    published(STOP)
    return Workflow.objects.order_by("-pk").first()


@pytest.fixture
def url(flow: Workflow) -> str:
    return f"/in/live/{flow.trigger.live_token}"


def accept(url: str, count: int = 1) -> list[Event]:
    """Events of so many requests that were answered 202."""
    return [Event.objects.get(pk=fire(f"http://x{url}", {"n": n})[1]["request_id"]) for n in range(count)]


def states(found: list[Event]) -> list[str]:
    return [Event.objects.get(pk=event.pk).state for event in found]


@pytest.mark.parametrize("by_archive", [False, True], ids=["paused", "archived"])
def test_what_was_accepted_before_a_pause_waits_and_runs_when_it_is_resumed(flow, url, clock, by_archive) -> None:
    found = accept(url, 3)
    publishing.pause(flow, by=None)
    for _ in range(3):
        poll_once(clock)
    assert states(found) == ["held"] * 3 and not Run.objects.exists()
    if by_archive:
        Workflow.objects.filter(pk=flow.pk).update(archived_at=clock())
        flow.refresh_from_db()
        lifecycle.unarchive(flow, by=None)
        flow.refresh_from_db()
        assert states(found) == ["held"] * 3, "out of the archive it is still paused"
    publishing.resume(flow, by=None)
    drain(clock)
    assert states(found) == ["routed"] * 3
    assert [run.code for run in Run.objects.filter(event__in=found)] == ["ran"] * 3


def test_a_pause_that_is_over_before_anybody_looked_holds_nothing(flow, url, clock) -> None:
    found = accept(url)
    publishing.pause(flow, by=None)
    publishing.resume(flow, by=None)
    drain(clock)
    assert states(found) == ["routed"]


def test_another_version_going_live_within_a_pause_changes_nothing_for_what_waits(flow, url, clock) -> None:
    found = accept(url)
    publishing.pause(flow, by=None)
    poll_once(clock)
    graph = {"nodes": [draw.webhook("start"), {**STOP, "settings": {"code": "new"}}]}
    graph["edges"] = [{"source": "start", "outlet": "next", "target": "stop"}]
    version = publishing.save(flow, parse_graph(graph), by=None, now=clock())
    publishing.go_live(version, by=None, now=clock())
    assert states(found) == ["held"]
    flow.refresh_from_db()
    publishing.resume(flow, by=None)
    drain(clock)
    assert Run.objects.get(event=found[0]).code == "new"


def test_what_waits_can_be_dropped_and_the_change_log_says_who_and_how_many(flow, url, clock, owner) -> None:
    found = accept(url, 2)
    publishing.pause(flow, by=owner)
    poll_once(clock)
    told = accepted.waiting(flow)
    assert (told.count, told.oldest) == (2, found[0].received_at)
    assert accepted.drop_waiting(flow, by=owner, now=clock()) == 2
    assert states(found) == ["dropped"] * 2
    assert Event.objects.get(pk=found[0].pk).reason == f"dropped by {owner}"
    assert flow.history.first().history_change_reason == "2 accepted requests dropped"
    publishing.resume(flow, by=owner)
    drain(clock)
    assert not Run.objects.exists() and accepted.waiting(flow).count == 0


def test_a_dropped_request_can_be_tried_again(flow, url, clock, owner) -> None:
    found = accept(url)
    accepted.drop_waiting(flow, by=owner, now=clock())
    assert events.replay([found[0].pk], "me") == 1
    drain(clock)
    assert states(found) == ["routed"]


@pytest.mark.parametrize("state", ["received", "held", "failed"])
def test_archiving_and_deleting_refuse_while_something_accepted_has_not_begun(flow, url, clock, owner, state) -> None:
    found = accept(url)
    publishing.pause(flow, by=owner)
    Event.objects.filter(pk=found[0].pk).update(state=state)
    with pytest.raises(Refused, match="1 accepted request has not begun"):
        lifecycle.archive(flow, by=owner, now=clock())
    flow.refresh_from_db()
    with pytest.raises(Refused, match="1 accepted request has not begun"):
        lifecycle.delete(flow)
    accepted.drop_waiting(flow, by=owner, now=clock())
    lifecycle.archive(flow, by=owner, now=clock())
    flow.refresh_from_db()
    lifecycle.delete(flow)
    assert not Workflow.objects.filter(pk=flow.pk).exists()


def test_putting_back_to_the_archive_asks_the_same(flow, url, clock, owner) -> None:
    lifecycle.archive(flow, by=owner, now=clock())
    kept = lifecycle.Kept.objects.get_for_object(flow).first()
    lifecycle.unarchive(flow, by=owner)
    publishing.resume(flow, by=owner)
    flow.refresh_from_db()
    accept(url)
    with pytest.raises(Refused, match="has not begun"):
        lifecycle.put_back(flow, kept, by=owner, now=clock())


def test_what_cannot_run_is_a_dead_letter_and_runs_when_it_is_mended(flow, url, clock) -> None:
    found = accept(url)
    row = Binding.objects.get(trigger=flow.trigger, environment="live")
    Binding.objects.filter(pk=row.pk).delete()
    poll_once(clock)
    event = Event.objects.get(pk=found[0].pk)
    assert event.state == "failed" and "no version" in event.reason
    row.save(force_insert=True)
    assert events.replay([event.pk], "me") == 1
    drain(clock)
    assert Run.objects.get(event=event).code == "ran"


@pytest.fixture
def family(published, clock) -> tuple[Run, Workflow, Event]:
    """A run that waits for the end of what it started, that workflow, and the event of the child, not begun."""
    published(STOP)
    child = Workflow.objects.order_by("-pk").first()
    edges = [{"source": "start", "outlet": "next", "target": "go"}]
    edges += [{"source": "go", "outlet": outlet, "target": outlet} for outlet in ("next", "failure")]
    stops = [draw.stop(code, code=code) for code in ("next", "failure")]
    go = draw.start_workflow("go", workflow=child.slug, wait=True)
    request = fire(published(go, *stops, edges=edges), {})[1]["request_id"]
    starting.start_one(request, clock())
    return Run.objects.get(event_id=request), child, Event.objects.get(kind="workflow.started")


def test_a_parent_hears_that_its_child_was_dropped(family, clock, owner) -> None:
    parent, child, _ = family
    publishing.pause(child, by=owner)
    poll_once(clock)
    parent.refresh_from_db()
    assert parent.state == "waiting", "the child may still begin"
    accepted.drop_waiting(child, by=owner, now=clock())
    child.refresh_from_db()
    lifecycle.delete(child)
    drain(clock)
    parent.refresh_from_db()
    assert (parent.state, parent.code) == ("completed", "failure")
    assert "dropped by" in parent.steps.get(node="go", outcome="failed").why


def test_a_parent_hears_that_its_childs_version_is_gone(family, clock) -> None:
    parent, child, _ = family
    Binding.objects.filter(trigger=child.trigger).delete()
    drain(clock)
    parent.refresh_from_db()
    assert (parent.state, parent.code) == ("completed", "failure")


@pytest.mark.parametrize("ending", ["record_failure", "record_risky_attempt"])
def test_a_parent_hears_that_its_child_became_a_dead_letter(family, clock, ending) -> None:
    parent, _, event = family
    for _ in range(5):
        getattr(events, ending)(event.pk, clock())
    assert Event.objects.get(pk=event.pk).state == "failed"
    drain(clock)
    parent.refresh_from_db()
    assert (parent.state, parent.code) == ("completed", "failure")


def test_a_parent_of_a_paused_child_goes_on_when_the_child_is_resumed(family, clock) -> None:
    parent, child, _ = family
    publishing.pause(child, by=None)
    drain(clock)
    publishing.resume(child, by=None)
    drain(clock)
    parent.refresh_from_db()
    assert (parent.state, parent.code) == ("completed", "next")


def test_resume_asks_what_becomes_of_what_waits_and_archiving_lists_it(flow, url, clock, owner, client) -> None:
    found = accept(url, 2)
    client.force_login(owner)
    here = f"/w/{flow.workspace.wsid}/workflows/{flow.slug}"
    client.post(f"{here}/paused", {"paused": "yes"})
    poll_once(clock)
    assert "2 accepted requests have not begun" in client.get(here).content.decode()
    asked = client.post(f"{here}/paused", {"paused": "no"}).content.decode()
    assert "2 accepted requests have not begun" in asked and str(found[0].pk) in asked
    assert Workflow.objects.get(pk=flow.pk).paused, "nothing is done before the answer"
    listed = client.post(f"{here}/do", {"verb": "archive"}).content.decode()
    assert str(found[1].pk) in listed and "Archive it" not in listed
    client.post(f"{here}/do", {"verb": "archive", "sure": "yes"})
    assert Workflow.objects.get(pk=flow.pk).archived_at is None
    assert states(found) == ["held"] * 2
    client.post(f"{here}/paused", {"paused": "no", "waiting": "run"})
    drain(clock)
    assert states(found) == ["routed"] * 2


def test_resuming_and_dropping_runs_nothing(flow, url, clock, owner, client) -> None:
    found = accept(url, 2)
    client.force_login(owner)
    here = f"/w/{flow.workspace.wsid}/workflows/{flow.slug}"
    client.post(f"{here}/paused", {"paused": "yes"})
    said = client.post(f"{here}/paused", {"paused": "no", "waiting": "drop"}, follow=True).content.decode()
    drain(clock)
    assert "2 accepted requests dropped." in said
    assert states(found) == ["dropped"] * 2 and not Workflow.objects.get(pk=flow.pk).paused


def test_a_request_that_was_ignored_is_named_by_the_invariants(flow, url, clock) -> None:
    (event,) = accept(url)
    Event.objects.filter(pk=event.pk).update(state="ignored", reason="the workflow was paused")
    assert [line for line in invariants.violations(clock()) if f"event {event.pk} was accepted and ignored" in line]
    assert events.replay([event.pk], "me") == 1


def test_a_parent_whose_child_never_begins_is_named_by_the_invariants(family, clock) -> None:
    parent, _, event = family
    assert not list(invariants.orphans(clock()))
    Event.objects.filter(pk=event.pk).update(state="failed")
    assert [line for line in invariants.orphans(clock()) if str(parent.pk) in line]
