"""Whom news is about: found by identities, made where nobody is known, read and changed by runs."""

import itertools

import pytest
from django.db import transaction
from django.utils import timezone

from apps.channels.models import Delivery
from apps.engine.values.identities import identity_value
from apps.engine.values.phone_numbers import whole_number
from apps.engine.values.profiles import ProfileChange
from apps.events.models import Event
from apps.people.models import Person, PersonIdentity, SamePerson
from apps.people.updating import update
from apps.runs.models import Run
from apps.workflows import example
from apps.workflows.models import Workflow
from apps.workspaces.models import Workspace
from tests.support import draw
from tests.support.clock import drain
from tests.support.outside import fire
from tests.support.threads import at_once

ABOUT = [
    {"kind": "distinct_id", "path": "customer_id"},
    {"kind": "phone", "path": "phone"},
    {"kind": "email", "path": "email"},
]
STOP = {"id": "stop", "kind": "stop", "settings": {}}


def stop(workspace: Workspace, about: list[dict] | None = None) -> str:
    return draw.publish(workspace, STOP, trigger={"about": about or ABOUT})


def person_of(workspace: Workspace) -> Person:
    return Person.objects.of(workspace).get()


@pytest.mark.parametrize(
    ("kind", "said", "value"),
    [
        ("phone", "98000 00001", "+919800000001"),
        ("phone", "919800000001", "+919800000001"),
        ("phone", "whatsapp:+919800000001", "+919800000001"),
        ("phone", 9800000001.0, "+919800000001"),
        ("phone", "+5215512345678", "+525512345678"),
        ("phone", "+551187654321", "+5511987654321"),
        ("phone", "+551134567890", "+551134567890"),
        ("phone", "12", ""),
        ("email", " Asha@Example.COM ", "asha@example.com"),
        ("email", "asha", ""),
        ("distinct_id", "c-42", "c-42"),
        ("distinct_id", 42, "42"),
        ("distinct_id", "undefined", ""),
        ("distinct_id", None, ""),
        ("distinct_id", "0", ""),
        ("distinct_id", "a\nb", ""),
        ("distinct_id", "x" * 321, ""),
        ("wa_bsuid", "US.13491208655302741918", "US.13491208655302741918"),
        ("wa_bsuid", "US.ENT.11815799212886844830", ""),
        ("wa_bsuid", "919800000001", ""),
        ("wa_parent_bsuid", "US.ENT.11815799212886844830", "US.ENT.11815799212886844830"),
    ],
)
def test_an_identity_is_written_in_one_way_and_nobody_is_none(kind: str, said: object, value: str) -> None:
    assert identity_value(kind, said, "IN") == value


def test_a_number_without_its_plus_is_whole_where_no_country_is_known() -> None:
    assert whole_number("919800000001", "") == "+919800000001"
    assert whole_number("98000 00001", "") == ""


def test_an_event_makes_its_person_and_the_next_finds_her(workspace, clock) -> None:
    url = stop(workspace)
    fire(url, {"customer_id": "c-42", "email": "Asha@example.com"})
    fire(url, {"email": "asha@example.com", "phone": "+91 98000 00001"})
    fire(url, {"phone": "+919800000001"})
    drain(clock)
    person = person_of(workspace)
    assert set(Event.objects.values_list("person_id", flat=True)) == {person.pk}
    assert set(Run.objects.values_list("person_id", flat=True)) == {person.pk}
    assert set(person.identities.values_list("kind", "value")) == {
        ("distinct_id", "c-42"),
        ("email", "asha@example.com"),
        ("phone", "+919800000001"),
    }


def test_an_event_of_nobody_is_about_nobody(workspace, clock) -> None:
    assert fire(stop(workspace), {"customer_id": "null", "phone": ""})[0] == 202
    drain(clock)
    assert Run.objects.get().person_id is None
    assert not Person.objects.exists()


def test_a_test_event_finds_people_and_makes_nobody(workspace, clock) -> None:
    url = stop(workspace)
    fire(url, {"customer_id": "c-42"})
    trial = example.url_of(Workflow.objects.of(workspace).get(), "test")
    fire(trial, {"customer_id": "c-42", "phone": "+919800000001"})
    fire(trial, {"customer_id": "c-43"})
    assert person_of(workspace).identities.count() == 1
    tested = Event.objects.filter(environment="test").order_by("id").values_list("person_id", flat=True)
    assert list(tested) == [person_of(workspace).pk, None]


