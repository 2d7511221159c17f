"""Blocks that wait, and blocks that share: races, loops and clocks."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from apps.engine.drawing.graph import parse_graph
from apps.engine.nodes.split import part_of
from apps.engine.values.wall_clock import at_wall, days_later, next_time
from apps.events import correlation_keys
from apps.events.firing import Custom
from apps.events.firing import fire as fire_event
from apps.events.models import Event
from apps.runs.claims import claiming, interventions, quarantine, starting
from apps.runs.models import DigestItem, DigestWindow, EventWait, Run
from apps.runs.upkeep import invariants
from apps.runs.worker.poller import poll_once
from apps.workflows.models import Workflow
from apps.workflows.release import publishing
from tests.support import draw
from tests.support.clock import Clock, drain
from tests.support.outside import fire
from tests.support.waiting import WAIT, news


def test_an_event_that_is_not_routed_yet_when_the_time_is_over_counts(waiting: Run, clock: Clock) -> None:
    event = news(waiting, clock, {"id": 7})
    clock.forward(hours=2)
    assert claiming.claim(str(waiting.pk), clock()) is None
    starting.start_one(str(event.pk), clock())
    drain(clock)
    waiting.refresh_from_db()
    event.refresh_from_db()
    assert (waiting.state, waiting.code, event.state) == ("completed", "yes", "routed")
    assert [s.outcome for s in waiting.steps.order_by("seq")] == ["waiting", "resumed", "done"]


def test_an_event_after_the_timeout_changes_nothing(waiting: Run, clock: Clock) -> None:
    clock.forward(hours=2)
    drain(clock)
    event = news(waiting, clock, {"id": 7})
    drain(clock)
    waiting.refresh_from_db()
    event.refresh_from_db()
    assert (waiting.code, event.state) == ("no", "unmatched")
    assert not EventWait.objects.filter(open=True).exists()


def test_the_same_event_twice_ends_the_wait_once(waiting: Run, clock: Clock) -> None:
    for _ in range(2):
        news(waiting, clock, {"id": "7"})
    drain(clock)
    waiting.refresh_from_db()
    assert [s.outcome for s in waiting.steps.order_by("seq")] == ["waiting", "resumed", "done"]
    assert sorted(Event.objects.filter(kind="custom.fired").values_list("state", flat=True)) == ["routed", "unmatched"]


def test_an_event_of_the_other_environment_or_workspace_is_not_heard(waiting: Run, clock: Clock, outsider) -> None:
    fire_event(waiting.workspace, Custom(name="paid", environment="test", data={"id": 7}), clock())
    fire_event(outsider.memberships.get().workspace, Custom(name="paid", data={"id": 7}), clock())
    drain(clock)
    waiting.refresh_from_db()
    assert waiting.state == "waiting"


def test_a_wait_is_looked_at_when_it_begins_once_more_after_five_seconds_and_then_only_at_its_end(
    waiting: Run, clock: Clock
) -> None:
    until = datetime.fromisoformat(waiting.steps.get(outcome="waiting").output["until"])
    waiting.refresh_from_db()
    assert waiting.due_at == until, "drained for longer than five seconds"
    clock.forward(minutes=30)
    assert poll_once(clock) == 0
    assert waiting.steps.count() == 1


@pytest.fixture
def looping(published, clock: Clock) -> list[Run]:
    """Three runs that wait for `paid` of C7, twice each."""
    one = {**WAIT, "match": [{"path": "customer", "value": {"text": "C7"}}]}
    nodes = [draw.wait_for_event(name, **one) for name in ("first", "second")]
    url = published(*nodes)
    for _ in range(3):
        fire(url, {})
    drain(clock)
    return list(Run.objects.order_by("pk"))


def heard(run: Run) -> list[str]:
    return list(run.steps.filter(outcome="resumed").order_by("seq").values_list("node", flat=True))


def test_an_event_is_handed_to_every_wait_that_it_fits_although_one_run_has_counted_it_early(
    looping, clock: Clock
) -> None:
    event = news(looping[0], clock, {"customer": "C7"})
    Run.objects.filter(pk=looping[1].pk).update(due_at=clock())  # its second look
    claiming.claim(str(looping[1].pk), clock())
    event.refresh_from_db()
    assert heard(looping[1]) == ["first"] and event.state == "received"
    poll_once(clock)
    event.refresh_from_db()
    assert [heard(run) for run in looping] == [["first"]] * 3 and event.state == "routed"


def test_an_event_that_a_run_has_counted_ends_no_further_wait_of_it_and_is_no_dead_letter(
    looping, clock: Clock, monkeypatch
) -> None:
    monkeypatch.setattr(starting, "MOST_HEARD", 2)
    event = news(looping[0], clock, {"customer": "C7"})
    for _ in range(4):
        poll_once(clock)
    event.refresh_from_db()
    assert (event.state, event.tries) == ("routed", 0)
    assert [heard(run) for run in looping] == [["first"]] * 3
    news(looping[0], clock, {"customer": "C7"})
    drain(clock)
    assert [heard(run) for run in looping] == [["first", "second"]] * 3


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("early", [False, True])
def test_all_that_an_event_must_have_finds_it_in_any_order(published, clock: Clock, turned: bool, early: bool) -> None:
    match = [
        {"path": "status", "value": {"text": "paid"}},
        {"path": "order.id", "value": {"text": "{{ id }}"}},
    ]
    wait = draw.wait_for_event("paid", **{**WAIT, "match": match[::-1] if turned else match})
    delay = draw.delay("first", amount=30, unit="seconds")
    url = published(*([delay] if early else []), wait)
    for number in (7, 8):
        fire(url, {"id": number})
    for _ in range(3):
        poll_once(clock)
    seven, eight = sorted(Run.objects.all(), key=lambda run: run.event.body["id"])
    clock.forward(seconds=5)
    news(seven, clock, {"status": "open", "order": {"id": 7}})
    news(seven, clock, {"status": "paid", "order": {"id": 9}})
    news(seven, clock, {"status": "paid", "order": {"id": "8"}})
    drain(clock)
    came = [run.steps.filter(node="paid", why="paid came").exists() for run in (seven, eight)]
    assert came == [False, True]


def test_a_wait_of_a_worker_from_before_the_key_is_found_and_gets_one(waiting: Run, clock: Clock) -> None:
    key = correlation_keys.correlation_key("paid", "id", "7")
    EventWait.objects.update(paths="", key_hash=key)
    news(waiting, clock, {"id": 7})
    drain(clock)
    assert heard(waiting) == ["paid"]


def test_a_wait_that_was_cancelled_hears_nothing(waiting: Run, clock: Clock) -> None:
    assert interventions.cancel(waiting.pk, "ops@example.com", clock())
    event = news(waiting, clock, {"id": 7})
    drain(clock)
    event.refresh_from_db()
    waiting.refresh_from_db()
    assert (waiting.state, event.state) == ("cancelled", "unmatched")


def test_what_comes_after_a_digest_was_cancelled_is_gathered_anew(published, clock: Clock) -> None:
    settings = {"key": {"text": "{{ id }}"}, "amount": 1, "unit": "hours"}
    url = published(draw.digest("gather", **settings))
    fire(url, {"id": 1})
    drain(clock)
    interventions.cancel(Run.objects.get().pk, "ops@example.com", clock())
    for _ in range(2):
        fire(url, {"id": 1})
        drain(clock)
    assert sorted(DigestWindow.objects.values_list("open", "count")) == [(False, 1), (True, 2)]
    clock.forward(hours=1)
    drain(clock)
    assert not DigestWindow.objects.filter(open=True).exists()
    assert sorted(Run.objects.values_list("state", "code")) == [
        ("cancelled", ""),
        ("completed", "digested"),
        ("completed", "done"),
    ]


@pytest.fixture
def gathering(published, clock: Clock) -> list[Run]:
    """Runs of four requests for one key: the first opened the window."""
    settings = {"key": {"text": "all"}, "amount": 1, "unit": "hours", "sums": [{"name": "total", "path": "n"}]}
    nodes = [draw.digest("gather", **settings), draw.stop("end")]
    url = published(*nodes)
    for n in (0.1, 0.2, 0.4, 0.8):
        fire(url, {"n": n})
        drain(clock)
    return sorted(Run.objects.all(), key=lambda run: run.event.body["n"])


def sent(run: Run) -> dict:
    return run.steps.get(node="gather", outcome="resumed").output


def test_a_digest_outlives_the_run_that_opened_it_and_only_what_that_brought_leaves(gathering, clock: Clock) -> None:
    first, second, *others = gathering
    assert interventions.cancel(first.pk, "ops@example.com", clock())
    second.refresh_from_db()
    assert (second.state, second.node, second.ended_at) == ("waiting", "gather", None)
    assert f"takes over the digest of run {first.pk}" in second.steps.last().why
    clock.forward(hours=1)
    drain(clock)
    second.refresh_from_db()
    assert (second.state, second.code) == ("completed", "done")
    found = sent(second)
    assert (found["count"], found["sums"], found["left_out"]) == (3, {"total": 1.4}, 0)
    assert found["items"] == [{"n": 0.2}, {"n": 0.4}, {"n": 0.8}]
    assert (found["first"], found["last"]) == (found["head"], found["tail"]) == ({"n": 0.2}, {"n": 0.8})
    assert [run.steps.filter(outcome="waiting").count() for run in others] == [0, 0]
    assert list(invariants.violations(clock())) == []


def test_a_window_passes_from_heir_to_heir_and_closes_with_the_last(gathering, clock: Clock) -> None:
    for run in gathering[:3]:
        assert interventions.cancel(run.pk, "ops@example.com", clock())
    last = Run.objects.get(pk=gathering[3].pk)
    window = DigestWindow.objects.get(open=True)
    assert (last.state, window.run_id, window.count, window.sums) == ("waiting", last.pk, 1, {"total": 0.8})
    assert interventions.cancel(last.pk, "ops@example.com", clock())
    assert not DigestWindow.objects.filter(open=True).exists() and not DigestItem.objects.exists()
    assert sorted(Run.objects.values_list("state", flat=True)) == ["cancelled"] * 4


def test_a_digest_outlives_a_run_that_fyno_flow_itself_ended(gathering, clock: Clock) -> None:
    for _ in range(3):
        quarantine.record_failure(str(gathering[0].pk), "an error in Fynoflow itself", clock())
    assert [Run.objects.get(pk=run.pk).state for run in gathering[:2]] == ["failed", "waiting"]


def test_an_heir_gathers_what_comes_later(gathering, published, clock: Clock) -> None:
    interventions.cancel(gathering[0].pk, "ops@example.com", clock())
    url = f"http://x/in/live/{gathering[0].workflow.trigger.live_token}"
    fire(url, {"n": 1.6})
    drain(clock)
    clock.forward(hours=1)
    drain(clock)
    assert sent(gathering[1])["count"] == 4


def test_a_window_that_nobody_waits_for_is_named(gathering, clock: Clock) -> None:
    Run.objects.filter(pk=gathering[0].pk).update(state="cancelled", ended_at=clock(), due_at=None)
    assert [line for line in invariants.violations(clock()) if "digest 'all' is open" in line]


def test_two_digests_of_one_workflow_gather_apart(published, clock: Clock) -> None:
    by = {"amount": 1, "unit": "hours"}
    first = draw.digest("first", **by, key="{{ id }}")
    second = draw.digest("second", **by, key="all")
    url = published(first, second)
    for number in (1, 1, 2):
        fire(url, {"id": number})
        drain(clock)
    for _ in range(2):
        clock.forward(hours=1)
        drain(clock)
    found = {(row.node, row.key): row.count for row in DigestWindow.objects.all()}
    assert found == {("first", "1"): 2, ("first", "2"): 1, ("second", "all"): 2}


def test_a_workflow_that_starts_itself_is_stopped_five_deep(published, clock: Clock) -> None:
    url = published({"id": "again", "kind": "stop", "settings": {}})
    workflow = Workflow.objects.exclude(name="Payments").get()
    drawing = workflow.live.drawing().model_dump()
    next(n for n in drawing["nodes"] if n["id"] == "again").update(
        kind="start_workflow", settings={"workflow": workflow.slug}
    )
    version = publishing.save(workflow, parse_graph(drawing), by=None, now=clock())
    publishing.go_live(version, by=None, now=clock())
    fire(url, {})
    drain(clock)
    assert sorted(Run.objects.values_list("event__depth", "state")) == [
        *((depth, "completed") for depth in range(5)),
        (5, "failed"),
    ]


def test_the_failure_of_a_started_workflow_leads_out_by_failure(published, clock: Clock) -> None:
    published(draw.stop("end", code="odd", failed=True))
    child = Workflow.objects.exclude(name="Payments").get()
    settings = {"workflow": child.slug, "wait": True}
    edges = [
        {"source": "start", "outlet": "next", "target": "call"},
        {"source": "call", "outlet": "failure", "target": "sorry"},
    ]
    nodes = [draw.start_workflow("call", **settings)]
    nodes.append(draw.stop("sorry", code="sorry"))
    fire(published(*nodes, edges=edges), {})
    drain(clock)
    assert sorted(Run.objects.values_list("state", "code")) == [("completed", "sorry"), ("failed", "odd")]


def test_a_split_deals_evenly_and_always_alike() -> None:
    parts = [part_of(f"experiment\0person {n}") for n in range(20_000)]
    assert abs(sum(part < 3000 for part in parts) / 20_000 - 0.3) < 0.01
    assert parts == [part_of(f"experiment\0person {n}") for n in range(20_000)]


ZONES = {
    "America/New_York": (datetime(2026, 3, 8, 2, 30), "07:30", datetime(2026, 11, 1, 1, 30), "05:30"),
    "Europe/Berlin": (datetime(2026, 3, 29, 2, 30), "01:30", datetime(2026, 10, 25, 2, 30), "00:30"),
    "Australia/Lord_Howe": (datetime(2026, 10, 4, 2, 15), "15:45", datetime(2026, 4, 5, 1, 45), "14:45"),
    "Africa/Cairo": (datetime(2026, 4, 24, 0, 30), "22:30", datetime(2026, 10, 29, 23, 30), "20:30"),
}


@pytest.mark.parametrize("name", ZONES)
def test_a_time_that_is_skipped_or_comes_twice_is_one_moment(name: str) -> None:
    skipped, skipped_utc, twice, twice_utc = ZONES[name]
    zone = ZoneInfo(name)
    assert f"{at_wall(skipped, zone):%H:%M}" == skipped_utc, "as if the clocks had not been changed yet"
    assert f"{at_wall(twice, zone):%H:%M}" == twice_utc, "the first of the two"


def test_a_day_is_a_day_on_the_wall_and_24_hours_are_24_hours() -> None:
    zone = ZoneInfo("Europe/Berlin")
    evening = datetime(2026, 3, 28, 20, 0, tzinfo=UTC)
    assert days_later(evening, 1, zone) == datetime(2026, 3, 29, 19, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "weekdays", "wanted"),
    [
        ("2026-11-25T02:00", (), "2026-11-25T03:30"),
        ("2026-11-25T03:30", (), "2026-11-26T03:30"),
        ("2026-11-25T04:00", ("wed",), "2026-12-02T03:30"),
        ("2026-11-25T20:00", ("thu", "mon"), "2026-11-26T03:30"),
        ("2026-11-26T20:00", ("thu", "mon"), "2026-11-30T03:30"),
    ],
)
def test_the_next_nine_oclock_in_kolkata(now: str, weekdays: tuple[str, ...], wanted: str) -> None:
    moment = datetime.fromisoformat(now).replace(tzinfo=UTC)
    found = next_time(moment, time(9), weekdays, ZoneInfo("Asia/Kolkata"))
    assert found == datetime.fromisoformat(wanted).replace(tzinfo=UTC)


def test_a_wait_that_times_out_leaves_nothing_open_whatever_follows(published, clock: Clock) -> None:
    second = draw.wait_for_event("second", **WAIT)
    later = draw.delay("later", amount=1, unit="hours")
    edges = [
        {"source": "start", "outlet": "next", "target": "first"},
        {"source": "first", "outlet": "timeout", "target": "second"},
        {"source": "second", "outlet": "timeout", "target": "later"},
    ]
    fire(published({**second, "id": "first"}, second, later, edges=edges), {"id": 7})
    drain(clock)
    for open_now in (1, 0, 0):
        clock.forward(hours=1)
        drain(clock)
        assert EventWait.objects.filter(open=True).count() == open_now
    run = Run.objects.get()
    assert (run.state, [s.node for s in run.steps.order_by("seq")]) == (
        "completed",
        ["first", "first", "second", "second", "later", "later"],
    )


def test_a_zone_that_is_missing_is_the_workspaces(published, clock: Clock) -> None:
    zone = {"text": "{{ nowhere }}", "missing": "error"}
    url = published({"id": "wait", "kind": "delay", "settings": {"mode": "until_time", "at": "09:00", "zone": zone}})
    fire(url, {})
    drain(clock)
    assert Run.objects.get().state == "waiting"
