"""Journeys: what becomes of a message starts a workflow, and another event ends it wherever it stands."""

from itertools import pairwise

import pytest
from django.db import transaction
from django.utils import timezone

from apps.channels.models import Delivery
from apps.engine.drawing.graph import parse_graph
from apps.events.firing import Custom
from apps.events.firing import fire as fire_event
from apps.events.models import Event
from apps.notifications.models import Content, EventConnection, HeardEvent, NotificationEvent, Template
from apps.runs.claims.arrivals.entries import enters
from apps.runs.models import Run
from apps.triggers.models import Entry
from apps.workflows.models import Workflow
from apps.workflows.release import publishing
from tests.support import draw
from tests.support.clock import drain
from tests.support.outside import fire

STOP = draw.stop("end", code="gave_up")


@pytest.fixture
def reminder(workspace, story) -> NotificationEvent:
    template = Template.objects.create(workspace=workspace, name="Reminder")
    words = "Order {{ data.order_id }} is still unpaid, reminder {{ number }}."
    Content.objects.create(template=template, channel="sms", text=words)
    event = NotificationEvent.objects.create(workspace=workspace, name="reminder", template=template)
    carrier = EventConnection.objects.filter(channel="sms").first().connection
    EventConnection.objects.create(event=event, channel="sms", connection=carrier)
    return event


def says(workspace, event: str = "payment_link") -> str:
    """A workflow that says this to whoever an order is of: its URL."""
    to = [{"channel": "sms", "address": {"text": "{{ phone }}"}}]
    data = draw.rows(amount="5")
    return draw.publish(workspace, draw.send("say", event=event, to=to, data=data), trigger={"about": ABOUT})


ABOUT = [{"kind": "phone", "path": "phone"}]
ORDER = {"order_id": "A-1", "phone": "+919800000001", "email": "asha@example.com"}


def listening(workspace, *blocks: dict, **rule) -> Workflow:
    """A live workflow that hears of messages."""
    start = {"id": "start", "kind": "notification_event", "settings": rule}
    row = ["start", *(block["id"] for block in blocks)]
    edges = [{"source": a, "outlet": "next", "target": b} for a, b in pairwise(row)]
    workflow = publishing.create(workspace, f"Journey {Workflow.objects.count()}")
    graph = parse_graph({"nodes": [start, *blocks], "edges": edges})
    publishing.go_live(publishing.save(workflow, graph, by=None, now=timezone.now()), by=None, now=timezone.now())
    return workflow


def pause(name: str, days: int) -> dict:
    return draw.delay(name, mode="for", amount=days, unit="days")


def remind(number: int) -> dict:
    to = [{"channel": "sms", "whose": "person"}]
    return draw.send(f"say_{number}", event="reminder", to=to, data=draw.rows(number=str(number)))


def reminders(workspace, **rule) -> Workflow:
    blocks = [pause("d1", 1), remind(1), pause("d2", 1), remind(2), pause("d3", 1), remind(3), pause("d4", 7), STOP]
    facts = {"event": "payment_link", "identifier": "data.order_id", "reentry": "after_end"}
    exits = {"exit_on": "notification", "exit_event": "payment_received"}
    return listening(workspace, *blocks, **{**facts, **exits, **rule})


def texts() -> list[str]:
    rows = Delivery.objects.filter(state="sent").order_by("created_at")
    return [row.content["text"] for row in rows if "reminder" in row.content["text"]]


def test_reminders_after_one_two_and_three_days_until_it_gives_up_after_ten(workspace, reminder, clock) -> None:
    flow = reminders(workspace)
    fire(says(workspace), ORDER)
    drain(clock)
    for _ in range(11):
        clock.forward(days=1)
        drain(clock)
    assert texts() == [f"Order A-1 is still unpaid, reminder {n}." for n in (1, 2, 3)]
    run = flow.runs.get()
    assert (run.state, run.code) == ("completed", "gave_up")
    assert 10 <= (run.ended_at - run.created_at).days <= 10


def test_it_stops_when_the_order_is_paid_and_no_other_journey_does(workspace, reminder, clock) -> None:
    flow, failed, paid = reminders(workspace), says(workspace), says(workspace, "payment_received")
    fire(failed, ORDER)
    fire(failed, {**ORDER, "order_id": "B-2"})
    drain(clock)
    clock.forward(days=1, hours=1)
    drain(clock)
    fire(paid, ORDER)
    drain(clock)
    ended = flow.runs.get(state="completed")
    assert (ended.code, ended.event.body["data"]["order_id"]) == ("exit", "A-1")
    assert ended.steps.last().why == "it ends here: payment_received came"
    for _ in range(11):
        clock.forward(days=1)
        drain(clock)
    assert texts().count("Order A-1 is still unpaid, reminder 1.") == 1
    assert "Order A-1 is still unpaid, reminder 2." not in texts()
    assert "Order B-2 is still unpaid, reminder 3." in texts()