def test_a_newer_number_takes_the_place_of_the_older_which_finds_her_still(workspace, clock) -> None:
    url = stop(workspace)
    fire(url, {"customer_id": "c-42", "phone": "+919800000001"})
    fire(url, {"customer_id": "c-42", "phone": "+919800000002"})
    fire(url, {"phone": "+919800000001"})
    old = PersonIdentity.objects.get(value="+919800000001")
    assert old.superseded_by == PersonIdentity.objects.get(value="+919800000002")
    assert set(Event.objects.values_list("person_id", flat=True)) == {person_of(workspace).pk}


def test_two_people_named_by_one_event_are_suggested_and_not_joined(workspace, clock) -> None:
    url = stop(workspace)
    fire(url, {"customer_id": "c-42", "email": "asha@example.com"})
    fire(url, {"customer_id": "c-43"})
    fire(url, {"customer_id": "c-43", "email": "asha@example.com"})
    fire(url, {"customer_id": "c-43", "email": "asha@example.com", "again": 1})
    pair = SamePerson.objects.get()
    assert {pair.first, pair.second} == set(Person.objects.of(workspace))
    assert "e-mail address asha@example.com" in pair.why
    last = Event.objects.order_by("id").last()
    assert last.person_id == PersonIdentity.objects.get(value="c-43").person_id


def test_somebody_with_another_id_of_ours_is_somebody_else(workspace, clock) -> None:
    url = stop(workspace)
    fire(url, {"customer_id": "c-42", "email": "shared@example.com"})
    fire(url, {"customer_id": "c-43", "email": "shared@example.com"})
    assert Person.objects.of(workspace).count() == 2
    assert SamePerson.objects.count() == 1


def test_a_repeat_makes_nobody(workspace, clock) -> None:
    url = stop(workspace)
    fire(url, {"customer_id": "c-42"}, **{"Idempotency-Key": "k"})
    fire(url, {"customer_id": "c-42"}, **{"Idempotency-Key": "k"})
    assert person_of(workspace).identities.count() == 1


def test_people_of_one_workspace_are_not_known_in_another(workspace, clock) -> None:
    other = Workspace.objects.create(name="Other")
    fire(stop(workspace), {"customer_id": "c-42"})
    fire(stop(other), {"customer_id": "c-42"})
    assert person_of(workspace) != person_of(other)


def profile_of(run: Run) -> dict:
    return run.steps.get(node="made").output


READS = draw.transform("made", rows=draw.rows(plan="{{ profile.plan }}", mail="{{ profile.email }}"))


def changing(workspace: Workspace, *rows: dict) -> str:
    changes = [{**row, "value": {"text": row["value"]}} if "value" in row else row for row in rows]
    return draw.publish(workspace, draw.update_profile("change", rows=changes), READS, trigger={"about": ABOUT})


def test_a_run_changes_the_profile_and_reads_it_from_then_on(workspace, clock) -> None:
    url = changing(
        workspace,
        {"name": "plan", "value": "gold"},
        {"name": "orders", "operation": "add", "value": "1"},
        {"name": "seen", "operation": "append", "value": "{{ shop }}"},
        {"name": "name", "value": "Asha"},
    )
    fire(url, {"customer_id": "c-42", "email": "asha@example.com", "shop": "Pune"})
    drain(clock)
    fire(url, {"customer_id": "c-42", "shop": "Goa"})
    drain(clock)
    person = person_of(workspace)
    assert (person.name, person.attributes) == ("Asha", {"plan": "gold", "orders": 2, "seen": ["Pune", "Goa"]})
    first, second = Run.objects.order_by("id")
    assert profile_of(first) == {"plan": "gold", "mail": "asha@example.com"}
    step = second.steps.get(node="change")
    assert step.output["before"] == {"orders": 1, "seen": ["Pune"]}
    assert step.why == 'orders now 2, before 1; seen now ["Pune", "Goa"], before ["Pune"]'


def test_a_test_shows_what_would_change_and_changes_nobody(workspace, clock) -> None:
    url = changing(workspace, {"name": "plan", "value": "gold"})
    fire(stop(workspace), {"customer_id": "c-42", "email": "asha@example.com"})
    trial = example.url_of(Workflow.objects.of(workspace).order_by("id").first(), "test")
    assert url != trial
    fire(trial, {"customer_id": "c-42"})
    drain(clock)
    run = Run.objects.get(environment="test")
    assert profile_of(run) == {"plan": "gold", "mail": "asha@example.com"}
    assert run.steps.get(node="change").why.startswith("a test changes nobody")
    assert person_of(workspace).attributes == {}


