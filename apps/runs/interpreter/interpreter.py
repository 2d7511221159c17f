"""Walks a run over its pure nodes until a call, a question, a wait or the end: before the commit that writes it.

What people typed and senders sent is read here. Changes rows of no run: it says where to stop.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from apps.common.trouble import Refused
from apps.engine.contract.decisions import Ask, Call, Conclusion, Decision, End, Next, Notify, Question, Wait, Waited
from apps.engine.contract.node import NodeType, StepContext
from apps.engine.drawing.graph import Graph
from apps.engine.values.bounds import MAX_PURE_WALK, MAX_STEPS_PER_RUN, MAX_VISITS_PER_NODE
from apps.engine.values.budget import COUNTED, Postponed, budget
from apps.engine.values.data import RunData
from apps.notifications.notify import SendContext, notify
from apps.runs.journal.journal import Journal

AT_ONCE = 5_000_000  # units of work that a run does before it rests
LIGHT = 500_000  # of one block, for a walker that others would wait for
LEFT_S, LEFT_AT_MOST = 60.0, timedelta(days=1)


@dataclass(frozen=True)
class AtCall:
    """Stands at a node whose call is to be made."""

    node: str
    block: NodeType
    call: Call


@dataclass(frozen=True)
class AtAsk:
    """Stands at a node that asks what runs share: answered in the commit that writes it, see `resume_with_facts`."""

    node: str
    question: Question
    memo: dict[str, Any]


@dataclass(frozen=True)
class AtWait:
    node: str
    until: datetime


@dataclass(frozen=True)
class Yielded:
    """Walked as far as one transaction can; goes on in the next, at once or after so many seconds."""

    node: str
    after_s: float = 0


@dataclass(frozen=True)
class Ended:
    failed: bool
    code: str
    error: str


_DONE = Ended(failed=False, code="done", error="")
Outcome = AtCall | AtAsk | AtWait | Yielded | Ended
Deciding = Callable[[NodeType, StepContext], Decision]
Facts = Callable[[], dict[str, Any]]


def effect_key(journal: Journal, node: str) -> str:
    """The stable key of an effect: run, node, visit."""
    return f"{journal.run.id}-{node}-{journal.visits[node] + 1}"


def walk(
    graph: Graph, node: str | None, journal: Journal, *, attempt: int, now: datetime, light: bool = False
) -> Outcome:
    """From `node` on; None is the open end of an outlet. Journals what is passed. `light`: rests before what is not."""
    return _Scope(graph, journal, now, light).on(node, attempt)


def resume_on_timer(graph: Graph, node: str, journal: Journal, now: datetime) -> Outcome:
    """On from a wait whose time has come."""
    waited = journal.waits.get(node, Waited(outlet="next"))
    return _Scope(graph, journal, now).on(node, 1, lambda block, ctx: _over_wait(block, waited, journal.data, ctx))


def _over_wait(block: NodeType, waited: Waited, data: RunData, ctx: StepContext) -> Decision:
    return block.on_hurry(waited, data, ctx) if waited.hurried_by else block.on_timer(waited, data, ctx)


def resume_with_facts(graph: Graph, asked: AtAsk, facts: Facts, journal: Journal, now: datetime) -> Outcome:
    """One block further, with the answer to what it asked, and no more: it is called within a commit."""
    passed = "resumed" if asked.node in journal.waits else "done"
    walk = _Scope(graph, journal, now)
    return walk.over(asked.node, 1, lambda block, ctx: block.on_facts(facts(), ctx, asked.memo), passed)


def resume_with_event(graph: Graph, node: str, facts: dict[str, Any], journal: Journal, now: datetime) -> Outcome:
    """One block further: from a wait whose news has come. Called within a commit, as `resume_with_facts`."""
    memo = journal.waits[node].memo
    return _Scope(graph, journal, now).over(node, 1, lambda block, ctx: block.on_facts(facts, ctx, memo), "resumed")


def left_open(graph: Graph, node: str, step: Next) -> Ended | None:
    """A failure whose outlet leads nowhere ends the run as failed."""
    if step.outcome == "done" or graph.target(node, step.outlet) is not None:
        return None
    return Ended(failed=True, code="failed", error=f"{node}: {step.why}"[:500])


def journal_next(journal: Journal, node: str, step: Next, now: datetime, **facts: Any) -> None:
    shown = {"outlet": step.outlet, "output": step.output, "why": step.why, "http_status": step.http_status}
    journal.append(node, facts.pop("outcome", step.outcome), now, **shown, **facts)


@dataclass(frozen=True)
class _Scope:
    graph: Graph
    journal: Journal
    now: datetime
    light: bool = False

    def on(self, node: str | None, attempt: int, first: Deciding | None = None) -> Outcome:
        """`first` decides at the first block, which is left after a wait; the others decide for themselves."""
        deciding, passed = first, "resumed" if first else "done"
        with budget(COUNTED) as work:
            for _ in range(MAX_PURE_WALK):
                if node is None or work.spent > (LIGHT if self.light else AT_ONCE):
                    break
                stop = self.over(node, attempt, deciding, passed)
                if not isinstance(stop, Yielded) or stop.node == node:
                    return stop
                node, attempt, deciding, passed = stop.node, 1, None, "done"
        return Yielded(node) if node else _DONE

    def over(self, node: str, attempt: int, deciding: Deciding | None, passed: str) -> Outcome:
        """Over one block; at rest before the next one, or before this one where it is not light."""
        try:
            with budget(LIGHT, Postponed) if self.light else nullcontext():
                stop = self._visit(node, attempt, deciding, passed)
        except Postponed:
            return Yielded(node)
        if not isinstance(stop, Next):
            return stop
        target = self.graph.target(node, stop.outlet)
        return left_open(self.graph, node, stop) or (Yielded(target) if target else _DONE)

    def _visit(self, node: str, attempt: int, deciding: Deciding | None, passed: str) -> Next | Outcome:
        journal = self.journal
        if journal.seq >= MAX_STEPS_PER_RUN or journal.visits[node] >= MAX_VISITS_PER_NODE:
            return Ended(failed=True, code="failed", error=f"stopped at {node}: more than {MAX_STEPS_PER_RUN} steps")
        block = self._block(node)
        if block is None:
            return self._left(node, waits=passed == "resumed")
        place = f"{journal.run.workflow_id}/{node}"
        ctx = StepContext(attempt=attempt, key=effect_key(journal, node), now=self.now, block_ref=place)
        try:
            with budget():
                decision = deciding(block, ctx) if deciding else block.decide(journal.data, ctx)
            return self._followed(node, block, decision, ctx, passed)
        except Refused as trouble:
            return self._refused(node, block, str(trouble))

    def _left(self, node: str, waits: bool) -> Outcome:
        """During an upgrade a newer worker knows the block: it is left to that one, for a day."""
        if waits:
            return AtWait(node, self.now + timedelta(seconds=LEFT_S))
        since = self.journal.waits.get(node, Waited(outlet="next")).unread_since
        if since and self.now - datetime.fromisoformat(since) > LEFT_AT_MOST:
            why = f"the block {node!r} cannot be read by this installation"
            return Ended(failed=True, code="failed", error=why)
        if not since:
            why, left = "this worker cannot read the block: it waits for one that can", str(self.now)
            output = Waited(outlet="next", unread_since=left).output()
            self.journal.append(node, "waiting", self.now, outlet="next", why=why, output=output)
        return Yielded(node, LEFT_S)

    def _block(self, node: str) -> NodeType | None:
        found = self.graph.node(node)
        try:
            return found.block if found else None
        except (KeyError, ValidationError):
            return None

    def _followed(
        self, node: str, block: NodeType, decision: Decision, ctx: StepContext, passed: str
    ) -> Next | Outcome:
        match decision:
            case Next() as step:
                outcome = passed if step.outcome == "done" else step.outcome
                journal_next(self.journal, node, step, self.now, outcome=outcome)
                return step
            case Call() as call:
                return AtCall(node, block, call)
            case Wait(until=until) as wait:
                self._waits(node, wait)
                return AtWait(node, until)
            case Notify() as said:
                return self._said(node, block, said, ctx)
            case End(code=code, why=why, failed=failed):
                self.journal.append(node, "done", self.now, why=why)
                return Ended(failed=failed, code=code, error=why if failed else "")
            case Ask(question=question, memo=memo):
                return AtAsk(node, question, memo)

    def _waits(self, node: str, wait: Wait) -> None:
        """Going on with the same wait is nothing new."""
        waited = Waited(outlet=wait.outlet, memo=wait.memo, listens=wait.listens)
        if self.journal.waits.get(node) != waited:
            self.journal.append(node, "waiting", self.now, outlet=wait.outlet, why=wait.why, output=waited.output())

    def _refused(self, node: str, block: NodeType, why: str) -> Next | Outcome:
        if "failure" not in block.outlets():
            self.journal.append(node, "refused", self.now, why=why)
            return Ended(failed=True, code="failed", error=f"{node}: {why}"[:500])
        step = Next(outlet="failure", outcome="refused", why=why)
        journal_next(self.journal, node, step, self.now)
        return step

    def _said(self, node: str, block: NodeType, said: Notify, ctx: StepContext) -> Next:
        run = self.journal.run
        whose = {"run_id": run.id, "person_id": run.person_id, "depth": run.event.depth}
        whose["root"] = run.event.root or run.event_id
        occasion = SendContext(workspace=run.workspace, environment=run.environment, key=ctx.key, now=self.now, **whose)
        try:
            written = notify(said, self.journal.data, occasion)
            conclusion: Conclusion = block.on_notified(written.outcome, "")
            self.journal.said.append(written)
        except Refused as trouble:
            conclusion = block.on_notified({}, str(trouble))
        if not isinstance(conclusion, Next):
            raise TypeError(f"{block.kind} must go on after it was told")
        shown = {"event": said.event, "to": said.addresses, "data": said.data}
        journal_next(self.journal, node, conclusion, self.now, input=shown)
        return conclusion
