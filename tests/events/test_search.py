"""One box finds what came in, however it is written, and says what it searched when it finds nothing."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.console.activity.search_results import find
from apps.events.models import Event, SearchTerm
from apps.events.search_terms import MAX_MARKS, MAX_WORD, phone_of, search_words_of
from apps.runs.models import Run
from tests.support.clock import Clock, finish
from tests.support.outside import PAYMENT, fire


@pytest.fixture
def client(owner) -> Client:
    browser = Client()
    browser.force_login(owner)
    return browser


@pytest.fixture
def said(client, workspace):
    def get(wanted: str) -> str:
        return client.get(reverse("search", args=[workspace.wsid]), {"q": wanted}).content.decode()

    return get


@pytest.mark.parametrize(
    "wanted",
    ["+919800000001", "919800000001", "+91 98000 00001", "98000-00001", "09800000001", "(+91) 98000.00001"],
)
def test_a_phone_is_found_in_any_writing(story, said, clock: Clock, wanted: str) -> None:
    finish(story.webhook_live, clock)
    assert str(Run.objects.get().pk) in said(wanted)


@pytest.mark.parametrize("wanted", ["A-1", "a-1", "Asha", "ASHA@example.com", "1499.5", " asha@example.com "])
def test_any_value_of_the_top_two_levels_is_found(story, said, clock: Clock, wanted: str) -> None:
    finish(story.webhook_live, clock, {**PAYMENT, "customer": {"name": "Asha"}})
    assert str(Run.objects.get().pk) in said(wanted)


def test_run_and_request_are_found_by_their_ids(story, said, clock: Clock) -> None:
    finish(story.webhook_live, clock)
    run = Run.objects.get()
    for wanted in (str(run.pk), str(run.event_id), str(run.pk).upper()):
        assert reverse("run", args=[run.workspace.wsid, run.pk]) in said(wanted)


def test_an_arrival_that_sent_nothing_is_found(story, said, clock: Clock) -> None:
    finish(story.webhook_live, clock, {**PAYMENT, "status": "odd"})
    run = Run.objects.get()
    assert run.code == "status_ignored" and str(run.pk) in said("98000 00001")


def test_an_arrival_that_started_no_run_is_found(story, said) -> None:
    fire(story.webhook_live)
    event = Event.objects.get()
    assert str(event.pk) in said("98000 00001") and "Requests that started no run" in said(str(event.pk))


def test_nothing_found_says_what_was_searched(story, said) -> None:
    nothing = said("nobody@example.com")
    assert "Nothing found for “nobody@example.com”" in nothing and "top two levels" in nothing
    assert "What are you looking for?" in said("")


def test_another_workspace_finds_nothing(story, outsider, clock: Clock) -> None:
    finish(story.webhook_live, clock)
    mine = outsider.memberships.get().workspace
    run = Run.objects.get()
    for wanted in ("A-1", "+919800000001", str(run.pk), str(run.event_id)):
        found = find(mine, wanted)
        assert not found.run_ids and not Event.objects.of(mine).filter(pk__in=found.event_ids).exists()


def test_the_index_of_one_event_is_bounded(story) -> None:
    fire(story.webhook_live, {"status": "odd", "long": "x" * 5000, **{f"k{n}": f"v{n}" for n in range(500)}})
    words = list(SearchTerm.objects.values_list("word", flat=True))
    assert len(words) == MAX_MARKS and max(map(len, words)) == MAX_WORD


def test_a_repeat_with_the_same_key_marks_nothing_twice(story) -> None:
    for _ in range(2):
        fire(story.webhook_live, idempotency_key="k1")
    assert SearchTerm.objects.filter(word="a-1").count() == 1


def test_words_go_two_levels_deep_and_no_deeper() -> None:
    assert search_words_of({"a": {"b": "two", "c": {"d": "three"}}, "list": ["one", {"e": "deep"}]}) == ["two", "one"]
    assert search_words_of({"yes": True, "none": None, "empty": " ", "number": 12}) == ["12"]
    assert search_words_of("text") == ["text"]


def test_what_is_no_phone_is_not_read_as_one() -> None:
    assert phone_of("A-1001") == phone_of("12 34") == phone_of("2026-11-24T22:00") == ""
    assert phone_of("+91 98000 00001") == phone_of("09800000001") == "800000001"
