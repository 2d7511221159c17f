"""What those who run it see and do: the system's page, metrics, retention, dead letters, heartbeats."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import User
from apps.channels.models import Attempt, CapturedMessage, Connection, ConnectionLimiter, Delivery
from apps.common.ids import first_id, ordered_id
from apps.console.system import troubles
from apps.database import away
from apps.database.clocks import DatabaseClock
from apps.events import store as events
from apps.events.models import Event, IdempotencyKey
from apps.notifications.models import Notification
from apps.runs.models import Beat, Run, Step, Worker
from apps.runs.upkeep.queue_status import queue_status, queues
from apps.runs.upkeep.retention import purge
from apps.runs.worker.heartbeat import Heartbeat
from apps.runs.worker.pools import call_pool, message_pool
from apps.workspaces.models import Membership, Role
from tests.support.clock import Clock, drain, finish
from tests.support.outside import fire


@pytest.fixture
def system(owner) -> Client:
    client = Client()
    client.force_login(owner)
    return client


def staff(person: User) -> Client:
    """Signed in as a member of staff who may do anything where a workspace lets them."""
    person.is_staff = True
    person.save()
    person.user_permissions.set(Permission.objects.all())
    client = Client()
    client.force_login(person)
    return client


def alive(now, **facts) -> Worker:
    facts = {"started_at": now, "seen_at": now, "hands": 64, "busy": 1, "message_hands": 64, "message_busy": 0} | facts
    return Worker.objects.create(host="box", pid=7, **facts)


def test_the_page_names_what_waits_who_works_and_what_is_held_back(system, story, clock: Clock) -> None:
    fire(story.webhook_live)
    Event.objects.update(received_at=timezone.now() - timedelta(minutes=5))
    alive(timezone.now())
    limiter = {"open_until": timezone.now(), "trips": 2, "why": "the server says 503"}
    ConnectionLimiter.objects.create(connection=Connection.objects.first(), **limiter)
    said = system.get(reverse("system")).content.decode()
    assert "The oldest of the events that are due has waited for 5 min." in said
    assert "box:7" in said and "the server says 503" in said
    assert "No worker lives" not in said
    assert "Beat: never.</strong> Schedules and the nightly deletion stand still" in said


def test_the_page_says_that_nothing_is_wrong_or_that_nobody_works(system, story) -> None:
    assert "No worker lives: nothing is sent." in system.get(reverse("system")).content.decode()
    alive(timezone.now() - timedelta(minutes=2))
    assert "No worker lives: nothing is sent." in system.get(reverse("system")).content.decode()
    alive(timezone.now())
    Beat.mark("beat", timezone.now())
    Beat.mark("sweep", timezone.now())
    assert "All systems normal." in system.get(reverse("system")).content.decode()


def test_what_waits_for_its_time_is_not_late(story, clock: Clock) -> None:
    finish(story.webhook_live, clock)
    Run.objects.update(state="waiting", due_at=clock() + timedelta(days=1), ended_at=None)
    Delivery.objects.update(state="ready", due_at=clock() - timedelta(seconds=9), ended_at=None, connection=None)
    found = {lane.name: lane for lane in queues(clock())}
    assert (found["runs"].due, found["messages"].due, found["events"].due) == (0, 2, 0)
    assert found["messages"].oldest == clock() - timedelta(seconds=9)


def test_unknown_messages_of_the_last_day_are_counted(story, clock: Clock) -> None:
    finish(story.webhook_live, clock)
    Delivery.objects.filter(channel="sms").update(state="unknown")
    found = queue_status(clock())
    assert (found.unknown, found.unknown_share) == (1, 50.0)
    assert queue_status(clock() + timedelta(days=2)).unknown == 0


def test_metrics_want_their_token(story, settings) -> None:
    url = reverse("metrics")
    assert Client().get(url).status_code == 404
    settings.METRICS_TOKEN = "s3same"
    assert Client().get(url).status_code == 401
    assert Client().get(url, headers={"Authorization": "Bearer no"}).status_code == 401
    fire(story.webhook_live)
    alive(timezone.now())
    answer = Client().get(url, headers={"Authorization": "Bearer s3same"})
    said = answer.content.decode()
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert 'fynoflow_due{lane="events"} 1.0' in said and "fynoflow_workers 1.0" in said


def test_a_machine_says_that_it_lives_and_takes_its_row_along(db) -> None:
    hands, senders = call_pool(3), message_pool(5)
    heart = Heartbeat(hands, senders, DatabaseClock())
    heart.beat()
    heart.beat()
    row = Worker.objects.get()
    assert (row.hands, row.message_hands, row.busy) == (3, 5, 0) and not row.is_lost(timezone.now())
    alive(timezone.now() - timedelta(days=2))
    heart.beat()
    assert Worker.objects.get().pk == row.pk, "one that was lost long ago is forgotten"
    heart.end()
    assert not Worker.objects.exists()


def test_a_clock_that_is_off_is_set_right_by_the_databases(db, monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no clock of its own")
    true = timezone.now
    monkeypatch.setattr("apps.database.clocks.timezone.now", lambda: true() - timedelta(hours=5))
    clock = DatabaseClock()
    clock.measure()
    assert abs(clock() - true()) < timedelta(seconds=1)


@pytest.fixture
def dead(story) -> Event:
    """An event that broke five times."""
    request = fire(story.webhook_live)[1]["request_id"]
    for _ in range(5):
        events.record_failure(request, timezone.now())
    return Event.objects.get(state="failed")


def test_a_dead_letter_is_tried_again_by_a_command(dead: Event, clock: Clock, capsys) -> None:
    drain(clock)
    assert not Run.objects.exists()
    call_command("replay", str(dead.pk))
    assert "1 of 1 events are tried again." in capsys.readouterr().out
    drain(clock)
    assert Run.objects.get().event_id == dead.pk
    call_command("replay", str(dead.pk))
    assert "0 of 1" in capsys.readouterr().out
    with pytest.raises(CommandError, match="--failed"):
        call_command("replay")


def test_a_dead_letter_is_tried_again_in_the_admin_and_only_by_who_edits_there(
    dead: Event, system, outsider, clock: Clock
) -> None:
    chosen = {"action": "try_again", "_selected_action": [str(dead.pk)]}
    stranger = staff(outsider)
    stranger.post(reverse("admin:events_event_changelist"), chosen)
    dead.refresh_from_db()
    assert dead.state == "failed"
    answer = system.post(reverse("admin:events_event_changelist"), chosen, follow=True)
    assert "1 of the chosen events could not begin" in answer.content.decode()
    dead.refresh_from_db()
    assert dead.state == "received" and "tried again by owner@example.com" in dead.reason


def test_a_provider_is_tried_now_only_for_who_edits_where_the_connection_is(story, system, workspace, outsider) -> None:
    mine = outsider.memberships.get().workspace
    Membership.objects.create(user=outsider, workspace=workspace, role=Role.VIEWER)
    later = timezone.now() + timedelta(hours=1)
    theirs = Connection.objects.filter(workspace=workspace).first()
    own = Connection.objects.create(workspace=mine, name="Own", kind=theirs.kind, settings=theirs.settings)
    ConnectionLimiter.objects.bulk_create(
        [ConnectionLimiter(connection=one, open_until=later) for one in (theirs, own)]
    )
    member = staff(outsider)
    chosen = {"action": "try_now", "_selected_action": [theirs.pk, own.pk]}
    answer = member.post(reverse("admin:channels_connection_changelist"), chosen, follow=True)
    assert "1 of the connections were held back" in answer.content.decode()
    assert list(ConnectionLimiter.objects.filter(open_until=later)) == [theirs.limiter]


def test_a_paused_connection_is_named_before_any_message_waits_for_it(system, story) -> None:
    Connection.objects.filter(pk=Connection.objects.earliest("pk").pk).update(paused=True)
    assert "paused by a person" in system.get(reverse("system")).content.decode()


def made(url: str, clock: Clock, days: float, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run of so many days ago, with the ids of then."""
    past = timezone.now() - timedelta(days=days)
    with monkeypatch.context() as then:
        then.setattr("apps.common.ids.time.time_ns", lambda: int(past.timestamp() * 1e9))
        told = finish(url, clock)
    run = Run.objects.get(event_id=told.request_id)
    Run.objects.filter(pk=run.pk, ended_at__isnull=False).update(ended_at=past)
    return run


