"""Two workers at once, with real commits."""

import itertools
import threading

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.channels import deliveries
from apps.channels.models import Delivery
from apps.common.trouble import Refused
from apps.engine.drawing.graph import parse_graph
from apps.events.models import Event
from apps.runs.claims import claiming, starting
from apps.runs.execution.executor import run_call
from apps.runs.models import Run
from apps.runs.upkeep.invariants import violations
from apps.workflows import example
from apps.workflows.models import ApprovalRule, Workflow
from apps.workflows.release import approval_requests, publishing
from apps.workflows.transfer import copying
from apps.workspaces.models import Membership, Workspace
from tests.support import draw
from tests.support.clock import Clock, drain
from tests.support.draw import payment
from tests.support.outside import Outside, fire
from tests.support.threads import WORKERS, at_once
from tests.support.waiting import news

pytestmark = pytest.mark.django_db(transaction=True)


def test_six_hints_start_one_run_and_call_each_api_once(story, outside: Outside) -> None:
    request = fire(story.webhook_live)[1]["request_id"]
    at_once(lambda: run_call(starting.start_one(request, timezone.now()), timezone.now))
    assert Run.objects.get().state == "completed"
    assert len(outside.got) == 2
    assert Delivery.objects.count() == 2


def test_six_workers_claim_a_delivery_once(story) -> None:
    request = fire(story.webhook_live)[1]["request_id"]
    run_call(starting.start_one(request, timezone.now()), timezone.now)
    key = str(Delivery.objects.earliest("pk").pk)
    held = at_once(lambda: deliveries.claim(key, timezone.now()))
    assert sum(h is not None for h in held) == 1


def test_six_repeats_at_once_get_one_answer(story) -> None:
    answers = at_once(lambda: fire(story.webhook_live, **{"Idempotency-Key": "k"}))
    assert {status for status, _ in answers} == {202}
    assert len({answer["request_id"] for _, answer in answers}) == 1
    assert Event.objects.count() == 1


def test_of_six_people_who_save_at_once_one_is_first_and_the_others_are_told(payments, owner) -> None:
    base = publishing.Base(number=1, edition=payments.live.edition(), newest=1)

    number = itertools.count()

    def save() -> str:
        drawing = parse_graph(payment(power={"name": f"Name {next(number)}"}))
        try:
            return str(publishing.save(payments, drawing, by=owner, now=timezone.now(), onto=base))
        except publishing.Stale as stale:
            return f"stale {stale.version}"

    said = at_once(save)
    assert sorted(said) == ["stale v2"] * 5 + ["v2"]
    assert payments.versions.count() == 2


def ending(code: str):
    nodes = [draw.webhook("start"), draw.stop("end", code=code)]
    return parse_graph({"nodes": nodes, "edges": [{"source": "start", "target": "end"}]})


def test_a_version_that_runs_begin_to_use_while_it_is_saved_is_not_changed_under_them(workspace, owner) -> None:
    workflow = publishing.create(workspace, "New")
    publishing.save(workflow, ending("first"), by=owner, now=timezone.now())
    workflow.refresh_from_db()
    url = example.url_of(workflow, "test")
    number = itertools.count()

    def save_or_run() -> None:
        turn = next(number)
        if turn % 2:
            publishing.save(workflow, ending(f"c{turn}"), by=owner, now=timezone.now())
        else:
            request = fire(url, {})[1]["request_id"]
            run_call(starting.start_one(request, timezone.now()), timezone.now)

    for _ in range(15):
        at_once(save_or_run)
    for run in Run.objects.select_related("version"):
        assert run.code == run.version.drawing().node("end").settings["code"], "it went another way than its version"
    hashes = set(workflow.versions.values_list("content_hash", flat=True))
    assert len(hashes) == workflow.versions.count()


