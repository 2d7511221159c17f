"""Others approve before a version goes live: who may, what ends a request, and what the last approval does."""

import pytest
from django.test import Client
from django.utils import timezone
from reversion.models import Version as Kept

from apps.accounts.models import User
from apps.common.trouble import Refused
from apps.engine.drawing.graph import parse_graph
from apps.notifications.models import NotificationEvent
from apps.workflows.models import ApprovalRule, LiveRequest
from apps.workflows.release import approval_requests, lifecycle, publishing
from apps.workspaces.models import Membership
from tests.support.draw import TRIGGER, payment

State = LiveRequest.State


def person(workspace, name: str, role: str = "editor") -> Membership:
    user = User.objects.create_user(f"{name}@example.com", "a long password")
    return Membership.objects.create(workspace=workspace, user=user, role=role)


@pytest.fixture
def rule(story, workspace) -> ApprovalRule:
    return ApprovalRule.objects.create(workspace=workspace, required=2)


@pytest.fixture
def ann(workspace) -> Membership:
    return person(workspace, "ann")


@pytest.fixture
def bob(workspace) -> Membership:
    return person(workspace, "bob")


@pytest.fixture
def mine(workspace, owner) -> Membership:
    return Membership.objects.get(workspace=workspace, user=owner)


def changed(payments, by, **changes):
    graph = parse_graph(payment(**(changes or {"power": {"name": "Strong customer?"}})))
    return publishing.save(payments, graph, by=by, now=timezone.now())


@pytest.fixture
def request_(rule, payments, owner, ann, bob) -> LiveRequest:
    version = changed(payments, owner)
    return approval_requests.ask(version, by=owner, now=timezone.now(), comment="power users are called strong")


def approve(request, membership, comment: str = "") -> LiveRequest:
    return approval_requests.approve(request, membership, comment, timezone.now())


def only(rule, *people) -> None:
    ApprovalRule.objects.update(only_ticked=True)
    rule.approvers.set(people)


def test_without_a_rule_whoever_may_edit_goes_live(payments, owner) -> None:
    publishing.go_live(changed(payments, owner), by=owner, now=timezone.now())


def test_go_live_is_refused_until_enough_others_have_approved(request_, payments, ann, bob, owner) -> None:
    with pytest.raises(Refused, match="2 other people must approve v2 first"):
        publishing.go_live(request_.version, by=owner, now=timezone.now())
    assert approve(request_, ann).state == State.OPEN
    with pytest.raises(Refused, match="2 other people"):
        publishing.go_live(request_.version, by=owner, now=timezone.now())
    assert approve(request_, bob).state == State.LIVE
    payments.refresh_from_db()
    assert payments.live == request_.version


def test_the_change_log_tells_each_step(request_, payments, ann, bob) -> None:
    approve(request_, ann, "fine")
    approve(request_, bob)
    told = list(payments.history.order_by("history_id").values_list("history_change_reason", "history_user__email"))
    assert told[-4:] == [
        ("v2: asked to go live (“power users are called strong”)", "owner@example.com"),
        ("v2: approved (“fine”)", "ann@example.com"),
        ("v2: approved", "bob@example.com"),
        ("v2 (Live)", "bob@example.com"),
    ]


def test_where_the_last_approval_does_not_go_live_somebody_does(request_, rule, payments, ann, bob, owner) -> None:
    ApprovalRule.objects.update(goes_live=False)
    approve(request_, ann)
    assert approve(request_, bob).state == State.APPROVED
    payments.refresh_from_db()
    assert payments.live.number == 1
    publishing.go_live(request_.version, by=owner, now=timezone.now())
    request_.refresh_from_db()
    assert request_.state == State.LIVE


