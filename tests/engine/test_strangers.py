"""Nobody gets what concerns another: a value that is empty groups nobody, and what was gathered is told whole."""

from datetime import timedelta
from typing import Any

import pytest

from apps.common.exact import plus
from apps.engine.contract.node import StepContext
from apps.engine.nodes.delay import Delay
from apps.engine.nodes.digest import Digest
from apps.engine.nodes.split import Split
from apps.engine.nodes.wait_for_event import WaitForEvent
from apps.engine.texts.templates import key_text
from apps.engine.values.data import RunData
from apps.runs.models import DigestWindow, EventWait, Run
from tests.support import draw
from tests.support.clock import NOW, Clock, drain
from tests.support.outside import fire
from tests.support.waiting import news

EMPTY = [{"customer": None}, {"customer": ""}, {"customer": "  "}]
SUM = [{"name": "total", "path": "amount"}]


def gather(**settings: Any) -> list[dict[str, Any]]:
    facts = {"key": {"text": "{{ customer }}"}, "amount": 1, "unit": "hours", **settings}
    words = {"text": "{{ steps.gather.items | map: 'order' | join: ', ' }}"}
    said = {"rows": [{"name": "orders", "value": words}]}
    return [
        draw.digest("gather", **facts),
        draw.transform("said", **said),
        draw.stop("end"),
    ]


def output(run: Run, node: str) -> dict[str, Any]:
    return run.steps.filter(node=node).exclude(output={}).last().output


@pytest.mark.parametrize("nobody", EMPTY, ids=["null", "empty", "blank"])
def test_a_digest_without_a_key_is_each_runs_own(published, clock: Clock, nobody: dict) -> None:
    url = published(*gather())
    for order in ("A", "B"):
        fire(url, {**nobody, "order": order})
    drain(clock)
    assert DigestWindow.objects.filter(open=True).count() == 2
    assert "For each is empty" in Run.objects.first().steps.get(outcome="waiting").why
    clock.forward(hours=1)
    drain(clock)
    runs = list(Run.objects.order_by("pk"))
    assert [(run.state, run.code) for run in runs] == [("completed", "done")] * 2
    assert sorted(output(run, "said")["orders"] for run in runs) == ["A", "B"]


def test_a_digest_lists_what_it_gathered_with_exact_sums(published, clock: Clock) -> None:
    url = published(*gather(sums=SUM))
    amounts = [0.7, 0.1, "1,250.50", 9007199254740993, "free"]
    for order, amount in zip("ABCDE", amounts, strict=True):
        fire(url, {"customer": "c-1", "order": order, "amount": amount})
        drain(clock)
    clock.forward(hours=1)
    drain(clock)
    first, last = Run.objects.get(code="done"), Run.objects.get(event__body__order="E")
    found = output(first, "gather")
    assert (found["count"], found["left_out"], found["not_added"]) == (5, 0, {"total": 1})
    assert found["sums"] == {"total": "9007199254742244.30".rstrip("0")}
    assert [item["order"] for item in found["items"]] == list("ABCDE")
    assert (found["first"]["order"], found["last"]["order"], found["head"], found["tail"]) == (
        "A",
        "E",
        found["first"],
        found["last"],
    )
    assert output(first, "said")["orders"] == "A, B, C, D, E"
    assert "1 without a number for total" in first.steps.filter(node="gather").last().why
    assert "total is no number and adds nothing" in last.steps.last().why


def test_a_sum_for_which_nobody_brought_a_number_is_zero_and_long_numbers_are_added_exactly() -> None:
    block = Digest(key={"text": "x"}, sums=[*SUM, {"name": "other", "path": "other"}])
    facts = {"count": 3, "head": {}, "sums": {"total": 5}, "not_added": {"total": 1}}
    left = block.on_facts(facts, StepContext(attempt=1, key="k", now=NOW), {})
    assert left.output["sums"] == {"total": 5, "other": 0} and left.output["not_added"] == {"total": 1, "other": 3}
    assert plus("9" * 40, "1") == "1" + "0" * 40 and plus(0.1, 0.2) == 0.3 and plus(2**63 - 1, 1) == str(2**63)
    assert plus("0.1234567890123456789", 1) == "1.1234567890123456789"


def test_of_a_large_digest_the_first_items_are_whole_and_the_rest_is_counted(published, clock: Clock) -> None:
    url = published(*gather())
    for order in range(9):
        fire(url, {"customer": "c-1", "order": order, "text": "x" * 10_000})
        drain(clock)
    clock.forward(hours=1)
    drain(clock)
    found = output(Run.objects.get(code="done"), "gather")
    assert [item["order"] for item in found["items"]] == [0, 1, 2, 3]
    assert all(len(item["text"]) == 10_000 for item in found["items"])
    assert (found["count"], found["left_out"], found["last"]["order"]) == (9, 5, 8)


@pytest.mark.parametrize(
    ("weekdays", "until"), [([], "2026-11-25T03:30:00+00:00"), (["mon"], "2026-11-30T03:30:00+00:00")]
)
def test_a_digest_may_end_at_a_time_of_day_of_the_workspace(weekdays: list, until: str) -> None:
    block = Digest(key={"text": "x"}, mode="until_time", at="09:00", weekdays=weekdays)
    data = RunData(workspace={"time_zone": "Asia/Kolkata"})
    now = NOW.replace(year=2026, month=11, day=24, hour=12)
    asked = block.decide(data, StepContext(attempt=1, key="k", now=now)).question
    assert (now + timedelta(seconds=asked.window_s)).isoformat() == until