def test_old_bodies_go_and_the_journal_stays(system, story, clock: Clock, monkeypatch) -> None:
    old, new = made(story.webhook_live, clock, 40, monkeypatch), made(story.webhook_live, clock, 3, monkeypatch)
    assert purge(timezone.now())["bodies"] == 1
    old.event.refresh_from_db(), new.event.refresh_from_db()
    assert (bytes(old.event.raw), old.event.body) == (b"", {}) and new.event.body["order_id"] == "A-1"
    assert all(step.output == step.input == {} for step in old.steps.all()) and old.steps.exists()
    assert [d.content for d in Delivery.objects.filter(run_id=old.pk)] == [{}, {}]
    assert CapturedMessage.objects.count() == 2, "those of the new one"
    assert purge(timezone.now())["bodies"] == 0
    Event.objects.filter(pk=old.event_id).update(received_at=timezone.now() - timedelta(days=40))
    page = system.get(reverse("run", args=[old.workspace.wsid, old.pk])).content.decode()
    assert "was deleted after 30 days" in page
    page = system.get(reverse("run", args=[new.workspace.wsid, new.pk])).content.decode()
    assert "was deleted after" not in page
    assert Beat.objects.filter(name="bodies").exists()


def test_old_runs_go_with_all_that_hangs_on_them(story, clock: Clock, monkeypatch) -> None:
    old, new = made(story.webhook_live, clock, 100, monkeypatch), made(story.webhook_live, clock, 50, monkeypatch)
    gone = purge(timezone.now())
    assert (gone["runs"], gone["events"]) == (1, 1)
    assert list(Run.objects.all()) == [new] and list(Event.objects.all()) == [new.event]
    assert Step.objects.filter(run=old.pk).count() == 0 and Step.objects.count() > 0
    assert Delivery.objects.count() == 2 and Notification.objects.count() == 1 and Attempt.objects.count() == 2


