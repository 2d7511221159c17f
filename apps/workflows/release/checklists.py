"""What is to be done with a version that came from elsewhere before it goes live. It stays until all is done."""

import json
from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet
from pydantic import ValidationError

from apps.accounts.models import User
from apps.common.trouble import Refused
from apps.common.values import Value
from apps.engine.drawing.graph import Node
from apps.sources.registry import TRIGGERS
from apps.workflows.dependencies import BEHIND, EVENT, Dependency, ResolvedDependency, matches_elsewhere, needs_of
from apps.workflows.models import Checklist, Version, Workflow

URL, GUARD, NEEDS, SAMPLE, RUN = "url", "guard", "needs", "sample", "run"
TICKED = {URL: "url_given_at", SAMPLE: "sample_checked_at"}  # what only a person can say
TODO = {
    URL: "hand out the new URL of its trigger to whoever calls it",
    GUARD: "give its trigger the secret that its guard wants",
    NEEDS: "make what is missing here, or pick something else in the drawing",
    SAMPLE: "check that the sample matches the requests sent here",
    RUN: "fire it once in the test environment, and see the run complete",
}
MOST_OPEN = 10
DONE = {URL: "the new URL is handed out", SAMPLE: "the sample is checked"}


class Point(Value):
    """One row of a checklist. `key` is one of URL, GUARD, NEEDS, SAMPLE, RUN."""

    key: str
    done: bool

    @property
    def todo(self) -> str:
        return TODO[self.key]


def open_checklists(workflow: Workflow) -> list[Checklist]:
    """Those of the workflow that are not done, newest first."""
    rows = Checklist.objects.of(workflow.workspace).filter(workflow=workflow, done_at=None)
    return list(rows.select_related("workflow").order_by("-id")[:MOST_OPEN])


def begun(workflow: Workflow, source: str, needs: Iterable[Dependency], *, by: User | None, now: datetime) -> Checklist:
    """A checklist for a version that has just come; a workflow that has versions has told its URL before."""
    return Checklist.objects.create(
        workspace=workflow.workspace,
        workflow=workflow,
        source=source[:300],
        needs=[need.model_dump() for need in needs if need.what in BEHIND],
        created_by=by,
        created_at=now,
        url_given_at=_url_given_at(workflow, now),
    )


def carry_on(source: Version, to: Version, *, by: User | None, now: datetime) -> None:
    """A copy of a version whose checklist is open has one of its own, begun anew."""
    old = source.checklist
    if old is None or old.done_at is not None:
        return
    to.checklist = begun(to.workflow, old.source, _needs_before(old), by=by, now=now)
    to.checklist.url_given_at = None
    to.checklist.save(update_fields=["url_given_at"])
    to.save(update_fields=["checklist"])


def of_kin(kin: QuerySet[Version], after: Version | None) -> int | None:
    """The checklist of what was drawn `after` one of its kin: that one's, else an open one of another."""
    if after is not None and after.checklist_id is not None:
        return after.checklist_id
    return kin.filter(checklist__done_at=None).exclude(checklist=None).values_list("checklist", flat=True).first()


def _url_given_at(workflow: Workflow, now: datetime) -> datetime | None:
    before = Checklist.objects.of(workflow.workspace).filter(workflow=workflow).order_by("-id").first()
    if before is not None:
        return before.url_given_at
    return now if workflow.versions.exists() else None


def newest_version(checklist: Checklist) -> Version | None:
    rows = checklist.versions.select_related("workflow__workspace", "workflow__trigger__secret")
    newest: Version | None = rows.order_by("-number").first()
    return newest


def matches_of(checklist: Checklist, version: Version) -> list[ResolvedDependency]:
    """What the version needs, as its workspace has it; of events that are missing, with what they need."""
    needs = needs_of(version.workflow, version.drawing())
    events = {need.name for need in needs if need.what == EVENT}
    before = _needs_before(checklist)
    told = {(need.what, need.name) for need in needs}
    more = [need for need in before if events & set(need.by) and (need.what, need.name) not in told]
    return matches_elsewhere(version.workflow.workspace, [*needs, *more])


def _needs_before(checklist: Checklist) -> list[Dependency]:
    """What stood behind its events where it came from."""
    return [Dependency.model_validate_json(json.dumps(row)) for row in checklist.needs]


def points(checklist: Checklist, version: Version) -> list[Point]:
    """All rows, for this version."""
    found = matches_of(checklist, version)
    ran = checklist.versions.filter(runs__environment="test", runs__state="completed").exists()
    guard = [Point(key=GUARD, done=version.workflow.trigger.secret_id is not None)] if _lacks_secret(version) else []
    url = [Point(key=URL, done=checklist.url_given_at is not None)] if _has_url(version) else []
    return [
        *url,
        *guard,
        Point(key=NEEDS, done=all(match.key for match in found)),
        Point(key=SAMPLE, done=checklist.sample_checked_at is not None),
        Point(key=RUN, done=ran),
    ]


def _has_url(version: Version) -> bool:
    """Whether senders call a URL of the workflow's own; an unknown trigger is a problem of the drawing."""
    kinds = [TRIGGERS.get(node.kind) for node in version.drawing().triggers]
    return any(kind is not None and kind.has_url for kind in kinds)


def _lacks_secret(version: Version) -> bool:
    return any(_guarded(node) for node in version.drawing().triggers)


def _guarded(node: Node) -> bool:
    """Whether the guard wants a secret and names none; settings that cannot be read are a problem of the drawing."""
    kind = TRIGGERS.get(node.kind)
    try:
        return kind is not None and kind.model_validate(node.settings).unset_secret() != ""
    except ValidationError:
        return False


def check_ticked(version: Version) -> None:
    """Raises Refused while the version came from elsewhere and something of its checklist is to be done."""
    checklist = version.checklist
    if checklist is None or checklist.done_at is not None:
        return
    left = [point.todo for point in points(checklist, version) if not point.done]
    if left:
        raise Refused(f"it came from {checklist.source}, and its checklist is not done: {'; '.join(left)}")


def close_checklist(version: Version, now: datetime) -> None:
    """It has gone live: nothing of its checklist is left."""
    if version.checklist_id is not None:
        Checklist.objects.filter(pk=version.checklist_id, done_at=None).update(done_at=now)
