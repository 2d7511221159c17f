"""Copying workflows to another workspace of the same owner, and the checklist that stays until it is done."""

import pytest
from django.test import Client
from django.utils import timezone

from apps.common.trouble import Refused
from apps.engine.drawing.graph import parse_graph
from apps.workflows import example
from apps.workflows.dependencies import CONNECTION, EVENT, TEMPLATE
from apps.workflows.models import Checklist, Version, Workflow
from apps.workflows.release import checklists, lifecycle, publishing
from apps.workflows.transfer import copying
from apps.workflows.transfer.copying import Pick
from apps.workflows.transfer.importing import plans
from apps.workspaces.models import Membership, Role, Secret, Workspace
from tests.support import draw
from tests.support.clock import finish
from tests.support.draw import TRIGGER, calling, drawn, starting


@pytest.fixture
def branch(owner) -> Workspace:
    """A second workspace of the same owner, with nothing in it."""
    place = Workspace.objects.create(name="Branch")
    Membership.objects.create(workspace=place, user=owner, role=Role.OWNER)
    return place


@pytest.fixture
def copy(workspace, branch, owner):
    def go(*flows: Workflow, state: str = "live", to: Workspace | None = None) -> list:
        picks = [Pick(slug=flow.slug, state=state) for flow in flows]
        done = copying.copy(workspace, picks, to or branch, by=owner, now=timezone.now())
        return [copied.version for copied in done]

    return go


def reasons(workflow: Workflow) -> list[str]:
    return list(workflow.history.order_by("history_id").values_list("history_change_reason", flat=True))


def test_a_workflow_that_is_not_there_becomes_v1_test(copy, payments, branch) -> None:
    (version,) = copy(payments)
    flow = version.workflow
    assert (str(version), flow.workspace, flow.name, flow.origin) == ("v1", branch, "Payments", payments.origin)
    assert (flow.test, flow.live) == (version, None)
    assert version.content_hash == payments.live.content_hash and version.layout == payments.live.layout
    assert flow.slug != payments.slug and flow.trigger.test_token != payments.trigger.test_token


def test_both_change_logs_say_who_copied_what_from_where(copy, payments, owner) -> None:
    (version,) = copy(payments)
    here, there = payments.history.first(), version.workflow.history.first()
    assert here.history_change_reason == "v1 (Live) copied to “Branch”" and here.history_user == owner
    assert there.history_change_reason == "v1 (Test) copied from Company ABC / Payments v1 (Live)"
    assert there.history_user == owner


def test_a_workflow_that_is_there_gets_a_version_that_is_neither_test_nor_live(copy, payments, branch, owner) -> None:
    (first,) = copy(payments)
    publishing.save(payments, parse_graph(calling("X")), by=owner, now=timezone.now())
    payments.refresh_from_db()
    flow = Workflow.objects.of(branch).get()
    (second,) = copy(payments, state="test")
    flow.refresh_from_db()
    assert (str(second), flow.test, flow.live) == ("v2", first, None)
    first.refresh_from_db()
    assert first.content_hash == payments.live.content_hash
    # Chosen in the dropdown and saved, it is the Test version.
    onto = publishing.base_of(second)
    assert publishing.save(flow, second.drawn(), by=owner, now=timezone.now(), onto=onto) == second
    flow.refresh_from_db()
    assert flow.test == second


def test_a_renamed_copy_is_known_by_its_origin_and_another_of_the_name_by_its_name(
    copy, payments, branch, owner
) -> None:
    (first,) = copy(payments)
    Workflow.objects.filter(pk=first.workflow_id).update(name="Money in")
    document = copying.documents([payments.live], [Pick(slug=payments.slug, state="live")])
    (plan,) = plans(branch, document)
    assert (plan.there.name, plan.why, plan.number) == ("Money in", "origin", 2)
    Workflow.objects.filter(pk=first.workflow_id).update(origin="other", name="Payments")
    (plan,) = plans(branch, document)
    assert (plan.why, plan.number) == ("name", 2)


