"""Whole workflows: the list, groups, names, copies, the archive, deletion; versions; the change log and putting back."""

import json

import pytest
from django.test import Client
from django.utils import timezone

from apps.channels.models import Connection
from apps.common.trouble import Refused
from apps.engine.drawing.graph import parse_graph
from apps.notifications import editing
from apps.notifications.models import Content, NotificationEvent, Template
from apps.triggers.models import Binding, Trigger
from apps.workflows import example
from apps.workflows.models import Group, Workflow
from apps.workflows.release import lifecycle, publishing
from tests.support.clock import finish
from tests.support.draw import payment
from tests.support.outside import PAYMENT, fire


@pytest.fixture
def client(owner) -> Client:
    browser = Client()
    browser.force_login(owner)
    return browser


@pytest.fixture
def here(client, workspace):
    """Open or post to a page of the workspace; the text that it shows."""

    def go(path: str, **data: str) -> str:
        url = f"/w/{workspace.wsid}/{path}"
        answer = client.post(url, data, follow=True) if data else client.get(url)
        assert answer.status_code == 200, answer.status_code
        return answer.content.decode()

    return go


def saved(workflow, by=None, **changes):
    return publishing.save(workflow, parse_graph(payment(**changes)), by=by, now=timezone.now())


def test_a_version_that_was_never_live_and_never_ran_takes_the_change_itself(workspace) -> None:
    workflow = publishing.create(workspace, "New")
    assert str(saved(workflow)) == "v1"
    assert str(saved(workflow, power={"name": "Other"})) == "v1"
    assert workflow.versions.get().drawing().node("power").name == "Other"


def test_a_version_that_is_live_or_was_once_never_changes(payments, owner) -> None:
    v2 = saved(payments, power={"name": "Other"})
    publishing.go_live(v2, by=owner, now=timezone.now())
    v3 = saved(payments, power={"name": "Third"})
    assert [v.number for v in (v2, v3)] == [2, 3]
    assert payments.versions.get(number=1).drawing().node("power").name == "Power user?"


def test_a_version_that_a_run_has_used_never_changes(workspace, clock) -> None:
    workflow = publishing.create(workspace, "New")
    saved(workflow)
    finish(example.url_of(workflow, "test"), clock)
    assert str(saved(workflow, power={"name": "Other"})) == "v2"


def test_saving_onto_an_old_version_makes_it_test_again_or_a_newest_one(payments, owner) -> None:
    saved(payments, power={"name": "Other"})
    first = payments.versions.get(number=1)
    base = publishing.Base(number=1, edition=first.edition(), newest=2)
    same = publishing.save(payments, first.drawn(), by=owner, now=timezone.now(), onto=base)
    payments.refresh_from_db()
    assert (same, payments.test.number, payments.versions.count()) == (first, 1, 2)
    other = publishing.save(
        payments, parse_graph(payment(power={"name": "X"})), by=owner, now=timezone.now(), onto=base
    )
    assert other.number == 3


def test_who_saves_onto_what_another_has_changed_is_told(payments, owner) -> None:
    base = publishing.Base(number=1, edition=payments.live.edition(), newest=1)
    theirs = saved(payments, power={"name": "Other"})
    with pytest.raises(publishing.Stale) as stale:
        publishing.save(payments, parse_graph(payment()), by=owner, now=timezone.now(), onto=base)
    assert stale.value.version == theirs
    mine = publishing.Base(number=2, edition=theirs.edition(), newest=2)
    saved(payments, power={"name": "Third"})
    with pytest.raises(publishing.Stale):
        publishing.save(payments, parse_graph(payment()), by=owner, now=timezone.now(), onto=mine)
    assert payments.versions.count() == 2