@pytest.mark.parametrize("nobody", EMPTY, ids=["null", "empty", "blank"])
def test_a_throttle_lets_pass_who_is_nobody(published, clock: Clock, nobody: dict) -> None:
    limit = {"key": {"text": "{{ customer }}"}, "most": 1, "amount": 1, "unit": "days"}
    url = published(draw.throttle("few", **limit), draw.stop("end"))
    for _ in range(3):
        fire(url, nobody)
    drain(clock)
    steps = [run.steps.get(node="few") for run in Run.objects.all()]
    assert {step.outlet for step in steps} == {"next"} and "For each is empty" in steps[0].why


@pytest.mark.parametrize(
    "event", [{"order": None, "amount": 5}, {"order": "", "amount": 5}, {"amount": 5}, {"order": " "}]
)
def test_a_wait_for_nobody_hears_nothing(published, clock: Clock, event: dict) -> None:
    waits = {
        "event": "paid",
        "match": [{"path": "order", "value": {"text": "{{ order }}"}}],
        "amount": 1,
        "unit": "hours",
    }
    edges = [
        {"source": "start", "outlet": "next", "target": "paid"},
        {"source": "paid", "outlet": "next", "target": "yes"},
        {"source": "paid", "outlet": "timeout", "target": "no"},
    ]
    nodes = [draw.wait_for_event("paid", **waits)]
    nodes += [draw.stop(code, code=code) for code in ("yes", "no")]
    fire(published(*nodes, edges=edges), {"order": event.get("order")})
    drain(clock)
    run = Run.objects.get()
    assert "the value for order is empty, so no event fits" in run.steps.last().why
    news(run, clock, event)
    drain(clock)
    run.refresh_from_db()
    assert run.state == "waiting" and not EventWait.objects.exists()
    clock.forward(hours=1)
    drain(clock)
    run.refresh_from_db()
    assert (run.state, run.code) == ("completed", "no")


def test_a_wait_finds_its_event_by_a_name_with_a_dot(published, clock: Clock) -> None:
    place = {"path": '["user.email"]', "value": {"text": '{{ ["user.email"] }}'}}
    waits = {"event": "paid", "match": [place], "amount": 1, "unit": "hours"}
    url = published(draw.wait_for_event("paid", **waits), draw.stop("end"))
    for person in ("a@example.com", "b@example.com"):
        fire(url, {"user.email": person})
    drain(clock)
    news(Run.objects.first(), clock, {"user.email": "b@example.com"})
    drain(clock)
    states = {run.event.body["user.email"]: run.state for run in Run.objects.all()}
    assert states == {"a@example.com": "waiting", "b@example.com": "completed"}


def test_who_is_nobody_is_dealt_out_run_by_run() -> None:
    ways = [{"id": "a", "name": "A", "percent": 50}, {"id": "b", "name": "B", "percent": 50}]
    block = Split(ways=ways, person={"text": "{{ customer }}"})

    def way(key: str, customer: str | None) -> str:
        data = RunData(trigger={"customer": customer})
        return block.decide(data, StepContext(attempt=1, key=key, now=NOW, block_ref="p")).outlet

    assert {way(f"run-{n}", None) for n in range(20)} == {"a", "b"}
    assert len({way(f"run-{n}", "c-1") for n in range(20)}) == 1
    assert len({way("run-1", None) for _ in range(3)}) == 1


@pytest.mark.parametrize("at", ["09:00", "23:30"])
def test_a_wait_may_end_at_a_time_of_day_of_the_workspace(at: str) -> None:
    match = [{"path": "id", "value": {"text": "{{ id }}"}}]
    block = WaitForEvent(event="paid", match=match, mode="until_time", at=at)
    data = RunData(trigger={"id": 7}, workspace={"time_zone": "Asia/Kolkata"})
    now = NOW.replace(year=2026, month=11, day=24, hour=12)
    until = {"09:00": "2026-11-25T03:30:00+00:00", "23:30": "2026-11-24T18:00:00+00:00"}[at]
    asked = block.decide(data, StepContext(attempt=1, key="k", now=now))
    assert asked.memo["until"] == until
    later = StepContext(attempt=1, key="k", now=now + timedelta(days=2))
    left = block.on_facts({"event": None}, later, asked.memo)
    assert (left.outlet, left.why) == ("timeout", f"paid did not come until {at}")


@pytest.mark.parametrize("zone", ["IST", "asia/kolkata", "+05:30"])
def test_a_zone_that_is_none_is_told(zone: str) -> None:
    block = Delay(mode="until_time", at="09:00", zone={"text": "{{ tz }}"})
    data = RunData(trigger={"tz": zone}, workspace={"time_zone": "America/New_York"})
    waits = block.decide(data, StepContext(attempt=1, key="k", now=NOW))
    assert f"{zone} is no time zone, so that of the workspace counts" in waits.why


@pytest.mark.parametrize(
    ("text", "names_somebody"),
    [
        ("{{ shop }}:{{ customer }}", False),
        ("{{ customer }}-{{ order }}", False),
        ("{{ customer }}{{ phone }}", True),
        ("{{ shop }} {{ phone }}", True),
        ("customer {{ customer }}", False),
        ('{{ customer | default: "guest" }}:{{ shop }}', True),
        ("{% if customer %}{{ customer }}{% else %}{{ phone }}{% endif %}", True),
        ("{% if shop %}{{ shop }}-{{ order }}{% endif %}", False),
        ("all", True),
        ("{{ customer | strip }}{{ order }}", False),
    ],
)
def test_a_key_of_which_a_part_is_empty_names_nobody(text: str, names_somebody: bool) -> None:
    data = RunData(trigger={"shop": "acme", "customer": None, "order": " ", "phone": "+91"})
    assert bool(key_text(text, data)) == names_somebody
