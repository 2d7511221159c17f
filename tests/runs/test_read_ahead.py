"""What people typed and senders sent is read before the commit that writes what comes of it."""

import json

import pytest
from django.db import OperationalError, connection, transaction

from apps.channels.models import Delivery
from apps.database import group_commit
from apps.engine.drawing.graph import parse_graph
from apps.engine.values import budget
from apps.events import firing
from apps.events.models import Event
from apps.runs.claims import claiming, starting, turns
from apps.runs.execution import executor
from apps.runs.interpreter import interpreter
from apps.runs.journal.claim_values import RunRequest
from apps.runs.models import Run
from apps.workflows import example
from apps.workflows.models import Workflow
from apps.workflows.release import publishing
from apps.workspaces.models import Workspace
from tests.support import draw
from tests.support.clock import Clock, drain
from tests.support.draw import rows
from tests.support.outside import PAYMENT, fire

ONLY_SQLITE = pytest.mark.skipif("connection.vendor != 'sqlite'", reason="PostgreSQL locks what it has read")
WORK = "{% for i in (1..20) %}" + '{% assign t = s | split: "," | join: "," %}' + "{% endfor %}"  # 6.8 M units
LONG = ",".join("a" * 9_990)


def many(number: int) -> int:
    return number


def start(clock: Clock, limit: int = 10) -> int:
    return len(starting.start_due(limit, clock(), lambda _: limit, lambda _: 0))


def claim(clock: Clock, limit: int = 10) -> int:
    return len(claiming.claim_due(limit, clock(), lambda _: limit, lambda _: 0))


def setter(name: str, text: str) -> dict:
    return draw.transform(name, rows=rows(t=text))


def delay(name: str) -> dict:
    return draw.delay(name, amount=5, unit="seconds")


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was read while a commit that others wait for was open: on SQLite any, on PostgreSQL the process's."""
    found, alone, plain = [], [False], budget.spend

    def spend(units: int) -> None:
        if connection.in_atomic_block and not alone[0]:
            found.append("a text was read")
        plain(units)

    def by_itself(writer, item):
        alone[0] = True
        try:
            return group_commit.commit(writer, item)
        finally:
            alone[0] = False

    for module in (
        "values.to_text",
        "values.operators",
        "conditions",
        "texts.filters",
        "texts.tags",
        "texts.amounts",
        "texts.comparing",
    ):
        monkeypatch.setattr(f"apps.engine.{module}.spend", spend)
    monkeypatch.setattr("apps.runs.claims.read_ahead.alone", by_itself)
    return found


@pytest.mark.django_db(transaction=True)
def test_no_text_is_read_in_a_commit_that_others_wait_for(story, workspace, published, clock: Clock, shared) -> None:
    fire(story.webhook_live)
    drain(clock)
    key = {"text": "{{ id }}"}
    digest = {"key": key, "amount": 5, "unit": "seconds"}
    throttle = {"key": key, "most": 9, "amount": 1, "unit": "minutes"}
    listen = {"event": "paid", "match": [{"path": "id", "value": key}], "amount": 1, "unit": "hours"}
    waits = (
        draw.throttle("throttle", **throttle),
        draw.digest("digest", **digest),
        draw.wait_for_event("wait", **listen),
    )
    url = published(delay("first"), *waits, setter("last", "{{ id | upcase }}"))
    fire(url, {"id": "x"})
    drain(clock)
    firing.fire(workspace, firing.Custom(name="paid", data={"id": "x"}), clock())
    drain(clock)
    run = Run.objects.latest("pk")
    assert run.state == "completed" and run.steps.get(node="last").output == {"t": "X"}
    assert shared == []


@pytest.mark.django_db(transaction=True)
def test_the_data_of_a_workflow_that_another_starts_is_read_before(published, clock: Clock, shared) -> None:
    schema = json.dumps({"type": "object", "properties": {"id": {"type": "string", "pattern": "^x"}}})
    published(draw.stop("e"), trigger={"payload_schema": schema})
    child = Workflow.objects.latest("pk")
    go = {"workflow": child.slug, "data": rows(id="{{ id }}"), "wait": True}
    fire(published(draw.start_workflow("go", **go)), {"id": "x1"})
    drain(clock)
    assert list(Run.objects.values_list("state", flat=True)) == ["completed", "completed"]
    assert shared == []


def test_after_a_call_a_costly_block_is_left_to_the_turns_of_all(published, outside, clock: Clock) -> None:
    """A hand has others waiting for the interpreter: it does light blocks only, and the outcome is the same."""
    call = draw.http_request("call", url=f"{outside.url}/x")
    outside.answer("/x", (200, {}))
    fire(published(call, setter("light", "a"), setter("work", WORK)), {"s": LONG})
    executor.run_claimed(starting.start_due(1, clock(), many, many)[0], clock)
    run = Run.objects.get()
    assert (run.state, run.node) == ("ready", "work") and run.steps.filter(node="light").exists()
    drain(clock)
    run.refresh_from_db()
    assert run.state == "completed"


@ONLY_SQLITE
def test_a_run_that_another_worker_took_while_it_was_walked_is_written_once(published, clock: Clock) -> None:
    fire(published(delay("first"), setter("light", "a")))
    drain_start(clock)
    asked = RunRequest(
        limit=10,
        capacities={ws: 10 for ws in Workspace.objects.values_list("pk", flat=True)},
        now=clock(),
        can_send=many,
    )
    mine, theirs = claiming._walked(asked), claiming._walked(asked)
    assert (len(mine), len(theirs)) == (1, 1)
    with transaction.atomic():
        assert len(claiming._written(theirs)) == 1
    with transaction.atomic():
        assert claiming._written(mine) == []
    assert Run.objects.get().steps.filter(node="light").count() == 1


