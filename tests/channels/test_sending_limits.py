"""Nobody's backlog keeps others waiting, and no provider is asked more than it takes."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.db import OperationalError
from django.db import connection as database
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from apps.channels import deliveries, doubts, sending_limits_store
from apps.channels.models import Connection, ConnectionLimiter, Delivery
from apps.channels.sending import send
from apps.channels.sending_limits import PARTS, Admitted, Limits, Standing, admitted, counted, open_for, trips
from apps.database.fair_share import take_fairly
from apps.egress import reach
from apps.events.models import Event
from apps.runs.execution.jobs import INLINE, Job
from apps.runs.models import Run
from apps.runs.worker.poller import take_events, take_messages, take_runs
from apps.runs.worker.pools import WorkerPool
from apps.workspaces.models import Workspace
from tests.support.clock import Clock, drain
from tests.support.outside import PAYMENT, Outside, fire
from tests.support.threads import at_once, carried_by

GATEWAY = {"body": {"text": "{{ text }}"}, "id_path": "id"}


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    sending_limits_store._seen.clear()


@pytest.fixture
def gateway(workspace, outside: Outside) -> Connection:
    """Every message of the workspace goes to a server that takes it."""
    outside.answer("/send", (200, {"id": "m1"}))
    carried_by(workspace, "sms", "http_gateway", {"url": f"{outside.url}/send", **GATEWAY})
    return Connection.objects.get(kind="http_gateway")


def messages(gateway: Connection, count: int, now, **facts) -> None:
    """So many are due."""
    facts = {"due_at": now, "created_at": now, "expires_at": now + timedelta(hours=1), **facts}
    rows = [
        Delivery(
            workspace=gateway.workspace,
            notification_id=gateway.workspace.pk and "0" * 32,
            environment="live",
            channel="sms",
            address="+91",
            connection=gateway,
            content={"text": "hi"},
            effect_key=f"{gateway.pk}-{number}",
            **facts,
        )
        for number in range(count)
    ]
    Delivery.objects.bulk_create(rows)


def everybody(workspace_id: int) -> int:
    return 1000


def states() -> dict[str, int]:
    found = Delivery.objects.values_list("state", flat=True)
    return {state: list(found).count(state) for state in set(found)}


@given(st.integers(0, 50), st.dictionaries(st.integers(1, 9), st.tuples(st.integers(0, 30), st.integers(0, 30))))
def test_shares_take_all_that_is_there_and_no_more_than_anybody_may(most: int, groups: dict) -> None:
    there = {group: list(range(due)) for group, (due, _) in groups.items()}

    def take(group, part: int) -> list:
        found, there[group] = there[group][:part], there[group][part:]
        return [(group, one) for one in found]

    taken = take_fairly(most, {group: room for group, (_, room) in groups.items()}, take)
    could = {group: min(due, room) for group, (due, room) in groups.items()}
    assert len(taken) == min(most, sum(could.values()))
    of = {group: sum(1 for g, _ in taken if g == group) for group in groups}
    assert all(of[group] <= could[group] for group in groups)
    short = [group for group in groups if of[group] < could[group]]
    assert not short or all(of[group] >= min(of[s] for s in short) - 1 or of[group] == could[group] for group in groups)


def test_limits_let_pass_what_a_provider_takes() -> None:
    rate = Limits(rate=3, period_s=60)
    assert admitted(rate, Standing(sent=((10.0, 5), (41.0, 2))), 9, now=71.0) == Admitted(1)
    assert admitted(rate, Standing(sent=((41.0, 1), (42.0, 2))), 9, now=71.0) == Admitted(0)
    assert admitted(Limits(at_once=5), Standing(busy=3), 9, now=0.0) == Admitted(2)
    assert admitted(Limits(at_once=5), Standing(busy=7), 9, now=0.0) == Admitted(0)
    assert admitted(Limits(paused=True), Standing(), 9, now=0.0) == Admitted(0)


@given(st.lists(st.tuples(st.floats(0, 90), st.integers(1, 9)), max_size=40), st.sampled_from([1, 60, 86400]))
def test_no_span_of_a_period_ever_sees_more_than_the_rate(asked: list[tuple[float, int]], period_s: int) -> None:
    limits, sent, went, now = Limits(rate=7, period_s=period_s), [], [], 1_800_000_000.0
    for gap, many in asked:
        now += gap * period_s / 60
        room = admitted(limits, Standing(sent=tuple(sent)), many, now).count
        sent = counted(sent, limits, now, room) if room else sent
        went.append((now, room))
        assert sum(count for at, count in went if at > now - period_s) <= 7
        assert room == many or sum(count for at, count in went if at > now - period_s * 1.002) >= 7, "no more is lost"
    assert len(sent) <= PARTS + 1


def test_a_quota_of_a_day_is_counted_in_few_parts() -> None:
    day, sent = Limits(rate=100_000, period_s=86400), []
    for second in range(0, 86400, 30):
        sent = counted(sent, day, 1_800_000_000.0 + second, 10)
    assert len(sent) <= PARTS + 1 and sum(count for _, count in sent) == 28_800


def test_an_open_breaker_lets_one_try_when_its_time_is_over() -> None:
    assert admitted(Limits(), Standing(open_until=30.0), 9, now=29.0) == Admitted(0)
    assert admitted(Limits(), Standing(open_until=30.0), 9, now=30.0) == Admitted(1, probe=True)
    assert admitted(Limits(), Standing(open_until=30.0, probe_until=60.0), 9, now=31.0) == Admitted(0)
    assert admitted(Limits(paused=True), Standing(open_until=30.0), 9, now=31.0) == Admitted(0)
    assert [trips([True] * 9), trips([False] * 10 + [True] * 10), trips([True] * 10 + [False] * 11)] == [0, 1, 0]
    assert [open_for(0), open_for(1), open_for(9)] == [30, 60, 600]


def test_a_backlog_of_one_workspace_keeps_no_other_waiting(story, workspace, clock: Clock) -> None:
    for _ in range(30):
        fire(story.webhook_live)
    elsewhere = Workspace.objects.create(name="Elsewhere")
    late = Event.objects.latest("pk")
    late.pk, late.workspace, late.source_id = None, elsewhere, "0"
    late = Event(**{f.attname: getattr(late, f.attname) for f in Event._meta.fields if f.attname != "id"})
    late.received_at = clock() + timedelta(hours=1)
    late.save()
    lane = WorkerPool("t", 10, lambda: None)
    assert lane.capacity_for(workspace.pk) == 5, "no workspace takes more than half of the hands"
    jobs = take_events(clock, lane, INLINE)
    assert len(jobs) == 5
    late.refresh_from_db()
    assert late.state == "failed", "it was looked at, although 25 older ones wait"


def test_due_runs_of_a_workspace_wait_for_room_and_others_go(story, workspace, clock: Clock) -> None:
    for _ in range(6):
        fire(story.webhook_live)
    take_events(clock, INLINE, INLINE)
    Run.objects.update(state="ready", due_at=clock(), token=None, lease_until=None)
    elsewhere = Workspace.objects.create(name="Elsewhere")
    Run.objects.filter(pk=Run.objects.latest("pk").pk).update(workspace=elsewhere)
    jobs = take_runs(clock, WorkerPool("t", 4, lambda: None), INLINE)
    assert sorted(job.workspace for job in jobs) == [workspace.pk, workspace.pk, elsewhere.pk]


def test_hands_that_a_workspace_holds_count_against_it(workspace) -> None:
    Workspace.objects.create(name="Elsewhere")
    lane = WorkerPool("t", 4, lambda: None)
    lane._pool.submit = lambda *_: None  # they are given and not done yet
    lane.give([Job(workspace.pk, print), Job(workspace.pk, print)])
    assert (lane.capacity_for(workspace.pk), lane.capacity_for(0), lane.capacity()) == (0, 2, 2)


def test_a_connection_sends_no_more_in_a_period_than_it_may(gateway: Connection, clock: Clock) -> None:
    gateway.rate, gateway.rate_period = 3, 60
    gateway.save()
    messages(gateway, 8, clock())
    INLINE.give(take_messages(clock, INLINE))
    assert states() == {"sent": 3, "ready": 5}
    clock.forward(seconds=59)
    assert take_messages(clock, INLINE) == []
    clock.forward(seconds=2)
    INLINE.give(take_messages(clock, INLINE))
    assert states() == {"sent": 6, "ready": 2}
    assert set(Delivery.objects.filter(state="ready").values_list("attempt", flat=True)) == {0}


def test_a_message_of_a_limited_connection_is_not_sent_past_its_gate(
    story, gateway: Connection, outside: Outside, clock: Clock
) -> None:
    gateway.rate, gateway.rate_period = 1, 3600
    gateway.save()
    for _ in range(3):
        fire(story.webhook_live, {**PAYMENT, "status": "success"})
    drain(clock)
    assert len([got for got in outside.got if got["path"] == "/send"]) == 1
    assert Delivery.objects.filter(channel="sms", state="ready").count() == 2


def test_a_paused_connection_sends_nothing_until_it_goes_on(gateway: Connection, clock: Clock) -> None:
    Connection.objects.update(paused=True)
    messages(gateway, 2, clock())
    assert take_messages(clock, INLINE) == []
    Connection.objects.update(paused=False)
    INLINE.give(take_messages(clock, INLINE))
    assert states() == {"sent": 2}


def test_no_more_calls_are_under_way_than_a_connection_takes(gateway: Connection, clock: Clock) -> None:
    Connection.objects.update(at_once=2)
    messages(gateway, 5, clock())
    held = deliveries.claim_due(10, clock(), everybody)
    assert len(held) == 2 and deliveries.claim_due(10, clock(), everybody) == []
    send(held[0], clock)
    assert len(deliveries.claim_due(10, clock(), everybody)) == 1


def test_a_provider_that_is_down_is_asked_seldom_and_all_is_sent_when_it_is_back(
    gateway: Connection, outside: Outside, clock: Clock
) -> None:
    outside.answer("/send", (503, {}))
    messages(gateway, 40, clock(), expires_at=clock() + timedelta(days=2))
    for _ in range(150):  # ten minutes
        for job in take_messages(clock, deliveries_hands(5)):
            job.do()
        clock.forward(seconds=4)
    limiter = ConnectionLimiter.objects.get()
    assert limiter.trips > 1 and limiter.open_until > clock() - timedelta(minutes=10)
    assert len(outside.got) <= 10 + 5 + 30
    outside.answer("/send", (200, {"id": "m"}))
    for _ in range(12):
        drain(clock)
        clock.forward(minutes=20)
    assert states() == {"sent": 40}
    limiter.refresh_from_db()
    assert limiter.open_until is None and limiter.trips == 0


def test_a_worker_that_fails_alone_steps_back_alone_and_a_second_one_agrees(
    gateway: Connection, outside: Outside, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    time = Clock()
    monkeypatch.setattr(doubts, "monotonic", lambda: time().timestamp())
    first, second = uuid4(), uuid4()
    outside.answer("/send", (503, {}))
    messages(gateway, 40, clock(), expires_at=clock() + timedelta(days=2))

    def works(worker: UUID, rounds: int) -> int:
        """What it asks the provider meanwhile."""
        doubts.forget()
        sending_limits_store._seen.clear()
        return goes_on(worker, rounds)

    def goes_on(worker: UUID, rounds: int) -> int:
        reach.meet(worker, lambda: [frozenset()], reach.nobody)
        before = len(outside.got)
        for _ in range(rounds):
            INLINE.give(take_messages(clock, deliveries_hands(1)))
        return len(outside.got) - before

    assert works(first, 15) == 10 and ConnectionLimiter.objects.get().open_until is None, "it takes no more, others may"
    time.forward(seconds=31)
    assert goes_on(first, 5) == 1, "one tells whether it fails still"
    assert works(second, 15) == 10 and ConnectionLimiter.objects.get().open_until is not None, (
        "two say so: it is the provider"
    )
    outside.answer("/send", (200, {"id": "m"}))
    reach.forget()
    doubts.forget()
    for _ in range(12):
        drain(clock)
        clock.forward(minutes=20)
    assert states() == {"sent": 40}


def deliveries_hands(count: int) -> WorkerPool:
    return WorkerPool("t", count, lambda: None)


def test_a_message_that_needs_no_call_leaves_the_probe_to_another(gateway: Connection, clock: Clock) -> None:
    ConnectionLimiter.objects.create(connection=gateway, open_until=clock(), trips=1)
    messages(gateway, 2, clock())
    Delivery.objects.filter(pk=Delivery.objects.earliest("pk").pk).update(expires_at=clock(), due_at=clock())
    INLINE.give(take_messages(clock, INLINE))
    INLINE.give(take_messages(clock, INLINE))
    assert states() == {"failed": 1, "sent": 1}
    assert ConnectionLimiter.objects.get().open_until is None


def test_4xx_answers_open_no_breaker(gateway: Connection, outside: Outside, clock: Clock) -> None:
    outside.answer("/send", (400, {}))
    messages(gateway, 30, clock())
    INLINE.give(take_messages(clock, INLINE))
    assert states() == {"failed": 30} and not ConnectionLimiter.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_six_workers_together_send_no_more_than_the_limit(gateway: Connection) -> None:
    Connection.objects.update(rate=7, rate_period=3600)
    messages(gateway, 40, timezone.now())
    held = at_once(lambda: deliveries.claim_due(5, timezone.now(), everybody))
    assert sum(len(one) for one in held) == 7
    database.close()


def test_what_was_sent_is_settled_whatever_becomes_of_the_gate(
    gateway: Connection, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("the database is away")

    messages(gateway, 2, clock())
    monkeypatch.setattr(sending_limits_store, "notice", away)
    INLINE.give(take_messages(clock, INLINE))
    assert states() == {"sent": 2}
    monkeypatch.setattr(sending_limits_store, "_is_limited", away)
    assert sending_limits_store.is_limited(gateway.pk), "then the claim counts"


def test_a_workspace_gets_its_part_of_the_hands_however_many_connections_it_has(
    story, workspace, gateway: Connection, clock: Clock
) -> None:
    Workspace.objects.create(name="Elsewhere")
    messages(gateway, 9, clock())
    messages(Connection.objects.get(kind="capture"), 9, clock())
    lane = WorkerPool("t", 8, lambda: None)
    assert len(take_messages(clock, lane)) == lane.capacity_for(workspace.pk) == 4