def test_a_run_that_still_goes_on_is_kept_whole_however_old(story, clock: Clock, monkeypatch) -> None:
    run = made(story.webhook_live, clock, 200, monkeypatch)
    Run.objects.update(state="waiting", due_at=timezone.now() + timedelta(days=9), ended_at=None)
    purge(timezone.now())
    run.refresh_from_db()
    assert run.event.body["order_id"] == "A-1" and run.steps.exists()


@pytest.mark.parametrize("state", ["ready", "working", "unknown"])
def test_a_message_that_may_still_go_out_keeps_its_words_and_loses_them_when_it_is_over(
    story, clock: Clock, monkeypatch, state: str
) -> None:
    run = made(story.webhook_live, clock, 40, monkeypatch)
    token = {"token": uuid4(), "lease_until": timezone.now()} if state == "working" else {}
    message = Delivery.objects.filter(run_id=run.pk, channel="sms")
    message.update(state=state, **token)
    for _ in range(2):
        purge(timezone.now())
        assert message.get().content["text"] and Event.objects.get(pk=run.event_id).body["order_id"] == "A-1"
    message.update(state="sent", token=None, lease_until=None)
    assert purge(timezone.now())["bodies"] == 1, "what was passed over once is emptied later"
    assert message.get().content == {} and Event.objects.get(pk=run.event_id).body == {}


def test_a_run_with_a_message_that_may_still_go_out_is_kept_however_old(story, clock: Clock, monkeypatch) -> None:
    run = made(story.webhook_live, clock, 200, monkeypatch)
    Delivery.objects.filter(run_id=run.pk, channel="sms").update(state="unknown")
    assert purge(timezone.now())["runs"] == 0
    Delivery.objects.filter(run_id=run.pk, channel="sms").update(state="failed")
    assert purge(timezone.now())["runs"] == 1


@pytest.mark.parametrize("state", ["received", "held", "failed"])
def test_an_accepted_request_that_has_not_begun_keeps_its_body(story, clock: Clock, state: str) -> None:
    event = old_event(story.webhook_live, state)
    purge(timezone.now())
    assert Event.objects.get(pk=event).body["order_id"] == "A-1"
    Event.objects.filter(pk=event).update(state="dropped")
    purge(timezone.now())
    assert not Event.objects.filter(pk=event).exists()


def old_event(url: str, state: str, **facts) -> UUID:
    """An event of 200 days ago that no run has come of."""
    event = Event.objects.get(pk=fire(url)[1]["request_id"])
    at = timezone.now() - timedelta(days=200)
    Event.objects.filter(pk=event.pk).delete()
    event.pk, event.state, event.received_at = UUID(str(first_id(at))[:-1] + "1"), state, at
    for name, value in facts.items():
        setattr(event, name, value)
    event.save(force_insert=True)
    return event.pk