def drain_start(clock: Clock) -> None:
    start(clock)
    clock.forward(seconds=6)


@ONLY_SQLITE
@pytest.mark.parametrize("change", ["save", "pause", "route"])
def test_an_event_whose_door_changed_while_it_was_walked_is_looked_at_again(published, clock: Clock, change) -> None:
    url = published(setter("first", "old"))
    workflow = Workflow.objects.latest("pk")
    fire(url)
    asked = RunRequest(limit=10, capacities={workflow.workspace_id: 10}, now=clock(), can_send=many)
    looked = starting._walked(asked)
    if change == "save":
        graph = json.loads(workflow.live.graph)
        next(node for node in graph["nodes"] if node["id"] == "first")["settings"]["rows"] = rows(t="new")
        version = publishing.save(workflow, parse_graph(graph), by=None, now=clock())
        publishing.go_live(version, by=None, now=clock())
    elif change == "pause":
        publishing.pause(workflow, by=None)
    else:
        start(clock)
    with transaction.atomic():
        assert starting._written(looked) == []
    drain(clock)
    made = [step.output["t"] for run in Run.objects.all() for step in run.steps.filter(node="first")]
    assert made == {"save": ["new"], "pause": [], "route": ["old"]}[change]
    assert Event.objects.get().state == ("held" if change == "pause" else "routed")


def test_who_costs_much_takes_a_turn_after_those_who_cost_little(workspace, clock: Clock, monkeypatch) -> None:
    monkeypatch.setattr(starting, "AT_ONCE", 100_000)
    monkeypatch.setattr(turns, "_spent", turns.Counter())
    heavy, light = workspace, Workspace.objects.create(name="Small")
    for place, text in ((heavy, WORK), (light, "a")):
        made = publishing.create(place, "One")
        drawn = {"nodes": [draw.webhook("start"), setter("work", text)]}
        drawn["edges"] = [{"source": "start", "outlet": "next", "target": "work"}]
        version = publishing.save(made, parse_graph(drawn), by=None, now=clock())
        publishing.go_live(version, by=None, now=clock())
        for _ in range(6 if place == heavy else 0):
            fire(example.url_of(made, "live"), {"s": LONG})
    assert [start(clock), start(clock)] == [1, 1]
    fire(example.url_of(made, "live"), {"s": "b"})
    assert start(clock) == 2 and Run.objects.filter(workspace=light).count() == 1


def test_what_was_said_is_claimed_again_when_a_shared_commit_fails_and_is_tried_again(story, clock: Clock) -> None:
    """Else it would stand there as claimed, and nobody would send it."""
    fire(story.webhook_live, {**PAYMENT, "status": "success"})
    rooms = {ws: 10 for ws in Workspace.objects.values_list("pk", flat=True)}
    looked = starting._walked(RunRequest(limit=10, capacities=rooms, now=clock(), can_send=many))
    with pytest.raises(OperationalError), transaction.atomic():
        starting._written(looked)
        raise OperationalError("another's write in the same commit failed")
    with transaction.atomic():
        (begun,) = starting._written(looked)
    assert begun.journal.claimed_deliveries and Delivery.objects.filter(state="working").count() == len(
        begun.journal.claimed_deliveries
    )
    executor.run_claimed(begun, clock)
    assert not Delivery.objects.filter(state="working").exists()
    drain(clock)
    assert {row.state for row in Delivery.objects.all()} == {"sent"}


@pytest.mark.parametrize("waits", [False, True], ids=["begun", "taken up"])
def test_what_a_workspace_leaves_goes_to_the_others_once(workspace, clock: Clock, waits: bool) -> None:
    """A round comes back to who has more: to what it has not taken yet."""
    first = draw.delay("work", amount=5, unit="seconds") if waits else setter("work", "a")
    for place, count in ((workspace, 8), (Workspace.objects.create(name="Small"), 1)):
        made = publishing.create(place, "One")
        drawn = {"nodes": [draw.webhook("start"), first]}
        drawn["edges"] = [{"source": "start", "outlet": "next", "target": "work"}]
        publishing.go_live(publishing.save(made, parse_graph(drawn), by=None, now=clock()), by=None, now=clock())
        made.refresh_from_db()
        for _ in range(count):
            fire(example.url_of(made, "live"))
    assert start(clock, 10) == 9
    if waits:
        clock.forward(seconds=6)
        assert claim(clock, 10) == 9
    assert list(Run.objects.values_list("state", flat=True)) == ["completed"] * 9


def test_a_message_is_never_left_out_because_a_hand_does_only_what_is_light(
    story, outside, clock: Clock, monkeypatch
) -> None:
    """What is too much for a hand is nothing wrong with a channel: it is done later, whole."""
    fire(story.webhook_live)
    drain(clock)
    monkeypatch.setattr(interpreter, "LIGHT", 1)
    fire(story.webhook_live)
    drain(clock)
    usual, light = Run.objects.order_by("pk")
    assert messages_of(light) == messages_of(usual) and len(messages_of(light)) == 2


def messages_of(run: Run) -> list[tuple[str, str, str, dict]]:
    return list(
        Delivery.objects.filter(run_id=run.pk).order_by("channel").values_list("channel", "address", "state", "content")
    )
