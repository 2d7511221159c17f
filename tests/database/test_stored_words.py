"""What was renamed is stored by its first words: rows of before are read, and old processes read those of now."""

from django.db import connection

from apps.channels.models import Attempt, Connection, Delivery
from apps.engine.contract.decisions import Waited
from apps.runs.models import Run, Step
from apps.runs.worker.poller import poll_once
from tests.support import draw
from tests.support.clock import Clock, drain, finish
from tests.support.outside import Outside, fire
from tests.support.system import said
from tests.support.threads import carried_by


def stored(sql: str) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {row[0] for row in cursor.fetchall()}


def test_the_test_inbox_is_found_by_its_name_of_now_and_stored_by_its_first(story, workspace) -> None:
    assert Connection.objects.of(workspace).get(kind="capture").kind == "capture"
    assert stored("SELECT kind FROM channels_connection") == {"inbox"}
    assert stored("SELECT kind FROM channels_historicalconnection") == {"inbox"}


def test_whether_a_call_may_be_made_again_is_stored_as_before(published, outside: Outside, clock: Clock) -> None:
    outside.answer("/pay", (503, {}))
    fire(published(draw.http_request("pay", method="POST", url=f"{outside.url}/pay")))
    poll_once(clock)
    assert Run.objects.get().policy == Run.Policy.AT_MOST_ONCE
    assert stored("SELECT policy FROM runs_run") == {"once"}


def test_a_temporary_failure_is_stored_as_before_and_told_in_words(
    story, workspace, outside: Outside, clock: Clock
) -> None:
    carried_by(workspace, "sms", "http_gateway", {"url": f"{outside.url}/sms"})
    outside.answer("/sms", (429, {}), (200, {}))
    told = finish(story.webhook_live, clock)
    tries = [one.outcome for sent in told.deliveries if sent.channel == "sms" for one in sent.tries]
    assert tries == ["temporary failure", "accepted"]
    row = Delivery.objects.get(channel="sms")
    assert set(row.attempts.values_list("outcome", flat=True)) == {
        Attempt.Outcome.TEMPORARY_FAILURE,
        Attempt.Outcome.ACCEPTED,
    }
    assert stored("SELECT outcome FROM channels_attempt WHERE number = 1") == {"refused", "accepted"}
    shown = said("show_run", told.request_id)
    assert f"effect {row.effect_key}" in shown and "temporary failure 429" in shown


def test_a_wait_of_before_is_read_and_one_of_now_is_stored_alike(published, clock: Clock) -> None:
    match = [{"path": "id", "value": {"text": "7"}}]
    fire(published(draw.wait_for_event("paid", event="paid", match=match)))
    drain(clock)
    output = Step.objects.get(outcome="waiting").output
    assert output["listens"] is True and set(output) == {"until", "looked", "listens"}
    waited = Waited.kept("timeout", output)
    assert waited.listens and set(waited.memo) == {"until", "looked"} and waited.output() == output


def test_a_mark_of_a_worker_that_could_not_read_the_block_is_no_part_of_the_memo() -> None:
    waited = Waited.kept("next", {"left_since": "2026-11-24"})
    assert waited == Waited(outlet="next", unread_since="2026-11-24")
    assert waited.output() == {"left_since": "2026-11-24"}