def test_nobody_approves_their_own_neither_who_asked_nor_who_drew_it(
    rule, payments, owner, mine, ann, bob, workspace
) -> None:
    person(workspace, "cyd")
    version = changed(payments, owner)
    request = approval_requests.ask(version, by=ann.user, now=timezone.now())
    for author, said in ((mine, "you drew it"), (ann, "you asked for it")):
        with pytest.raises(Refused, match=said):
            approve(request, author)
    approve(request, bob)
    with pytest.raises(Refused, match="you have said"):
        approve(request, bob)
    assert request.opinions.count() == 1


def test_only_those_who_were_chosen_approve_and_a_viewer_may_be_one(
    rule, payments, owner, ann, bob, viewer, workspace
) -> None:
    watcher = Membership.objects.get(workspace=workspace, user=viewer)
    only(rule, ann, watcher)
    request = approval_requests.ask(changed(payments, owner), by=owner, now=timezone.now())
    with pytest.raises(Refused, match="not one of those who approve"):
        approve(request, bob)
    approve(request, ann)
    assert approve(request, watcher).state == State.LIVE


def test_who_asks_where_nobody_could_approve_is_told_so(rule, payments, owner, ann) -> None:
    with pytest.raises(Refused, match="2 approvals are needed, and the others who may give one are 1"):
        approval_requests.ask(changed(payments, owner), by=owner, now=timezone.now())


def test_a_broken_drawing_is_not_asked_for(rule, payments, owner, ann, bob) -> None:
    broken = publishing.save(payments, parse_graph({"nodes": [TRIGGER]}), by=owner, now=timezone.now())
    with pytest.raises(Refused, match="leads nowhere"):
        approval_requests.ask(broken, by=owner, now=timezone.now())


def test_one_request_at_a_time_for_a_workflow(request_, payments, owner) -> None:
    with pytest.raises(Refused, match="v2 waits for approvals already"):
        approval_requests.ask(request_.version, by=owner, now=timezone.now())


def test_a_change_of_the_version_ends_the_request_and_what_was_said_counts_no_more(
    request_, payments, ann, bob, owner
) -> None:
    approve(request_, ann)
    version = changed(payments, owner, power={"name": "Other"})
    assert version == request_.version
    request_.refresh_from_db()
    assert (request_.state, request_.why) == (State.ENDED, "v2 was changed by owner@example.com: ask again")
    with pytest.raises(Refused, match="it is over: v2 was changed"):
        approve(request_, bob)
    again = approval_requests.ask(version, by=owner, now=timezone.now())
    assert approve(again, bob).state == State.OPEN


def test_a_rejection_needs_a_reason_and_ends_it(request_, ann, bob, payments) -> None:
    with pytest.raises(Refused, match="say why"):
        approval_requests.reject(request_, ann, "", timezone.now())
    done = approval_requests.reject(request_, ann, "the text is wrong", timezone.now())
    assert (done.state, done.why) == (State.REJECTED, "rejected by ann@example.com: the text is wrong")
    with pytest.raises(Refused, match="it is over"):
        approve(request_, bob)
    payments.refresh_from_db()
    assert payments.live.number == 1


def test_who_asked_or_an_owner_takes_it_back_and_nobody_else(request_, ann, mine, payments) -> None:
    with pytest.raises(Refused, match="only who asked, or an owner"):
        approval_requests.cancel(request_, ann, "", timezone.now())
    assert approval_requests.cancel(request_, mine, "not yet", timezone.now()).state == State.CANCELLED


def test_what_stands_in_the_way_after_the_last_approval_is_told_and_the_approval_kept(
    request_, payments, ann, bob, owner
) -> None:
    approve(request_, ann)
    NotificationEvent.objects.filter(name="payment_link").update(name="gone")
    done = approve(request_, bob)
    assert done.state == State.APPROVED and "approved, but not live" in done.why
    NotificationEvent.objects.filter(name="gone").update(name="payment_link")
    publishing.go_live(request_.version, by=owner, now=timezone.now())


