"""Walks a drawing with its effects captured: nothing is sent, answers are given, waits are skipped. Pure."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from apps.common.effects import Answer, HttpCall, NoAnswer
from apps.common.trouble import Refused
from apps.common.values import Value
from apps.engine.contract.decisions import Ask, Call, ChangeProfile, Decision, End, Next, Notify, Retry, Unknown, Wait
from apps.engine.contract.node import NodeType, StepContext
from apps.engine.drawing.graph import Graph, built_or_none
from apps.engine.values.bounds import MAX_STEPS_PER_RUN, MAX_VISITS_PER_NODE
from apps.engine.values.budget import budget
from apps.engine.values.data import RunData
from apps.engine.values.profiles import NOBODY_KNOWN, ProfileChange, changed

Ending = Literal["completed", "failed", "asks", "unknown"]


class Passed(Value):
    """A block that was passed: what went in, what came out, where it led, and why."""

    node: str
    outcome: str
    outlet: str = ""
    input: dict[str, Any] = {}
    output: dict[str, Any] = {}
    why: str = ""


class DryRun(Value):
    """`ending` is *asks* where the last block's answer is not known, *unknown* where a person would have to decide."""

    steps: tuple[Passed, ...]
    ending: Ending
    code: str = ""
    error: str = ""


class World(Protocol):
    """What stands in for the outside."""

    def answer(self, node: str, call: HttpCall) -> Answer | NoAnswer | None:
        """What the call of a block is answered; None where that is not known."""

    def say(self, node: str, said: Notify, data: RunData) -> tuple[dict[str, Any], dict[str, Any]]:
        """What the block is told and what people are shown of the messages. Raises Refused."""


def dry_run(graph: Graph, data: RunData, world: World, now: datetime) -> DryRun:
    """From the trigger to the end; `data` is what is known when it begins."""
    return _Walk(graph, data, world, now).done()


class _Walk:
    def __init__(self, graph: Graph, data: RunData, world: World, now: datetime) -> None:
        self.graph, self.data, self.world, self.now = graph, data, world, now
        self.steps: list[Passed] = []
        self.visits: Counter[str] = Counter()

    def done(self) -> DryRun:
        node = self.graph.first()
        while node is not None:
            if len(self.steps) >= MAX_STEPS_PER_RUN or self.visits[node] >= MAX_VISITS_PER_NODE:
                return self._ended("failed", error=f"stopped at {node}: more than {MAX_STEPS_PER_RUN} steps")
            found = self._visit(node)
            if isinstance(found, DryRun):
                return found
            self.visits[node] += 1
            if found.output:
                self.data = self.data.with_step(node, found.output)
            target = self.graph.target(node, found.outlet)
            if target is None and found.outcome != "done":
                return self._ended("failed", code="failed", error=f"{node}: {found.why}"[:500])
            node = target
        return self._ended("completed", code="done")

    def _ended(self, ending: Ending, code: str = "", error: str = "") -> DryRun:
        return DryRun(steps=tuple(self.steps), ending=ending, code=code, error=error)

    def _visit(self, key: str) -> Next | DryRun:
        node = self.graph.node(key)
        block = built_or_none(node) if node else None
        if block is None:
            return self._ended("failed", error=f"the settings of {key} have errors: mend them first")
        try:
            with budget():
                decision = block.decide(self.data, self._try(key, 1))
            return self._follow(key, block, decision)
        except Refused as trouble:
            return self._refused(key, block, str(trouble))

    def _try(self, key: str, attempt: int) -> StepContext:
        return StepContext(attempt=attempt, key=f"dry-run-{key}-{self.visits[key] + 1}", now=self.now)

    def _follow(self, key: str, block: NodeType, decision: Decision) -> Next | DryRun:
        match decision:
            case Next():
                return self._passed(key, decision)
            case Wait(until=until, outlet=outlet, why=why):
                self.now = until
                return self._passed(key, Next(outlet=outlet, why=f"skipped: {why}"))
            case Ask(question=ChangeProfile(changes=changes), memo=memo):
                return self._changed(key, block, changes, memo)
            case Ask():
                step = Next(
                    outlet=block.outlets()[0],
                    output=block.example(self.data),
                    why="assumed: it leaves by its first way",
                )
                return self._passed(key, step)
            case End(code=code, why=why, failed=failed):
                self.steps.append(Passed(node=key, outcome="done", why=why))
                return self._ended("failed" if failed else "completed", code, why if failed else "")
            case Notify():
                return self._said(key, block, decision)
            case Call(call=call):
                return self._called(key, block, call)

    def _changed(self, key: str, block: NodeType, changes: tuple[ProfileChange, ...], memo: dict[str, Any]) -> Next:
        if not self.data.profile:
            raise Refused(NOBODY_KNOWN)
        after, before = changed(self.data.profile, list(changes))
        self.data = self.data.model_copy(update={"profile": after})
        facts = {"before": before, "after": {name: after.get(name) for name in before}, "kept": False}
        step = block.on_facts(facts, self._try(key, 1), memo)
        if not isinstance(step, Next):
            raise TypeError(f"{block.kind} must go on after its change")
        return self._passed(key, step)

    def _passed(self, key: str, step: Next, shown: dict[str, Any] | None = None) -> Next:
        facts = {"outcome": step.outcome, "outlet": step.outlet, "output": step.output, "why": step.why}
        self.steps.append(Passed(node=key, input=shown or {}, **facts))
        return step

    def _refused(self, key: str, block: NodeType, why: str) -> Next | DryRun:
        if "failure" in block.outlets():
            return self._passed(key, Next(outlet="failure", outcome="refused", why=why))
        self.steps.append(Passed(node=key, outcome="refused", why=why))
        return self._ended("failed", "failed", f"{key}: {why}"[:500])

    def _said(self, key: str, block: NodeType, said: Notify) -> Next:
        shown: dict[str, Any] = {"event": said.event, "to": said.addresses, "data": said.data}
        try:
            outcome, messages = self.world.say(key, said, self.data)
            shown |= messages
            conclusion = block.on_notified(outcome, "")
        except Refused as trouble:
            conclusion = block.on_notified({}, str(trouble))
        if not isinstance(conclusion, Next):
            raise TypeError(f"{block.kind} must go on after it was told")
        return self._passed(key, conclusion, shown)

    def _called(self, key: str, block: NodeType, call: HttpCall) -> Next | DryRun:
        answer, shown = self.world.answer(key, call), call.described()
        if answer is None:
            self.steps.append(Passed(node=key, outcome="asks", input=shown, why="What does the API answer here?"))
            return self._ended("asks")
        attempt = 1
        while isinstance(found := block.on_answer(answer, self._try(key, attempt)), Retry):
            self.steps.append(Passed(node=key, outcome="retry", input=shown, why=found.why))
            self.now += timedelta(seconds=found.after_s)
            attempt += 1
        if isinstance(found, Unknown):
            self.steps.append(Passed(node=key, outcome="unknown", input=shown, why=found.why))
            return self._ended("unknown", error=f"{key}: {found.why}"[:500])
        return self._passed(key, found, shown)