def test_what_it_depends_on_is_matched_by_name_or_missing(payments, workspace, branch) -> None:
    documents = copying.documents([payments.live], [Pick(slug=payments.slug, state="live")])
    (plan,) = plans(branch, documents)
    assert {match.key for match in plan.matches} == {0}
    Secret.objects.create(workspace=branch, name="SHOP_TOKEN", sealed="x")
    flow = drawn(workspace, "Calls", calling("SHOP_TOKEN"))
    (plan,) = plans(branch, copying.documents([flow.test], [Pick(slug=flow.slug, state="test")]))
    assert [bool(match.key) for match in plan.matches] == [True] and plan.missing == 0


def test_workflows_that_go_together_start_each_other_there(copy, workspace, branch) -> None:
    reminder = drawn(workspace, "Reminder", {"nodes": [TRIGGER], "edges": []})
    starter = drawn(workspace, "Starter", starting(reminder.slug))
    versions = copy(starter, reminder, state="test")
    slugs = {version.workflow.name: version.workflow.slug for version in versions}
    assert versions[0].drawing().node("go").settings["workflow"] == slugs["Reminder"] != reminder.slug


def test_a_workflow_that_starts_one_that_is_missing_says_its_name_and_cannot_go_live(copy, workspace, owner) -> None:
    reminder = drawn(workspace, "Reminder", {"nodes": [TRIGGER], "edges": []})
    (version,) = copy(drawn(workspace, "Starter", starting(reminder.slug)), state="test")
    assert version.drawing().node("go").settings["workflow"] == "Reminder"
    with pytest.raises(Refused, match="There is no workflow 'Reminder' in this workspace"):
        publishing.go_live(version, by=owner, now=timezone.now())


def test_no_secret_travels_and_the_trigger_takes_one_of_the_same_name(copy, payments, workspace, branch) -> None:
    secret = Secret(workspace=workspace, name="GUARD")
    secret.put("c4nary")
    secret.save()
    payments.trigger.secret = secret
    payments.trigger.save()
    (version,) = copy(payments)
    assert version.workflow.trigger.secret is None and not Secret.objects.of(branch).exists()
    Workflow.objects.of(branch).update(test=None)
    version.workflow.delete()
    own = Secret(workspace=branch, name="GUARD")
    own.put("other")
    own.save()
    (version,) = copy(payments)
    assert version.workflow.trigger.secret == own


def test_going_live_waits_for_the_checklist_and_says_why(copy, payments, workspace, branch, owner, clock) -> None:
    ready = drawn(
        workspace,
        "Ready",
        {"nodes": [TRIGGER, draw.stop("end")], "edges": [{"source": "start", "target": "end"}]},
    )
    (version,) = copy(ready, state="test")
    flow, checklist = version.workflow, checklists.open_checklists(version.workflow)[0]
    with pytest.raises(Refused, match=r"hand out the new URL .*; check that .*; fire it once"):
        publishing.go_live(version, by=owner, now=timezone.now())
    lifecycle.tick(checklist, checklists.URL, by=owner, now=timezone.now())
    lifecycle.tick(checklist, checklists.SAMPLE, by=owner, now=timezone.now())
    finish(example.url_of(flow, "test"), clock)
    # A change after the run makes v2, which has the same checklist.
    graph = ready.test.drawn().model_dump(mode="json")
    graph["nodes"][0]["name"] = "Other"
    second = publishing.save(flow, parse_graph(graph), by=owner, now=timezone.now())
    assert second.number == 2 and second.checklist_id == checklist.pk
    publishing.go_live(second, by=owner, now=timezone.now())
    assert not checklists.open_checklists(flow)


def test_a_workflow_that_was_there_has_told_its_url_and_goes_live_with_its_own_versions(
    copy, payments, branch, owner
) -> None:
    own = drawn(
        branch,
        "Payments",
        {"nodes": [TRIGGER, draw.stop("end")], "edges": [{"source": "start", "target": "end"}]},
    )
    (version,) = copy(payments)
    assert version.workflow == own and version.number == 2
    done = {point.key for point in checklists.points(version.checklist, version) if point.done}
    assert done == {checklists.URL}
    publishing.go_live(own.test, by=owner, now=timezone.now())