def test_a_change_without_a_person_leaves_by_failure_with_its_reason(workspace, clock) -> None:
    fire(changing(workspace, {"name": "plan", "value": "gold"}), {"nobody": 1})
    drain(clock)
    run = Run.objects.get()
    assert run.state == "failed"
    assert "Who it is about" in run.error


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"name": "orders", "operation": "add", "value": "many"}, 'orders cannot be added up: "many" is no number'),
        ({"name": "plan", "operation": "append", "value": "x"}, "plan is a text and no list"),
        ({"name": "plan", "value": "5", "type": "number"}, "plan is a text in this workspace, and 5 is none"),
        ({"name": "age", "value": "old", "type": "number"}, 'age: "old" is not a number'),
        ({"name": "time_zone", "value": "Mars"}, "'Mars' is no time zone"),
        ({"name": "email", "value": "taken@example.com"}, "taken@example.com is another person's"),
        ({"name": "distinct_id", "value": "c-1"}, "distinct_id is how a person is known"),
        ({"name": "notes", "value": "{{ long }}"}, "at most 64 KiB"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_whole(workspace, clock, row: dict, said: str) -> None:
    fire(changing(workspace, {"name": "plan", "value": "gold"}), {"customer_id": "c-42"})
    fire(stop(workspace), {"customer_id": "c-43", "email": "taken@example.com"})
    drain(clock)
    fire(changing(workspace, {"name": "first", "value": "1"}, row), {"customer_id": "c-42", "long": "x" * 70_000})
    drain(clock)
    assert said in Run.objects.order_by("-id").first().error
    assert PersonIdentity.objects.get(value="c-42").person.attributes == {"plan": "gold"}


def test_a_profile_of_the_senders_own_is_read_where_nobody_is_known(workspace, clock) -> None:
    made = draw.transform("made", rows=draw.rows(plan="{{ profile.plan }}"))
    fire(draw.publish(workspace, made), {"profile": {"plan": "theirs"}})
    drain(clock)
    assert profile_of(Run.objects.get()) == {"plan": "theirs"}


def test_a_message_goes_to_the_persons_own_address_and_not_without_one(workspace, story, clock) -> None:
    to = [{"channel": "sms", "whose": "person"}, {"channel": "email", "whose": "person"}]
    data = draw.rows(order_id="A-1", amount="5")
    url = draw.publish(
        workspace, draw.send("say", event="payment_received", to=to, data=data), trigger={"about": ABOUT}
    )
    fire(url, {"customer_id": "c-42", "phone": "+91 98000 00001"})
    fire(url, {"nobody": 1})
    drain(clock)
    first, second = Run.objects.order_by("id")
    sent = Delivery.objects.get(run_id=first.pk, channel="sms")
    assert (sent.channel, sent.address, sent.person_id) == ("sms", "+919800000001", person_of(workspace).pk)
    assert "this person has no e-mail address" in first.steps.get().why
    assert "not known whom a run is about" in second.error


@pytest.mark.django_db(transaction=True)
def test_the_same_stranger_told_of_by_several_at_once_is_one_person(workspace) -> None:
    url = stop(workspace)
    numbers = itertools.count()

    def told() -> int:
        said = {"customer_id": "c-42", "email": "asha@example.com", "phone": "+919800000001"}
        return fire(url, {**said, "number": next(numbers)})[0]

    assert set(at_once(told)) == {202}
    person = person_of(workspace)
    assert person.identities.count() == 3
    assert set(Event.objects.values_list("person_id", flat=True)) == {person.pk}
    assert not SamePerson.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_several_who_change_one_profile_at_once_lose_nothing(workspace) -> None:
    fire(stop(workspace), {"customer_id": "c-42"})
    person, now = person_of(workspace), timezone.now()
    change = ProfileChange(operation="add", name="orders", value=1)

    def changed() -> None:
        with transaction.atomic():
            update(workspace, person.pk, [change], now)

    at_once(changed)
    person.refresh_from_db()
    assert person.attributes == {"orders": 6}
    assert [term.word for term in person.terms.all()] == ["orders=6"]
