"""The machine's real transitions in any order: workers that take, call, answer, die and come late; people; time.

The model knows only what the outside saw. The same walk leaves the same journal on every database.
"""

import json
import os
import random
import re
from collections import Counter
from pathlib import Path
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from apps.channels import deliveries
from apps.channels.models import Delivery
from apps.common.effects import Answer, NoAnswer
from apps.engine.contract.node import StepContext
from apps.providers.contract import Result
from apps.runs.claims import claiming, interventions, settling, starting
from apps.runs.interpreter.interpreter import effect_key
from apps.runs.journal.claim_values import ClaimedCall
from apps.runs.models import Run, Step
from apps.runs.upkeep.invariants import violations
from apps.runs.worker.poller import maintenance
from tests.support import draw
from tests.support.clock import Clock
from tests.support.outside import PAYMENT, fire

ANSWERS: dict[str, Answer | NoAnswer] = {
    "fine": Answer(status=200, body=b'{"type": "power"}', headers=(("content-type", "application/json"),)),
    "busy": Answer(status=503),
    "no": Answer(status=404),
    "lost": NoAnswer(kind="ambiguous", reason="cut"),
    "not sent": NoAnswer(kind="not_sent", reason="refused"),
}
RESULTS = ("accepted", "temporary_failure", "permanent_failure", "unknown")
EXAMPLES = int(os.environ.get("EXAMPLES", "12"))
TRACE = Path(__file__).parents[1] / "data" / "trace.json"
TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
MANY = 100  # all that is due: which of them would come first is no matter here
ENDS = ("completed", "failed", "cancelled")
CALL = {"url": {"text": "http://127.0.0.1:9/"}}
ROW = (
    draw.throttle("few", key="x", most=3, unit="minutes"),
    draw.http_request("pay", **CALL, method="POST"),
    draw.delay("wait", amount=1, unit="minutes"),
    draw.http_request("ask", **CALL),
    {"id": "say", "kind": "send", "settings": {}},
)


def row() -> tuple[dict[str, Any], ...]:
    said = {"event": "payment_link", "to": [{"channel": "sms", "address": {"text": "{{ phone }}"}}]}
    said["data"] = [{"name": "order_id", "value": {"text": "{{ order_id }}"}}]
    return (*ROW[:-1], {**ROW[-1], "settings": said})


def order_of(run: Run) -> str:
    return str(run.event.body["order_id"])


def everybody(workspace_id: int) -> int:
    return 100


def nobody(workspace_id: int) -> int:
    return 0


class World:
    """What anybody may do to the machine, and what the outside saw of it."""

    def __init__(self, url: str, clock: Clock) -> None:
        self.url, self.clock = url, clock
        self.called: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()
        self.again: Counter[str] = Counter()
        self.ended: dict[Any, str] = {}
        self.keys = 0

    def fire(self, key: int) -> None:
        fire(self.url, {**PAYMENT, "order_id": f"A-{key}"}, **{"Idempotency-Key": str(key)})

    def take(self) -> list[ClaimedCall]:
        """A worker claims runs; their calls begin."""
        placed = starting.start_due(MANY, self.clock(), everybody, nobody)
        placed += claiming.claim_due(MANY, self.clock(), everybody, nobody)
        held = [one.held for one in placed if one.held is not None]
        return [self._called(one) for one in sorted(held, key=lambda one: order_of(one.run))]

    def _called(self, held: ClaimedCall) -> ClaimedCall:
        self.called[effect_key(held.journal, held.node)] += 1
        return held

    def answer(self, held: ClaimedCall, kind: str) -> list[ClaimedCall]:
        """The worker hears an answer and settles, early or late."""
        this = StepContext(attempt=held.attempt, key=effect_key(held.journal, held.node), now=self.clock())
        after = settling.settle(held, held.block.on_answer(ANSWERS[kind], this), self.clock())
        return [self._called(after)] if after is not None else []

    def take_messages(self) -> list[deliveries.ClaimedDelivery]:
        held = deliveries.claim_due(MANY, self.clock(), everybody)
        self.sent.update(one.delivery.effect_key for one in held)
        orders = {run.pk: order_of(run) for run in Run.objects.select_related("event")}
        return sorted(held, key=lambda one: orders[one.delivery.run_id])

    def answer_message(self, held: deliveries.ClaimedDelivery, kind: str) -> None:
        deliveries.settle(held, Result(kind=kind, why="as told"), captured=False, now=self.clock())

    def decide(self, number: int, verdict: str) -> None:
        """A person decides about a run, or stops it."""
        runs = sorted(Run.objects.select_related("event"), key=order_of)
        if not runs:
            return
        run = runs[number % len(runs)]
        if verdict == "cancel":
            interventions.cancel(run.pk, "somebody", self.clock())
        elif interventions.resolve(run.pk, verdict, "somebody", self.clock()) and verdict == "again":
            self.again[f"{run.pk}-{run.node}-{run.visit}"] += 1

    def pass_time(self, seconds: int) -> None:
        self.clock.forward(seconds=seconds)
        maintenance(self.clock)

    def check(self) -> None:
        """What must hold whatever happened."""
        late = ("overdue", "not routed")  # nobody hurries here
        broken = [line for line in violations(self.clock()) if not any(word in line for word in late)]
        assert broken == []
        for run in Run.objects.all():
            if run.pk in self.ended:
                assert run.state == self.ended[run.pk], "what has ended stays ended"
            if run.state in ENDS:
                self.ended[run.pk] = run.state
            pay = f"{run.pk}-pay-1"
            assert self.called[pay] <= self._tries(run, "pay") + self.again[pay]
            assert self.called[f"{run.pk}-ask-1"] <= self._tries(run, "ask")
        assert Run.objects.count() <= self.keys + 1
        assert all(count <= self._sends(key) for key, count in self.sent.items())

    def _tries(self, run: Run, node: str) -> int:
        """How often it may have been called: each that is known not to have been received, and one more."""
        free = run.steps.filter(node=node, outcome="retry").count()
        lost = run.steps.filter(node=node, outcome="lost").count() if node == "ask" else 0
        return free + lost + 1

    def _sends(self, key: str) -> int:
        row = Delivery.objects.get(effect_key=key)
        return row.attempts.filter(outcome="refused").count() + 1

    def trace(self) -> list[Any]:
        """The runs in order, each with its journal; without ids and times."""
        rows = sorted(Run.objects.select_related("event"), key=order_of)
        runs = {run.pk: (run.state, run.node, run.attempt, run.code) for run in rows}
        steps = Step.objects.order_by("run_id", "seq").values_list("run_id", "node", "outcome", "outlet", "why")
        told = [(pk, *words, TIME.sub("…", why)) for pk, *words, why in steps]
        return [[*facts, [list(step[1:]) for step in told if step[0] == pk]] for pk, facts in runs.items()]