def test_the_list_shows_state_group_and_the_last_day_and_can_be_filtered(
    here, payments, workspace, story, clock
) -> None:
    finish(story.webhook_live, clock)
    group = lifecycle.add_group(workspace, "Money")
    lifecycle.regroup(payments, group, by=None)
    publishing.create(workspace, "Empty one")
    page = here("workflows")
    assert "Money · Live v1" in page and "1 run in 24 h" in page and "Never ran" in page
    assert "Empty one" not in here("workflows?state=live")
    assert (
        "Empty one" in here("workflows?state=test")
        and "Payments" not in here("workflows?state=test&view=table").split("<main")[1]
    )
    assert "Payments" in here(f"workflows?group={group.pk}&trigger=webhook") and "Empty one" not in here(
        f"workflows?group={group.pk}"
    )
    assert "Empty one" in here("workflows?group=none")
    assert "No workflow matches" in here("workflows?q=nobody")
    assert "<table" in here("workflows?view=table")


def test_a_workspace_has_at_most_twenty_groups_and_a_deleted_one_keeps_its_workflows(here, payments, workspace) -> None:
    for number in range(20):
        assert f"The group “G{number}” is there." in here("groups", verb="add", name=f"G{number}")
    assert "at most 20 groups" in here("groups", verb="add", name="One more")
    assert "that no other has" in here("groups", verb="rename", group=str(Group.objects.get(name="G1").pk), name="G2")
    group = Group.objects.get(name="G3")
    lifecycle.regroup(payments, group, by=None)
    assert "its workflows are still there" in here("groups", verb="delete", group=str(group.pk))
    payments.refresh_from_db()
    assert payments.group is None
    assert "There is a group" in here("groups", verb="add", name="G2") or "there is a group" in here(
        "groups", verb="add", name="G2"
    )


def test_a_new_workflow_begins_empty_or_with_the_example(here, workspace) -> None:
    assert "builder.js" in here("workflows/new", name="Fresh", begin="empty")
    assert Workflow.objects.get(name="Fresh").versions.count() == 0
    here("workflows/new", name="From the example", begin="example")
    made = Workflow.objects.get(name="From the example")
    assert (str(made.test), made.live) == ("v1", None)
    assert "another workflow is called" in here("workflows/new", name="Fresh", begin="empty")
    assert "give the workflow a name" in here("workflows/new", name=" ", begin="empty")


def test_a_workflow_is_renamed_copied_archived_and_taken_back(here, payments, story) -> None:
    do = f"workflows/{payments.slug}/do"
    assert "It is called “Money in” now." in here(do, verb="rename", name="Money in")
    assert "is a copy" in here(do, verb="duplicate")
    copy = Workflow.objects.get(name="Money in (copy)")
    assert copy.test.content_hash == payments.live.content_hash and copy.live is None
    assert copy.trigger.live_token != payments.trigger.live_token
    assert "another workflow is called" in here(do, verb="rename", name="Money in (copy)")
    assert "Archive “Money in”?" in here(do, verb="archive")
    assert "is archived" in here(do, verb="archive", sure="yes")
    assert fire(story.webhook_live, PAYMENT)[0] == 423
    assert ">Money in<" not in here("workflows") and ">Money in<" in here("workflows?state=archived")
    assert "take it out of the archive first" in here(f"workflows/{payments.slug}/paused", paused="no")
    assert "is back, and paused" in here(do, verb="unarchive")
    here(f"workflows/{payments.slug}/paused", paused="no")
    assert fire(story.webhook_live, PAYMENT)[0] == 202


def test_a_workflow_is_deleted_only_while_nothing_depends_on_it(here, payments, workspace, story, clock) -> None:
    do = f"workflows/{payments.slug}/do"
    assert "it is live: pause or archive it first" in here(do, verb="delete", sure="yes")
    finish(story.webhook_live, clock)
    publishing.pause(payments, by=None)
    assert "it has runs" in here(do, verb="delete", sure="yes")
    other = publishing.create(workspace, "Other")
    saved(other)
    trigger = other.trigger_id
    assert "“Other” is deleted." in here(f"workflows/{other.slug}/do", verb="delete", sure="yes")
    assert not Trigger.objects.filter(pk=trigger) and not Binding.objects.filter(trigger=trigger)


def test_versions_are_named_compared_and_refused_by_words(here, payments) -> None:
    saved(payments, power={"name": "Strong customer?"})
    at = f"workflows/{payments.slug}/versions"
    here(f"{at}/describe", version="2", name="Stronger", note="For the sale")
    page = here(at)
    assert "v2 · Stronger" in page and "For the sale" in page and "Compare with v1" in page
    compared = here(f"{at}/compare?from=1&to=2")
    assert "Name: “Power user?” → “Strong customer?”" in compared
    assert "Nothing differs" in here(f"{at}/compare?from=1&to=1")
    assert here(f"{at}/compare").count("Strong customer?") == compared.count("Strong customer?")