def test_what_another_changed_since_it_was_looked_at_never_goes_live_unseen(workspace, owner) -> None:
    workflow = publishing.create(workspace, "New")
    looked_at = publishing.save(workflow, ending("first"), by=owner, now=timezone.now())
    publishing.save(workflow, ending("second"), by=owner, now=timezone.now())
    with pytest.raises(Refused, match="somebody else changed v1 meanwhile"):
        publishing.go_live(looked_at, by=owner, now=timezone.now())
    workflow.refresh_from_db()
    assert workflow.live is None


def test_an_event_at_the_very_moment_of_the_timeout_ends_its_wait_once(waiting, clock: Clock) -> None:
    """Twelve waits; for each, three workers route the event while three let its time be over."""
    run, moments = waiting, []
    for number in range(12):
        if number:
            fire(example.url_of(run.workflow, "live"), {"id": 7 + number})
            drain(clock)
            run = Run.objects.latest("pk")
        event, turns = news(run, clock, {"id": 7 + number}), itertools.count()
        now = run.due_at

        def end(run=run, event=event, now=now, turns=turns) -> None:
            if next(turns) % 2:
                starting.start_one(str(event.pk), now)
            else:
                claiming.claim(str(run.pk), now)

        at_once(end)
        drain(Clock(now=now))
        run.refresh_from_db()
        steps = list(run.steps.order_by("seq").values_list("node", "outcome"))
        assert steps.count(("paid", "resumed")) == 1 and run.state == "completed"
        moments.append(run.code)
    assert set(moments) <= {"yes", "no"}
    assert list(violations(clock())) == []


def test_six_who_copy_the_same_at_once_make_one_workflow_and_six_versions(workspace, payments, owner) -> None:
    branch = Workspace.objects.create(name="Branch")
    Membership.objects.create(workspace=branch, user=owner, role="owner")
    picks = [copying.Pick(slug=payments.slug, state="live")]
    at_once(lambda: copying.copy(workspace, picks, branch, by=owner, now=timezone.now()))
    (flow,) = Workflow.objects.of(branch)
    assert sorted(flow.versions.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]
    assert flow.test.number == 1 and flow.live is None


def test_three_who_copy_to_and_three_who_copy_fro_do_not_wait_for_each_other_for_ever(
    workspace, payments, owner
) -> None:
    branch = Workspace.objects.create(name="Branch")
    Membership.objects.create(workspace=branch, user=owner, role="owner")
    there = copying.copy(
        workspace, [copying.Pick(slug=payments.slug, state="live")], branch, by=owner, now=timezone.now()
    )[0].version.workflow
    turns = itertools.cycle([(workspace, payments, "live", branch), (branch, there, "test", workspace)])
    taken = threading.Lock()

    def job():
        with taken:
            place, flow, state, to = next(turns)
        copying.copy(place, [copying.Pick(slug=flow.slug, state=state)], to, by=owner, now=timezone.now())

    at_once(job)
    assert payments.versions.count() == 1 + 3 and there.versions.count() == 1 + 3
    assert Workflow.objects.count() == 2


def test_two_who_approve_last_at_once_make_it_live_once(workspace, payments, owner) -> None:
    ApprovalRule.objects.create(workspace=workspace, required=1)
    people = [User.objects.create_user(f"p{n}@example.com", "a long password") for n in range(WORKERS)]
    members = [Membership.objects.create(workspace=workspace, user=user, role="editor") for user in people]
    version = publishing.save(payments, parse_graph(payment(power={"name": "Other"})), by=owner, now=timezone.now())
    request = approval_requests.ask(version, by=owner, now=timezone.now())
    turns = iter(members)
    taken = threading.Lock()

    def job() -> str:
        with taken:
            member = next(turns)
        try:
            return approval_requests.approve(request, member, "", timezone.now()).state
        except Refused as trouble:
            return str(trouble)

    said = at_once(job)
    assert said.count("live") == 1 and set(said) <= {
        "live",
        "it has all the approvals that it needs",
        "it is over: Live",
    }
    assert payments.history.filter(history_change_reason="v2 (Live)").count() == 1