def test_an_event_that_partners_fire_ends_a_journey_too(workspace, reminder, clock) -> None:
    flow = reminders(workspace, exit_on="custom", exit_event="order.paid", exit_identifier="order_id")
    fire(says(workspace), ORDER)
    drain(clock)
    fire_event(workspace, Custom(name="order.paid", data={"order_id": "Z-9"}), clock())
    drain(clock)
    assert flow.runs.get().state == "waiting"
    fire_event(workspace, Custom(name="order.paid", data={"order_id": "A-1"}), clock())
    drain(clock)
    assert (flow.runs.get().state, flow.runs.get().code) == ("completed", "exit")


@pytest.mark.parametrize(("reentry", "during", "after"), [("always", 2, 3), ("after_end", 1, 2), ("once", 1, 1)])
def test_who_is_in_a_journey_enters_again_as_its_rule_says(workspace, story, clock, reentry, during, after) -> None:
    facts = {"event": "payment_link", "identifier": "data.order_id", "reentry": reentry}
    flow = listening(workspace, pause("d", 2), STOP, **facts)
    url = says(workspace)
    for times in (1, 2):
        fire(url, {**ORDER, "times": times})
        drain(clock)
    assert flow.runs.count() == during
    clock.forward(days=3)
    drain(clock)
    fire(url, {**ORDER, "times": 3})
    drain(clock)
    assert flow.runs.count() == after


def test_each_step_of_a_message_is_heard_once_and_only_where_somebody_listens(workspace, story, clock) -> None:
    heard = {
        step: listening(workspace, STOP, event="payment_link", steps=[step]) for step in ("fired", "sent", "skipped")
    }
    fire(says(workspace), ORDER)
    fire(says(workspace), {"order_id": "A-2", "phone": "+919800000001"})
    drain(clock)
    counts = {step: flow.runs.count() for step, flow in heard.items()}
    assert counts == {"fired": 2, "sent": 2, "skipped": 0}
    body = heard["sent"].runs.first().event.body
    assert (body["step"], body["channel"], body["address"]) == ("sent", "sms", "+919800000001")
    assert {run.event.body["data"]["order_id"] for run in heard["sent"].runs.all()} == {"A-1", "A-2"}
    fire(story.webhook_live, {"status": "success", "order_id": "A-1", "amount": 5, **ORDER})
    drain(clock)
    assert not Event.objects.filter(kind="message.told", body__event="payment_received").exists()


def test_only_who_meets_the_condition_enters(workspace, story, clock) -> None:
    test = {"type": "test", "field": "data.amount_due", "op": "greater", "value": "100"}
    flow = listening(workspace, STOP, event="payment_link", only_if=[{"items": [test]}])
    url = says(workspace)
    for amount in (50, 500):
        fire(url, {**ORDER, "amount_due": amount})
    drain(clock)
    assert [run.event.body["data"]["amount_due"] for run in flow.runs.all()] == [500]


def test_a_journey_that_says_what_starts_it_ends_after_five_in_words(workspace, story, clock) -> None:
    to = [{"channel": "sms", "whose": "person"}]
    again = draw.send("say", event="payment_link", to=to, data=draw.rows(order_id="A-1"))
    flow = listening(workspace, again, event="payment_link")
    fire(says(workspace), ORDER)
    drain(clock)
    assert flow.runs.count() == 5
    last = Event.objects.get(kind="message.told", state="ignored")
    assert last.reason == "workflows start each other at most 5 deep: this one is a loop"


def test_what_is_heard_is_what_is_published(workspace, reminder, clock) -> None:
    flow = reminders(workspace)
    heard = HeardEvent.objects.of(workspace).filter(environment="live").values_list("name", "steps")
    assert dict(heard) == {"payment_link": ["fired"], "payment_received": ["fired"]}
    start = {"id": "start", "kind": "webhook"}
    graph = parse_graph({"nodes": [start, STOP], "edges": [{"source": "start", "target": "end"}]})
    publishing.go_live(publishing.save(flow, graph, by=None, now=timezone.now()), by=None, now=timezone.now())
    assert not HeardEvent.objects.exists()


def test_an_entry_knows_what_is_going_and_nothing_else(workspace, story, clock) -> None:
    listening(workspace, STOP, event="payment_link", identifier="data.order_id", reentry="once")
    fire(says(workspace), ORDER)
    drain(clock)
    entry = Entry.objects.get()
    assert (entry.identifier, len(entry.event_ids)) == ("A-1", 1)
    assert Run.objects.filter(event_id=entry.event_ids[0]).exists()


def test_what_is_still_going_is_asked_once_however_much_it_is(
    workspace, story, clock, django_assert_max_num_queries
) -> None:
    listening(workspace, pause("d1", 1), STOP, event="payment_link", identifier="data.order_id", reentry="after_end")
    fire(says(workspace), ORDER)
    drain(clock)
    entry = Entry.objects.get()
    Entry.objects.update(event_ids=entry.event_ids * 50)
    again = {"source_id": entry.trigger_id, "environment": entry.environment, "workspace_id": workspace.pk, "id": "e"}
    with transaction.atomic(), django_assert_max_num_queries(8):
        assert not enters(again, "A-1", "after_end", timezone.now())
