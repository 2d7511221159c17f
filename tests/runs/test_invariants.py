"""`check_invariants` finds each kind of row that must not exist, and nothing in a sound database."""

from datetime import timedelta

import pytest
from django.core.management import CommandError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.channels.models import Delivery
from apps.common.ids import ordered_id
from apps.runs.models import Run
from apps.runs.upkeep.invariants import violations
from tests.support.clock import Clock, finish
from tests.support.outside import fire
from tests.support.system import said

BROKEN = {
    "UPDATE events_event SET state = 'received', received_at = '2020-01-01 00:00:00+00:00'": "is not routed",
    "DELETE FROM runs_step WHERE seq = 2": "steps up to",
    "UPDATE channels_delivery SET state = 'ready', due_at = '2020-01-01 00:00:00+00:00'": "overdue",
}


def test_after_a_story_all_rules_hold(story, clock: Clock) -> None:
    finish(story.webhook_live, clock)
    assert said("check_invariants") == "All 8 rules hold.\n"


@pytest.mark.parametrize("sql", BROKEN, ids=lambda sql: sql.split()[1])
def test_a_broken_row_is_named(story, clock: Clock, sql: str) -> None:
    finish(story.webhook_live, clock)
    with connection.cursor() as cursor:
        cursor.execute(sql)
    (line, *_) = violations(timezone.now())
    assert BROKEN[sql] in line
    with pytest.raises(CommandError, match="break a rule"):
        said("check_invariants")


def test_an_event_without_its_run_is_named(story, clock: Clock) -> None:
    fire(story.webhook_live)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE events_event SET state = 'routed'")
    assert "has no run" in next(violations(timezone.now()))


def test_a_message_that_a_run_said_twice_at_once_is_named_and_a_reminder_is_none(story, clock: Clock) -> None:
    finish(story.webhook_live, clock)
    said_first = Delivery.objects.filter(state="sent").first()
    again = {f.attname: getattr(said_first, f.attname) for f in Delivery._meta.concrete_fields}
    twin = Delivery(**{**again, "id": ordered_id(), "effect_key": "another-1"})
    twin.created_at = said_first.created_at + timedelta(hours=1)
    twin.save(force_insert=True)
    assert list(violations(timezone.now())) == [], "a reminder an hour later"
    Delivery.objects.filter(pk=twin.pk).update(created_at=said_first.created_at + timedelta(seconds=1))
    (line,) = violations(timezone.now())
    assert "said the same to" in line and f"{said_first.effect_key} and another-1" in line


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "working"},
        {"state": "waiting"},
        {"state": "ready"},
        {"ended_at": None},
        {"due_at": timezone.now()},
        {"token": "0e9a1c52-7a3f-4f4e-8d45-000000000000"},
    ],
    ids=lambda wrong: "-".join(sorted(wrong)) + str(wrong.get("state", "")),
)
def test_the_database_refuses_a_state_that_cannot_be(story, clock: Clock, wrong: dict) -> None:
    finish(story.webhook_live, clock)
    with pytest.raises(IntegrityError), transaction.atomic():
        Run.objects.update(**wrong)