class Machine(RuleBasedStateMachine):
    url = ""
    held, messages = Bundle("held"), Bundle("messages")

    def __init__(self) -> None:
        super().__init__()
        self.undone = transaction.atomic()
        self.undone.__enter__()
        self.world = World(self.url, Clock())

    @rule(key=st.integers(0, 3))
    def an_event_comes_perhaps_again(self, key: int) -> None:
        self.world.keys = max(self.world.keys, key)
        self.world.fire(key)

    @rule(target=held)
    def a_worker_takes_runs(self) -> Any:
        return multiple(*self.world.take())

    @rule(target=held, one=consumes(held), kind=st.sampled_from(sorted(ANSWERS)))
    def an_answer_comes(self, one: Any, kind: str) -> Any:
        return multiple(*self.world.answer(one, kind))

    @rule(one=consumes(held))
    def a_worker_dies(self, one: Any) -> None:
        """Nobody will hear of it again."""

    @rule(target=messages)
    def a_worker_takes_messages(self) -> Any:
        return multiple(*self.world.take_messages())

    @rule(one=consumes(messages), kind=st.sampled_from(RESULTS))
    def a_message_is_answered(self, one: Any, kind: str) -> None:
        self.world.answer_message(one, kind)

    @rule(number=st.integers(0, 3), verdict=st.sampled_from([*interventions.VERDICTS, "cancel"]))
    def a_person_decides(self, number: int, verdict: str) -> None:
        self.world.decide(number, verdict)

    @rule(seconds=st.sampled_from([1, 30, 70, 130, 4000]))
    def time_passes(self, seconds: int) -> None:
        self.world.pass_time(seconds)

    @invariant()
    def all_rules_hold(self) -> None:
        self.world.check()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undone.__exit__(None, None, None)


def test_whatever_happens_in_whatever_order_every_rule_holds(story, published) -> None:
    Machine.url = published(*row())
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
    some = settings(max_examples=EXAMPLES, stateful_step_count=30, deadline=None, suppress_health_check=checks)
    run_state_machine_as_test(Machine, settings=some)


def test_the_same_walk_leaves_the_same_journal_on_every_database(story, published) -> None:
    """Where the walk goes otherwise on purpose: `WRITE_TRACES=1` writes the file anew."""
    random.seed(7)
    world, chance = World(published(*row()), Clock()), random.Random(7)
    for _ in range(300):
        stepped(world, chance)
    world.check()
    told = json.dumps(world.trace(), indent=0)
    if os.environ.get("WRITE_TRACES"):
        TRACE.write_text(told + "\n")
    assert told == TRACE.read_text().rstrip()


def stepped(world: World, chance: random.Random) -> None:
    """One of the things that can happen."""
    match chance.randrange(10):
        case 0 | 1:
            world.keys = max(world.keys, key := chance.randrange(12))
            world.fire(key)
        case 2 | 3 | 4:
            for held in world.take():
                while held is not None and chance.random() < 0.8:
                    held = next(iter(world.answer(held, chance.choice(sorted(ANSWERS)))), None)
        case 5 | 6:
            for message in world.take_messages():
                world.answer_message(message, chance.choice(RESULTS))
        case 7:
            world.decide(chance.randrange(12), chance.choice([*interventions.VERDICTS, "cancel"]))
        case _:
            world.pass_time(chance.choice([30, 130, 4000]))
