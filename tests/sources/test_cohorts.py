"""Cohorts that somebody else keeps: told in parts, in any order, again and again; who enters starts a run once."""

import base64
from typing import Any

import pytest

from apps.events.models import Event
from apps.people.models import Cohort, CohortMembership, CohortSync
from apps.runs.models import Run
from tests.support.clock import drain
from tests.support.senders import path_for, source, started_by, tell

BASIC = {"authorization": f"Basic {base64.b64encode(b'mixpanel:s3cret').decode()}"}


def sync(action: str, names: list[str], *, session: str = "s-1", page: int = 1, pages: int = 1) -> dict[str, Any]:
    members = [{"mixpanel_distinct_id": name, "email": f"{name}@example.com"} for name in names]
    facts = {"mixpanel_project_id": "1", "mixpanel_cohort_id": "7", "mixpanel_cohort_name": "Gold"}
    facts |= {"mixpanel_session_id": session, "page_info": {"total_pages": pages, "page_count": page}}
    return {"action": action, "parameters": {**facts, "members": members}}


def started() -> dict[str, int]:
    """How many runs began for whom."""
    found: dict[str, int] = {}
    for run in Run.objects.select_related("event"):
        found[run.event.body["member_id"]] = found.get(run.event.body["member_id"], 0) + 1
    return found


@pytest.fixture
def mixpanel(workspace):
    return source(workspace, "mixpanel", user="mixpanel", password="s3cret")


@pytest.mark.parametrize("first", ["members", "add_members"])
def test_who_enters_starts_a_run_once_and_who_leaves_none(mixpanel, clock, first: str) -> None:
    started_by(mixpanel, on="entered", cohort="Gold")
    left = started_by(mixpanel, on="left", cohort="7")
    path = path_for(mixpanel)
    answer = tell(path, sync(first, ["a", "b"]), **BASIC)
    assert answer == (200, {"action": first, "status": "success"})
    tell(path, sync("add_members", ["b", "c"], session="s-2"), **BASIC)
    tell(path, sync("add_members", [], session="s-3"), **BASIC)
    drain(clock)
    assert started() == {"a": 1, "b": 1, "c": 1}
    tell(path, sync("remove_members", ["a", "z"], session="s-4"), **BASIC)
    drain(clock)
    assert [run.event.body["member_id"] for run in left.runs.all()] == ["a"]
    assert Cohort.objects.get().size == 2


def test_a_resync_of_three_pages_that_was_interrupted_messages_nobody_twice(mixpanel, clock) -> None:
    started_by(mixpanel, on="entered", cohort="Gold")
    names = [f"u-{n}" for n in range(2500)]
    parts = [names[:1000], names[1000:2000], names[2000:]]
    for page in (1, 2):
        tell(path_for(mixpanel), sync("members", parts[page - 1], page=page, pages=3), **BASIC)
    drain(clock)
    assert Cohort.objects.get().size == 2000
    for page in (2, 1, 3, 3):
        tell(path_for(mixpanel), sync("members", parts[page - 1], session="s-2", page=page, pages=3), **BASIC)
    drain(clock)
    assert started() == dict.fromkeys(names, 1)
    assert Cohort.objects.get().size == 2500


def test_who_is_not_named_has_left_only_when_all_pages_are_in(mixpanel, clock) -> None:
    left = started_by(mixpanel, on="left", cohort="Gold")
    tell(path_for(mixpanel), sync("members", ["a", "b", "c"]), **BASIC)
    tell(path_for(mixpanel), sync("members", ["a"], session="s-2", page=2, pages=2), **BASIC)
    drain(clock)
    assert Cohort.objects.get().size == 3
    tell(path_for(mixpanel), sync("members", ["d"], session="s-2", page=1, pages=2), **BASIC)
    drain(clock)
    assert sorted(run.event.body["member_id"] for run in left.runs.all()) == ["b", "c"]
    assert all(run.person_id for run in left.runs.all())
    assert Cohort.objects.get().size == 2
    last = CohortSync.objects.get(session="s-2")
    assert (last.entered, last.left, last.size) == (1, 2, 2)