def test_putting_back_another_live_version_is_a_way_around_that_is_closed(payments, owner, rule, ann, bob) -> None:
    ApprovalRule.objects.update(required=0)
    publishing.go_live(changed(payments, owner), by=owner, now=timezone.now())
    ApprovalRule.objects.update(required=2)
    kept = next(k for k in Kept.objects.get_for_object(payments) if k.field_dict["live_id"] == payments.live_id)
    payments.refresh_from_db()
    with pytest.raises(Refused, match="must approve v1 first"):
        lifecycle.put_back(payments, kept, by=owner, now=timezone.now())


def test_a_rule_that_was_raised_since_counts_for_what_is_open_and_for_what_is_approved_and_not_live(
    request_, workspace, payments, ann, bob, owner
) -> None:
    ApprovalRule.objects.update(required=1, goes_live=False)
    assert approve(request_, ann).state == State.APPROVED
    ApprovalRule.objects.update(required=2)
    with pytest.raises(Refused, match="2 other people must approve v2 first"):
        publishing.go_live(request_.version, by=owner, now=timezone.now())
    with pytest.raises(Refused, match="v2 waits for approvals already"):
        approval_requests.ask(request_.version, by=owner, now=timezone.now())
    assert "1 of 2 approved" in client_of(bob.user).get(f"/w/{workspace.wsid}/approvals").content.decode()
    approve(request_, bob)
    publishing.go_live(request_.version, by=owner, now=timezone.now())


def test_a_rule_that_was_lowered_since_counts_what_was_said_before(request_, payments, ann, owner) -> None:
    approve(request_, ann)
    ApprovalRule.objects.update(required=1)
    publishing.go_live(request_.version, by=owner, now=timezone.now())
    request_.refresh_from_db()
    assert request_.state == State.LIVE


@pytest.mark.parametrize("loses", ["role", "membership", "account", "tick"])
def test_whoever_may_not_approve_any_more_has_not_approved(loses, rule, payments, ann, bob, mine, owner) -> None:
    only(rule, ann, bob, mine) if loses == "tick" else None
    request = approval_requests.ask(changed(payments, owner), by=owner, now=timezone.now())
    approve(request, ann)
    if loses == "role":
        Membership.objects.filter(pk=ann.pk).update(role="viewer")
    elif loses == "membership":
        ann.delete()
    elif loses == "account":
        User.objects.filter(pk=ann.user_id).update(is_active=False)
    else:
        rule.approvers.remove(ann)
    assert approve(request, bob).state == State.OPEN


def test_the_only_one_who_was_ticked_leaves_and_nobody_may_approve_until_an_owner_says_who(
    rule, workspace, payments, ann, bob, owner
) -> None:
    ApprovalRule.objects.update(required=1)
    only(rule, ann)
    request = approval_requests.ask(changed(payments, owner), by=owner, now=timezone.now())
    ann.delete()
    with pytest.raises(Refused, match="not one of those who approve"):
        approve(request, bob)
    url = f"/w/{workspace.wsid}/approvals"
    assert "an owner must say who approves" in client_of(owner).get(url).content.decode()
    form = {"required": "1", "who": "ticked"}
    assert "tick who may approve" in client_of(owner).post(f"{url}/rule", form, follow=True).content.decode()
    client_of(owner).post(f"{url}/rule", {"required": "1", "who": "all"})
    approve(request, bob)


def test_nobody_approves_what_they_drew_some_of_whoever_saved_it_last(rule, payments, ann, bob, mine, owner) -> None:
    ApprovalRule.objects.update(required=1)
    changed(payments, ann.user)
    version = changed(payments, bob.user, power={"name": "Moved", "position": {"x": 7, "y": 7}})
    request = approval_requests.ask(version, by=bob.user, now=timezone.now())
    with pytest.raises(Refused, match="you drew it, or some of it"):
        approve(request, ann)
    assert approve(request, mine).state == State.LIVE
    assert set(changed(payments, ann.user, power={"name": "Next"}).authors.all()) == {ann.user}