def test_an_event_that_an_old_run_may_still_wait_for_keeps_its_body(story, clock: Clock, monkeypatch) -> None:
    run = made(story.webhook_live, clock, 210, monkeypatch)
    Event.objects.filter(pk=run.event_id).update(received_at=timezone.now() - timedelta(days=210))
    Run.objects.update(state="waiting", due_at=timezone.now() + timedelta(days=9), ended_at=None)
    named = old_event(story.webhook_live, "unmatched", kind="custom.fired", source_id="paid")
    purge(timezone.now())
    assert Event.objects.get(pk=named).body["order_id"] == "A-1"
    Run.objects.update(state="completed", due_at=None, ended_at=timezone.now())
    purge(timezone.now())
    assert not Event.objects.filter(pk=named).exists()


def test_old_keys_go_and_young_ones_stay(story, clock: Clock) -> None:
    fire(story.webhook_live, **{"Idempotency-Key": "a"})
    IdempotencyKey.objects.update(first_seen=timezone.now() - timedelta(days=15))
    fire(story.webhook_live, **{"Idempotency-Key": "b"})
    call_command("purge")
    assert [key.key for key in IdempotencyKey.objects.all()] == ["b"]


def test_the_first_id_of_a_moment_stands_before_all_that_were_made_since() -> None:
    now = timezone.now()
    assert first_id(now) <= ordered_id() < first_id(now + timedelta(seconds=5))


def test_the_page_names_the_worker_that_is_wrong_with_its_host(system, story) -> None:
    now = timezone.now()
    for host, facts in {
        "good": {},
        "cut": {"unreached": "api.example.com:443 sms.example.com:443"},
        "keyless": {"unread": "ab12cd34", "unreached": "sms.example.com:443"},
        "silent": {"seen_at": now - timedelta(minutes=2)},
    }.items():
        hands = {"hands": 8, "busy": 0, "message_hands": 8, "message_busy": 0}
        Worker.objects.create(
            host=host, pid=1, **{"started_at": now - timedelta(hours=1), "seen_at": now, **hands, **facts}
        )
    Beat.mark("beat", now)
    Beat.mark("sweep", now)
    said = system.get(reverse("system")).content.decode()
    assert "The worker cut:1 cannot connect to api.example.com:443, sms.example.com:443, and others can." in said
    assert "The worker keyless:1 cannot decrypt a secret (key ab12cd34)." in said
    assert "The worker silent:1 is silent since" in said and "good:1 " not in said.split("Workers")[0]


def test_while_commits_wait_for_a_standby_the_page_says_that_and_no_wrong_advice(story) -> None:
    told = troubles(
        replace(queue_status(timezone.now()), unconfirmed=3), {"database": "does not confirm"}, timezone.now()
    )
    assert [row["what"] for row in told] == [
        "Database: does not confirm.",
        "The standby does not confirm what is written (waiting: 3).",
    ]


@pytest.mark.parametrize("path", ["/", "/metrics", "/api/v1/w/x/runs", "/health/ready"])
def test_a_database_that_is_away_is_told_with_when_to_come_again(rf, path: str) -> None:
    try:
        raise OperationalError("gone")
    except OperationalError:
        answer = away.failed(rf.get(path))
    assert answer.status_code == 503 and answer["Retry-After"] == "5"
    assert ("{" in answer.content.decode()) is (path != "/")


@pytest.mark.parametrize("path", ["/", "/in/live/x"])
def test_an_error_of_ours_is_told_in_the_words_of_who_asks(rf, path: str) -> None:
    try:
        raise ValueError("a secret detail")
    except ValueError:
        answer = away.failed(rf.get(path))
    said = answer.content.decode()
    assert answer.status_code == 500 and "secret" not in said and ("{" in said) is (path != "/")


def test_nobody_comes_in_before_the_database_is_known_to_fit(story, client) -> None:
    away.FIT.clear()
    try:
        assert fire(story.webhook_live)[0] == 503 and client.get("/sign-in").status_code == 503
        assert client.get("/health/live").status_code == 200 and client.get("/health/door").status_code == 503
    finally:
        away.FIT.set()
    assert fire(story.webhook_live)[0] == 202 and client.get("/health/door").status_code == 200