def test_only_an_owner_of_both_copies_and_only_what_is_still_there(workspace, payments, branch, owner) -> None:
    pick = [Pick(slug=payments.slug, state="live")]
    for place in (workspace, branch):
        Membership.objects.filter(workspace=place, user=owner).update(role=Role.EDITOR)
        with pytest.raises(Refused, match=f"you are not an owner of “{place}”"):
            copying.copy(workspace, pick, branch, by=owner, now=timezone.now())
        Membership.objects.filter(workspace=place, user=owner).update(role=Role.OWNER)
    with pytest.raises(Refused, match="was deleted meanwhile"):
        copying.copy(workspace, [*pick, Pick(slug="gone", state="live")], branch, by=owner, now=timezone.now())
    with pytest.raises(Refused, match="has no test version"):
        Workflow.objects.filter(pk=payments.pk).update(test=None)
        copying.copy(workspace, [Pick(slug=payments.slug, state="test")], branch, by=owner, now=timezone.now())
    with pytest.raises(Refused, match="same workspace"):
        copying.copy(workspace, pick, workspace, by=owner, now=timezone.now())
    assert not Workflow.objects.of(branch).exists() and not Checklist.objects.exists()


def unfinished(flow):
    return [version.checklist for version in flow.versions.select_related("checklist__workflow") if version.checklist]


def test_a_duplicate_has_what_is_still_to_be_done_and_begins_it_anew(copy, payments, owner) -> None:
    (version,) = copy(payments)
    lifecycle.tick(version.checklist, checklists.URL, by=owner, now=timezone.now())
    twin = lifecycle.duplicate(version.workflow, by=owner, now=timezone.now())
    (own,) = unfinished(twin)
    assert own.workflow == twin and own.source == version.checklist.source and own.needs == version.checklist.needs
    assert own.url_given_at is None
    with pytest.raises(Refused, match=r"its checklist is not done: hand out the new URL"):
        checklists.check_ticked(twin.test)


def test_a_duplicate_of_what_was_live_has_nothing_to_be_done(payments, owner) -> None:
    assert not unfinished(lifecycle.duplicate(payments, by=owner, now=timezone.now()))


@pytest.mark.parametrize("number", [0, 99])
def test_no_save_onto_a_version_that_is_not_there_leaves_a_checklist_behind(copy, payments, owner, number) -> None:
    (version,) = copy(payments)
    base = publishing.Base(number=number, newest=99)
    with pytest.raises(publishing.Stale):
        publishing.save(version.workflow, version.drawn(), by=owner, now=timezone.now(), onto=base)


def test_the_same_drawing_saved_onto_another_version_has_the_checklist_still(copy, payments, owner) -> None:
    (version,) = copy(payments)
    own = publishing.add_version(version.workflow, parse_graph({"nodes": [TRIGGER]}), owner, timezone.now())
    base = publishing.Base(number=own.number, edition=own.edition(), newest=own.number)
    Version.objects.filter(pk=own.pk).update(lived_at=timezone.now())
    again = publishing.save(version.workflow, version.drawn(), by=owner, now=timezone.now(), onto=base)
    assert again.number == 3 and again.checklist_id == version.checklist_id


def test_the_checklist_tells_what_the_missing_events_need_until_they_are_there(copy, payments, branch) -> None:
    (version,) = copy(payments)
    rows = checklists.matches_of(version.checklist, version)
    assert {row.need.what for row in rows} == {EVENT, TEMPLATE, CONNECTION} and not any(row.key for row in rows)
    example.prepare(branch)
    rows = checklists.matches_of(version.checklist, version)
    assert {row.need.what for row in rows} == {EVENT, TEMPLATE, CONNECTION} and all(row.key for row in rows)


def test_a_guard_that_wants_a_secret_is_a_point_of_its_own(copy, workspace, branch, owner) -> None:
    guarded = {**TRIGGER, "settings": {"guard": {"type": "bearer"}}}
    broken = {**TRIGGER, "settings": {"guard": {"type": "none of these"}}}
    (lost,) = copy(drawn(workspace, "Broken", {"nodes": [broken], "edges": []}), state="test")
    assert checklists.GUARD not in {p.key for p in checklists.points(lost.checklist, lost)}
    flow = drawn(workspace, "Guarded", {"nodes": [guarded], "edges": []})
    (version,) = copy(flow, state="test")
    assert checklists.GUARD in {p.key for p in checklists.points(version.checklist, version) if not p.done}
    secret = Secret.objects.create(workspace=branch, name="OWN", sealed="x")
    version.workflow.trigger.secret = secret
    version.workflow.trigger.save()
    assert checklists.GUARD in {p.key for p in checklists.points(version.checklist, version) if p.done}