def test_a_part_of_a_sync_that_another_has_overtaken_changes_nothing(mixpanel, clock) -> None:
    tell(path_for(mixpanel), sync("members", ["a"], session="s-1", page=1, pages=2), **BASIC)
    drain(clock)
    tell(path_for(mixpanel), sync("members", ["b"], session="s-2"), **BASIC)
    drain(clock)
    tell(path_for(mixpanel), sync("members", ["x"], session="s-1", page=2, pages=2), **BASIC)
    drain(clock)
    assert set(CohortMembership.objects.filter(left_at=None).values_list("member_id", flat=True)) == {"b"}


def test_more_leave_than_one_commit_takes(mixpanel, clock) -> None:
    names = [f"u-{n}" for n in range(1200)]
    for page in (1, 2):
        part = names[(page - 1) * 1000 : page * 1000]
        tell(path_for(mixpanel), sync("members", part, page=page, pages=2), **BASIC)
    drain(clock)
    tell(path_for(mixpanel), sync("members", ["u-0"], session="s-2"), **BASIC)
    drain(clock)
    assert Cohort.objects.get().size == 1
    assert CohortSync.objects.get(session="s-2").ended_at


def test_members_are_people_and_a_test_makes_nobody(mixpanel, clock) -> None:
    tell(path_for(mixpanel, environment="test"), sync("members", ["a"]), **BASIC)
    drain(clock)
    assert CohortMembership.objects.get().person is None
    tell(path_for(mixpanel), sync("members", ["a"]), **BASIC)
    drain(clock)
    person = CohortMembership.objects.get(cohort__environment="live").person
    assert set(person.identities.values_list("value", flat=True)) == {"a", "a@example.com"}


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"action": "dance"}, "the action must be one of"),
        ({"action": "members", "parameters": {}}, "mixpanel_cohort_id"),
        (sync("members", ["a"]) | {"parameters": {"mixpanel_cohort_id": 1, "members": [{}]}}, "mixpanel_distinct_id"),
        (sync("members", [], page=-1), "page_info"),
    ],
    ids=["action", "cohort", "member", "pages"],
)
def test_a_call_that_cannot_be_used_is_kept_and_pauses_no_sync(mixpanel, said: dict, why: str) -> None:
    status, answer = tell(path_for(mixpanel), said, **BASIC)
    assert (status, answer["status"]) == (200, "success")
    kept = Event.objects.get()
    assert kept.state == "ignored"
    assert why in kept.reason


def test_a_wrong_password_is_401_in_mixpanels_own_words(mixpanel) -> None:
    status, answer = tell(path_for(mixpanel), sync("members", ["a"]))
    assert status == 401
    assert answer["status"] == "failure"
    assert answer["error"]["code"] == 401
    status, answer = tell(path_for(mixpanel), body=b"{", **BASIC)
    assert (status, answer["status"]) == (422, "failure")


def test_amplitude_tells_of_cohorts_too(workspace, clock) -> None:
    made = source(workspace, "amplitude", secret="s3cret")
    started_by(made, on="entered", cohort="Gold")
    said = {
        "cohort_id": "g",
        "cohort_name": "Gold",
        "in_cohort": True,
        "users": [{"user_id": "c-1"}, {"user_id": "c-2"}],
    }
    shown = {"X-Amplitude-Secret": "s3cret"}
    for message in ("m-1", "m-1", "m-2"):
        assert tell(path_for(made), {**said, "message_id": f"{message}::enter::0"}, **shown)[1]["code"] == 200
    drain(clock)
    assert started() == {"c-1": 1, "c-2": 1}
    assert tell(path_for(made), said) == (
        401,
        {"code": 401, "error": "The header X-Amplitude-Secret does not show the secret of this source."},
    )
