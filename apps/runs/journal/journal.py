"""A run's data and its visits, read back from its journal; and the rows that its next commit writes."""

from collections import Counter
from collections.abc import Callable, Iterable
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from apps.channels import deliveries
from apps.engine.contract.decisions import Waited
from apps.engine.values.data import RunData
from apps.events.entries import EventRow
from apps.notifications.notify import OutboxRows
from apps.people.facts import Profiles, profiles_of
from apps.runs.journal.tested import newcomer, with_changes
from apps.runs.models import Run, Step

CapacityFor = Callable[[int], int]  # how many messages of a workspace the holder of a run can send at once
WAITING, LIVE = "waiting", "live"
GOES_ON = ("done", "refused", "failed", "resumed", "unknown")
Row = dict[str, Any]
_EMPTY: Row = {"attempt": 0, "outlet": "", "input": {}, "output": {}, "why": "", "http_status": None}


def nobody(workspace_id: int) -> int:
    """The holder of the run sends nothing."""
    return 0


@dataclass
class Journal:
    """The data so far, how often each node was left, and the rows not yet written.

    `claimed_deliveries` are deliveries that its holder sends as soon as they are committed, as far as it `can_send`;
    `has_more_work`: its last commit left work that somebody must take; `launched`: it starts a workflow in the next.
    """

    run: Run
    data: RunData
    can_send: CapacityFor = nobody
    visits: Counter[str] = field(default_factory=Counter)
    waits: dict[str, Waited] = field(default_factory=dict)
    seq: int = 0
    steps: list[Row] = field(default_factory=list)
    said: list[OutboxRows] = field(default_factory=list)
    new_events: list[EventRow] = field(default_factory=list)
    claimed_deliveries: list[deliveries.ClaimedDelivery] = field(default_factory=list)
    has_more_work: bool = False
    launched: bool = False

    def append(self, node: str, outcome: str, now: datetime, started_at: datetime | None = None, **facts: Any) -> None:
        """One more row; an output becomes readable as `steps.<node>`."""
        where = {"run_id": self.run.pk, "seq": self.seq + 1, "node": node, "visit": self.visits[node] + 1}
        times = {"started_at": started_at or now, "ended_at": now}
        self.steps.append({**where, "outcome": outcome, **times, **_EMPTY, **facts})
        output = facts.get("output") or {}
        self.passed(self.seq + 1, node, outcome, facts.get("outlet", ""), output)
        if output and outcome != WAITING:
            self.data = self.data.with_step(node, output)

    def passed(self, seq: int, node: str, outcome: str, outlet: str, output: Row) -> None:
        """A wait's row keeps what its block wants to find again; that is no output."""
        self.seq = seq
        if outcome in GOES_ON:
            self.visits[node] += 1
            self.waits.pop(node, None)
        if outcome == WAITING:
            self.waits[node] = Waited.kept(outlet, output)

    def claim_deliveries(self, now: datetime) -> None:
        """What was said is claimed in the commit that makes it, if its holder has hands for it."""
        due = [row for said in self.said for row in said.deliveries if deliveries.may_go(row)]
        self.claimed_deliveries += deliveries.claim_new(due[: self.can_send(self.run.workspace_id)] if due else [], now)

    def copied(self) -> "Journal":
        """Another of the same, for a commit that may be tried again: a claim writes into the rows of what is said."""
        said = [replace(one, deliveries=[{**row} for row in one.deliveries]) for one in self.said]
        lists: dict[str, Any] = {"steps": [*self.steps], "said": said, "new_events": [*self.new_events]}
        lists["claimed_deliveries"] = [*self.claimed_deliveries]
        return replace(self, run=copy(self.run), visits=Counter(self.visits), waits={**self.waits}, **lists)

    def pop_deliveries(self) -> list[deliveries.ClaimedDelivery]:
        """The claimed deliveries, once."""
        claimed, self.claimed_deliveries = self.claimed_deliveries, []
        return claimed


def opened(run: Run, people: Profiles, can_send: CapacityFor = nobody) -> Journal:
    """The journal of a run that is about to begin; `people` has the profile of whom it is about."""
    facts = {"id": str(run.id), "request_id": str(run.event_id), "environment": run.environment}
    facts["started_at"] = run.created_at.isoformat(timespec="seconds")
    profile = people.get(run.person_id, {}) if run.person_id or run.environment == LIVE else newcomer(run)
    data = RunData(trigger=run.event.body, workspace=run.workspace.facts(), run=facts, profile=profile)
    return Journal(run, data, can_send)


def read_back(runs: Iterable[Run], can_send: CapacityFor = nobody) -> list[Journal]:
    """The journals as the database has them, with one query."""
    runs = list(runs)
    people = profiles_of(run.person_id for run in runs)
    journals = {run.pk: opened(run, people, can_send) for run in runs}
    outputs: dict[Any, Row] = {pk: {} for pk in journals}
    steps = Step.objects.filter(run_id__in=list(journals)).order_by("run_id", "seq")
    for pk, seq, node, outcome, outlet, output in steps.values_list(
        "run_id", "seq", "node", "outcome", "outlet", "output"
    ):
        journals[pk].passed(seq, node, outcome, outlet, output)
        if output and outcome != WAITING:
            outputs[pk][node] = output
    for pk, journal in journals.items():
        known = {"steps": outputs[pk]}
        if journal.data.profile and journal.run.environment != LIVE:
            known["profile"] = with_changes(journal.data.profile, journal.run.version.drawing(), outputs[pk])
        journal.data = journal.data.model_copy(update=known)
    return list(journals.values())