@pytest.mark.parametrize("query", ["?from=7", "?from=1&to=9", "?from=x&to=1", "?from=1&to=" + "9" * 40])
def test_versions_that_are_not_there_are_404(client, workspace, payments, query: str) -> None:
    url = f"/w/{workspace.wsid}/workflows/{payments.slug}/versions/compare{query}"
    assert client.get(url).status_code == 404


def test_the_change_log_says_who_did_what_and_putting_back_is_logged_itself(here, payments, owner) -> None:
    v2 = saved(payments, by=owner, power={"name": "Strong customer?"})
    publishing.go_live(v2, by=owner, now=timezone.now())
    lifecycle.rename(payments, "Money in", by=owner)
    log = f"workflows/{payments.slug}/log"
    page = here(log)
    for words in ("v2 (Test): 3 blocks changed", "v2 (Live)", "renamed to “Money in”", owner.email, "Live: v1 → v2"):
        assert words in page, words
    row = next(row for row in page.split("<tr>") if "v1 (Live)" in row)
    revision = row.split('name="revision" value="')[1].split('"')[0]
    assert "It is as it was then." in here(f"workflows/{payments.slug}/put-back", revision=revision)
    payments.refresh_from_db()
    assert (payments.name, str(payments.live)) == ("Payments", "v1")
    assert "put back as it was on" in here(log)
    assert Binding.objects.get(trigger=payments.trigger, environment="test").version_id == payments.test_id


def test_what_cannot_be_put_back_is_said_and_changes_nothing(payments, owner, workspace) -> None:
    lifecycle.rename(payments, "Money in", by=owner)
    lifecycle.rename(payments, "Money", by=owner)
    publishing.create(workspace, "Money in")
    kept = lifecycle.Kept.objects.get_for_object(payments)[1]
    with pytest.raises(Refused, match="another workflow is called"):
        lifecycle.put_back(payments, kept, by=owner, now=timezone.now())
    NotificationEvent.objects.filter(name="payment_link").update(name="gone")
    kept = lifecycle.Kept.objects.get_for_object(payments).filter(revision__comment__contains="(Live)").first()
    with pytest.raises(Refused, match="has 1 errors now"):
        lifecycle.put_back(payments, kept, by=owner, now=timezone.now())
    payments.refresh_from_db()
    assert payments.name == "Money"


def test_a_template_is_written_previewed_and_counted(here, workspace) -> None:
    new = {"name": "Reminder", "sms.on": "yes", "sms.text": "Order {{ order_id }} waits’", "sms.missing": "error"}
    page = here("templates/new", **new)
    assert "“Reminder” is saved." in page and "Order order_id waits’" in page and "UCS-2" in page
    made = Template.objects.get(name="Reminder")
    assert made.contents.get().text == new["sms.text"]
    shown = here("templates/preview", **{**new, "sample": '{"order_id": "A-7"}'})
    assert "Order A-7 waits" in shown and "1 segment" in shown
    assert "The sample cannot be read" in here("templates/preview", **{**new, "sample": "{"})
    assert "a value is missing: order_id" in here("templates/preview", **{**new, "sample": "{}"})
    assert "Reminder" in here("templates?q=remind") and "No template is called" in here("templates?q=zzz")


def test_lines_are_ended_as_messages_want_them_and_what_no_database_takes_is_replaced(here, workspace) -> None:
    here("templates/new", **{"name": "Lines", "sms.on": "yes", "sms.text": "one\r\ntwo\x00"})
    assert Template.objects.get(name="Lines").contents.get().text == "one\ntwo\ufffd"