def test_a_version_made_of_one_that_ran_or_of_its_copy_has_its_authors(
    rule, payments, workspace, ann, bob, owner
) -> None:
    drawn = changed(payments, ann.user)
    copy = lifecycle.duplicate(payments, by=owner, now=timezone.now())
    assert set(copy.test.authors.all()) == {ann.user, owner}
    again = publishing.add_version(payments, drawn.drawn(), bob.user, timezone.now())  # an old one saved again
    assert set(again.authors.all()) == {ann.user, bob.user}


def test_the_archive_ends_what_was_asked(request_, payments, owner) -> None:
    lifecycle.archive(payments, by=owner, now=timezone.now())
    request_.refresh_from_db()
    assert request_.state == State.ENDED


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_the_page_shows_what_waits_for_whom_and_takes_what_they_say(
    request_, workspace, owner, ann, bob, viewer
) -> None:
    url = f"/w/{workspace.wsid}/approvals"
    for user, said in (
        (owner, "you asked for it"),
        (viewer, "you are not one of those who approve"),
        (ann.user, "Needed when you reject it"),
    ):
        assert said in client_of(user).get(url).content.decode()
    answer = client_of(viewer).post(f"{url}/{request_.pk}", {"verb": "approve"}, follow=True).content.decode()
    assert "Not done: you are not one of those who approve." in answer
    assert (
        "more are needed"
        in client_of(ann.user).post(f"{url}/{request_.pk}", {"verb": "approve"}, follow=True).content.decode()
    )
    assert (
        "It is live."
        in client_of(bob.user)
        .post(f"{url}/{request_.pk}", {"verb": "approve", "comment": "go"}, follow=True)
        .content.decode()
    )
    page = client_of(owner).get(url).content.decode()
    assert "Nothing waits for you" in page and "bob@example.com approved it: “go”" in page.replace("\n", "")


def test_only_an_owner_sets_who_approves_and_only_people_of_the_workspace(workspace, owner, ann, outsider) -> None:
    url = f"/w/{workspace.wsid}/approvals/rule"
    assert client_of(ann.user).post(url, {"required": "0"}).status_code == 403
    foreign = Membership.objects.get(user=outsider)
    client_of(owner).post(url, {"required": "2", "approver": [str(ann.pk), str(foreign.pk)], "goes_live": "yes"})
    rule = ApprovalRule.objects.get(workspace=workspace)
    assert (rule.required, rule.goes_live, list(rule.approvers.all())) == (2, True, [ann])
    assert rule.history.first().history_user == owner


@pytest.mark.parametrize("typed", ["", "two", "-1", "11", "1e1", "٢", "0" * 40])
def test_a_number_that_is_none_does_not_turn_approvals_off(rule, workspace, owner, typed: str) -> None:
    page = client_of(owner).post(f"/w/{workspace.wsid}/approvals/rule", {"required": typed}, follow=True)
    assert "Not saved: write how many" in page.content.decode()
    rule.refresh_from_db()
    assert rule.required == 2


def test_the_request_of_another_workspace_is_not_there(request_, outsider) -> None:
    place = outsider.memberships.get().workspace
    answer = client_of(outsider).post(f"/w/{place.wsid}/approvals/{request_.pk}", {"verb": "approve"})
    assert answer.status_code == 404


def test_go_live_on_the_canvas_asks(rule, payments, owner, ann, bob, workspace) -> None:
    version = changed(payments, owner)
    url = f"/w/{workspace.wsid}/workflows/{payments.slug}/canvas/live"
    said = (
        client_of(owner)
        .post(url, {"number": 2, "edition": version.edition(), "comment": "look"}, content_type="application/json")
        .json()
    )
    assert said["said"] == "Asked: v2 waits for 2 approvals." and not said["versions"][0]["live"]
    assert LiveRequest.objects.get().comment == "look"
