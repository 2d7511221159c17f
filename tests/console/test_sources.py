"""Sources under Settings: made, tried, rotated, looked at, deleted."""

import pytest
from django.urls import reverse

from apps.events.models import Event
from apps.people.models import Person
from apps.runs.models import Run
from apps.sources.registry import DOORS
from apps.triggers.models import Source
from tests.support.clock import drain
from tests.support.people import at_the_door
from tests.support.senders import path_for, source, started_by, tell

ROWS = {"about-TOTAL_FORMS": "1", "about-INITIAL_FORMS": "0", "about-0-kind": "distinct_id", "about-0-path": "userId"}


@pytest.fixture
def ask(workspace, owner):
    """A page of the workspace, or what a form of it leads to."""
    client = at_the_door(owner)

    def inner(name: str, *args: object, data: dict | None = None) -> str:
        url = reverse(name, args=[workspace.wsid, *args])
        answer = client.get(url) if data is None else client.post(url, data, follow=True)
        assert answer.status_code == 200
        return answer.content.decode()

    return inner


@pytest.mark.parametrize("kind", sorted(DOORS.all()))
def test_a_source_is_made_from_its_page_and_its_sample_starts_a_run(ask, workspace, clock, kind: str) -> None:
    secret = {f"set-{name}": "s3cret" for name in DOORS.all()[kind].secret_fields()}
    header = {"set-header": "X-Key"} if "header" in DOORS.all()[kind].model_fields else {}
    page = ask("new-source", kind, data={"name": "Shop", **secret, **header, **ROWS})
    assert "“Shop” is made" in page and "s3cret" not in page
    made = Source.objects.get()
    assert "s3cret" not in f"{made.settings}{made.history.first().__dict__}"
    workflow = started_by(made)
    assert "The sample was taken: answered 200" in ask("try-source", made.pk, data={"environment": "live"})
    assert "The sample was taken" in ask("try-source", made.pk, data={"environment": "live"})
    drain(clock)
    assert workflow.runs.count() == 2
    page = ask("source", made.pk)
    assert "taken up" in page and workflow.name in page


def test_about_rows_say_whom_events_are_about(ask, workspace, clock) -> None:
    page = ask("new-source", "segment", data={"name": "Shop", **ROWS, "about-0-path": ""})
    assert "or leave both empty" in page
    ask("new-source", "segment", data={"name": "Shop", **ROWS, "about-0-path": "properties.buyer"})
    made = Source.objects.get()
    tell(path_for(made), {"type": "track", "event": "e", "messageId": "m", "properties": {"buyer": "c-9"}})
    assert Person.objects.get().identities.get().value == "c-9"


def test_an_empty_secret_keeps_the_one_that_is_stored(ask, workspace) -> None:
    ask("new-source", "segment", data={"name": "Shop", "set-write_key": "wk", **ROWS})
    ask("source", Source.objects.get().pk, data={"name": "Shop two", **ROWS})
    made = Source.objects.get()
    assert (made.name, made.secrets()) == ("Shop two", {"write_key": "wk"})


def test_a_new_url_takes_the_place_of_the_old_one_which_is_taken_until_it_is_ended(ask, workspace) -> None:
    made = source(workspace, "segment")
    old = path_for(made)
    ask("change-source", made.pk, data={"verb": "rotate-live"})
    new = f"/in/source/{made.urls.get(environment='live', ends_at=None).token}"
    assert [tell(path, [])[0] for path in (old, new)] == [200, 200]
    assert "Only the newest URLs are taken now" in ask("change-source", made.pk, data={"verb": "end-old"})
    assert [tell(path, [])[0] for path in (old, new)] == [404, 200]


def test_what_was_not_usable_is_shown_with_its_reason_and_taken_up_again(ask, workspace, clock) -> None:
    made = source(workspace, "segment")
    tell(path_for(made), {"type": "dance", "messageId": "m"})
    assert "Its type &quot;dance&quot; is none of" in ask("source", made.pk)
    kept = Event.objects.get()
    assert "1 event is taken up again" in ask("source-again", made.pk, data={"event": [kept.pk]})
    drain(clock)
    kept.refresh_from_db()
    assert kept.state == "unmatched"


def test_a_source_that_a_workflow_names_is_neither_deleted_nor_renamed(ask, workspace) -> None:
    made = source(workspace, "segment", "Shop")
    workflow = started_by(made)
    assert f"it is used by workflow: {workflow.name}" in ask("change-source", made.pk, data={"verb": "delete"})
    assert "make a new one instead" in ask("source", made.pk, data={"name": "Other", **ROWS})
    assert Source.objects.get().name == "Shop"
    other = source(workspace, "segment", "Unused")
    assert "“Unused” is deleted" in ask("change-source", other.pk, data={"verb": "delete"})


def test_a_workflow_begins_with_the_trigger_that_was_chosen(ask, workspace) -> None:
    page = ask("new-workflow", data={"name": "Of Segment", "begin": "segment"})
    assert '"kind": "segment"' in page


def test_a_workflow_of_a_source_has_no_url_of_its_own(ask, workspace, clock) -> None:
    workflow = started_by(source(workspace, "segment"))
    page = ask("workflow", workflow.slug)
    assert "Live URL" not in page
    status, answer = tell(f"/in/live/{workflow.trigger.live_token}", {"a": 1})
    assert (status, "its source has one of its own" in answer["error"]) == (404, True)


def test_the_run_of_an_arrival_is_found_by_what_came_in(workspace, owner, clock) -> None:
    client = at_the_door(owner)
    made = source(workspace, "segment")
    started_by(made)
    tell(path_for(made), {"type": "track", "event": "e", "messageId": "m", "properties": {"order_id": "Z-77"}})
    drain(clock)
    run, parent = Run.objects.get(), Event.objects.get(kind="source.fired")
    assert (
        str(run.event_id)
        in client.get(reverse("begun", args=[workspace.wsid, parent.pk]), follow=True).content.decode()
    )
    found = client.get(reverse("search", args=[workspace.wsid]), {"q": "Z-77"}).content.decode()
    assert str(run.pk) in found and "Requests that started no run" not in found