def test_a_broken_text_or_a_taken_name_is_told_at_its_channel_and_nothing_is_written(story, here, workspace) -> None:
    page = here("templates/new", **{"name": "Reminder", "sms.on": "yes", "sms.text": "{{ order_id"})
    assert "Mend the text" in page and "Not saved" in page and "{{ order_id" in page
    assert not Template.objects.filter(name="Reminder")
    page = here("templates/new", **{"name": "Payment link", "sms.on": "yes", "sms.text": "x"})
    assert "Another one has this name" in page
    assert "Not saved" in here("templates/new", **{"name": "", "sms.on": "yes", "sms.text": "x"})


def test_a_template_that_is_said_stays_and_its_log_tells_and_puts_back(story, here, workspace, owner) -> None:
    found = Template.objects.get(name="Payment link")
    at = f"templates/{found.pk}"
    assert "a notification event uses it" in here(f"{at}/delete", now="yes")
    content = found.contents.get()
    words = {"name": found.name, "sms.on": "yes", "sms.missing": "error"}
    here(at, **{**words, "sms.text": "First", "edition": editing.edition(found)})
    here(at, **{**words, "sms.text": "Second", "push.on": "yes", "push.text": "P", "edition": editing.edition(found)})
    page = here(f"{at}/log")
    assert "Text: First → Second" in page and "push content made" in page and owner.email in page
    revision = page.split('name="revision" value="')[-1].split('"')[0]
    assert "It is as it was then." in here(f"{at}/put-back", revision=revision)
    assert {c.channel: c.text for c in Content.objects.filter(template=found)} == {"sms": "First"}
    assert "put back as it was on" in here(f"{at}/log")
    assert content.pk == found.contents.get().pk


def test_words_that_another_has_saved_meanwhile_are_not_written_over_unseen(story, here, workspace) -> None:
    found = Template.objects.get(name="Payment link")
    at, seen = f"templates/{found.pk}", editing.edition(found)
    words = {"name": found.name, "sms.on": "yes", "sms.missing": "error"}
    here(at, **{**words, "sms.text": "Theirs", "edition": seen})
    page = here(at, **{**words, "sms.text": "Mine", "edition": seen})
    assert "Somebody else saved it meanwhile" in page and ">Mine</textarea>" in page
    assert found.contents.get().text == "Theirs"
    assert "is saved" in here(at, **{**words, "sms.text": "Mine", "edition": editing.edition(found)})


def test_a_drawing_as_json_that_another_has_saved_meanwhile_is_not_written_over(here, payments, owner) -> None:
    saved(payments, by=owner, power={"name": "Theirs"})
    old = {"number": "1", "edition": payments.versions.get(number=1).edition()}
    page = here(f"workflows/{payments.slug}/drawing", graph=json.dumps(payment(power={"name": "Mine"})), **old)
    assert "saved v2 meanwhile" in page and "Mine" in page
    assert payments.versions.get(number=2).drawing().node("power").name == "Theirs"


def test_a_notification_event_is_made_used_and_kept_while_a_workflow_says_it(here, workspace, payments) -> None:
    template = Template.objects.get(name="Payment link")
    inbox = str(workspace_connection(workspace).pk)
    page = here("events/new", **{"name": "reminder", "template": str(template.pk), "sms.connection": inbox})
    assert "“reminder” is saved." in page and "No workflow" in page
    made = NotificationEvent.objects.get(name="reminder")
    assert made.connections.get().channel == "sms"
    seen = editing.edition(made)
    assert "Pick a template" in here(f"events/{made.pk}", name="reminder", template="", edition=seen)
    assert "is deleted" in here(f"events/{made.pk}/delete", now="yes")
    used = NotificationEvent.objects.get(name="payment_link")
    assert "the workflow “Payments” says it" in here(f"events/{used.pk}/delete", now="yes")
    assert "cannot be changed while they do" in here(f"events/{used.pk}", name="other", template=str(template.pk))
    asked = {"name": "payment_link", "template": str(template.pk), "sms.connection": "", "push.connection": inbox}
    assert "Somebody else saved it meanwhile" in here(f"events/{used.pk}", **asked, edition="old")
    here(f"events/{used.pk}", **asked, edition=editing.edition(used))
    log = here(f"events/{used.pk}/log")
    assert "push event connection made" in log and "sms event connection deleted" in log


def workspace_connection(workspace):
    return Connection.objects.of(workspace).get(name="Test inbox")