def client_of(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_by_the_page_an_outsider_and_an_editor_copy_nothing(workspace, payments, branch, owner, outsider) -> None:
    url, asked = f"/w/{workspace.wsid}/copy", {"flow": payments.slug, "to": branch.wsid}
    assert client_of(outsider).post(url, asked).status_code == 404
    foreign = outsider.memberships.get().workspace
    page = client_of(owner).post(url, {**asked, "to": foreign.wsid}).content.decode()
    assert "pick a workspace that you own" in page
    page = client_of(owner).get(url, {**asked, "to": foreign.wsid}).content.decode()
    assert foreign.wsid not in page and "becomes" not in page
    Membership.objects.filter(user=owner, workspace=workspace).update(role=Role.EDITOR)
    assert client_of(owner).post(url, asked).status_code == 403
    assert not Workflow.objects.exclude(workspace=workspace).exists()


def test_two_workspaces_of_one_name_are_told_apart(workspace, payments, branch, owner) -> None:
    other = Workspace.objects.create(name="Branch")
    Membership.objects.create(workspace=other, user=owner, role=Role.OWNER)
    page = client_of(owner).get(f"/w/{workspace.wsid}/copy", {"flow": payments.slug}).content.decode()
    assert f"Branch ({other.wsid})" in page and f"Branch ({branch.wsid})" in page


def test_what_changed_between_the_look_and_the_copy_is_told_and_nothing_is_half_written(
    workspace, payments, branch, owner
) -> None:
    client, url = client_of(owner), f"/w/{workspace.wsid}/copy"
    other = drawn(workspace, "Other", {"nodes": [TRIGGER], "edges": []})
    asked = {"flow": [payments.slug, other.slug], "to": branch.wsid}
    assert "becomes v1 (Test)" in client.get(url, asked).content.decode()
    lifecycle.delete(other)
    assert "was deleted meanwhile" in client.post(url, asked).content.decode()
    asked["flow"] = [payments.slug]
    Membership.objects.filter(user=owner, workspace=branch).update(role=Role.VIEWER)
    assert "Not copied: pick a workspace that you own, too." in client.post(url, asked).content.decode()
    assert not Workflow.objects.of(branch).exists()


def test_each_copy_that_is_not_live_yet_has_a_checklist_of_its_own_on_the_page(copy, payments, branch, owner) -> None:
    (first,), (second,) = copy(payments), copy(payments)
    client, url = client_of(owner), f"/w/{branch.wsid}/workflows/{first.workflow.slug}"
    page = client.get(url).content.decode()
    assert "Before v1 goes live" in page and "Before v2 goes live" in page
    tick = {"verb": "tick", "point": checklists.SAMPLE, "checklist": str(first.checklist_id)}
    client.post(f"{url}/do", tick)
    first.checklist.refresh_from_db()
    second.checklist.refresh_from_db()
    assert first.checklist.sample_checked_at and not second.checklist.sample_checked_at
    assert reasons(first.workflow)[-1] == "checklist: the sample is checked"
    assert (
        "nothing to tick any more" in client.post(f"{url}/do", {**tick, "checklist": "0"}, follow=True).content.decode()
    )


def test_what_is_in_the_archive_there_is_told_and_is_nobody_s_match(copy, workspace, branch, owner) -> None:
    reminder = drawn(workspace, "Reminder", {"nodes": [TRIGGER], "edges": []})
    starter = drawn(workspace, "Starter", starting(reminder.slug))
    (there,) = copy(reminder, state="test")
    lifecycle.archive(there.workflow, by=owner, now=timezone.now())
    (version,) = copy(starter, state="test")
    assert version.drawing().node("go").settings["workflow"] == "Reminder"
    (plan,) = plans(branch, copying.documents([reminder.test], [Pick(slug=reminder.slug, state="test")]))
    assert "“Reminder” in the archive" in plan.words()
