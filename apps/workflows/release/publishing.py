"""Saving, publishing and pausing a workflow; every change rewrites the endpoints' index in the same commit."""

from datetime import datetime
from typing import Any

import reversion
from django.db import transaction
from django.db.models import Max, Q

from apps.accounts.models import User
from apps.common.trouble import Refused
from apps.common.values import Value
from apps.egress import client
from apps.engine.drawing.graph import Graph
from apps.engine.drawing.problem import Context, Problem
from apps.engine.drawing.problems import problems
from apps.engine.drawing.sample_faults import Outside
from apps.events import store as events
from apps.notifications.carried_events import carried_events
from apps.notifications.models import NotificationEvent
from apps.people.sample import sample_profile
from apps.sources.registry import TRIGGERS
from apps.triggers.models import Source, Trigger
from apps.workflows.describe.difference import difference, in_short
from apps.workflows.models import Group, Version, Workflow
from apps.workflows.release import approval_rules, checklists, index
from apps.workspaces.models import Secret, Workspace

MAX_REASON = 100


class Base(Value):
    """What an editor started from: a version, its edition then, and the newest version's number then."""

    number: int = 0
    edition: str = ""
    newest: int = 0


def base_of(version: Version | None) -> Base:
    """For somebody who begins with the newest version."""
    return Base(number=version.number, edition=version.edition(), newest=version.number) if version else Base()


class Stale(Exception):
    """Somebody else saved since; `version` is what stands there now."""

    def __init__(self, version: Version) -> None:
        super().__init__(f"{version} was saved meanwhile")
        self.version = version


def create(workspace: Workspace, name: str, group: Group | None = None, origin: str = "") -> Workflow:
    """A new workflow with its endpoint and no version; a copy has the `origin` of what it is a copy of."""
    with transaction.atomic(), reversion.create_revision():
        trigger = Trigger.objects.create(workspace=workspace)
        workflow = Workflow(workspace=workspace, name=name, trigger=trigger, group=group)
        workflow.origin = origin or workflow.origin
        workflow.save()
        reversion.set_comment("created")
        return workflow


def context_of(workspace: Workspace, trigger: Trigger) -> Context:
    """What exists around a drawing of this workspace with this endpoint."""
    events = NotificationEvent.objects.of(workspace).values_list("name", flat=True)
    secrets = Secret.objects.of(workspace).values_list("name", flat=True)
    workflows = Workflow.objects.of(workspace).filter(archived_at__isnull=True).values_list("slug", "name")
    known = {"notification event": frozenset(events), "secret": frozenset(secrets)}
    known["source"] = frozenset(Source.objects.of(workspace).values_list("name", flat=True))
    known["workflow"] = frozenset(word for row in workflows for word in row)  # by name: it may come after its starter
    return Context(
        triggers=TRIGGERS.all(),
        known=known,
        time_zone=workspace.time_zone,
        profile=sample_profile(workspace),
        outside=Outside(never=client.why_never, events=carried_events(workspace)),
        has_secret=trigger.secret_id is not None,
    )


def defects(workflow: Workflow, graph: Graph) -> list[Problem]:
    return problems(graph, context_of(workflow.workspace, workflow.trigger))


def save(workflow: Workflow, graph: Graph, *, by: User | None, now: datetime, onto: Base | None = None) -> Version:
    """The version of this drawing, made Test: the one it was drawn `onto` (else the newest) while that may change.

    A version that was live, or that a run has used, never changes: then it is a new one. Raises Stale when somebody
    else has saved since.
    """
    with transaction.atomic(), reversion.create_revision():
        held = held_row(workflow)
        selected = _selected(held, onto)
        was = selected.drawing() if selected else Graph()
        if selected is not None and _may_take(selected, graph):
            version = _taken(selected, graph, by, now)
        else:
            version = add_version(held, graph, by, now, selected)
        change(held, by, f"{version} (Test): {in_short(difference(was, graph))}", test=version)
    return version


def _selected(workflow: Workflow, onto: Base | None) -> Version | None:
    newest = workflow.versions.order_by("-number").first()
    wanted = onto.number if onto else newest.number if newest else 0
    # Only this one is locked: whoever writes another waits for the workflow's row, and runs begin with the others.
    found = workflow.versions.select_for_update().filter(number=wanted).first()
    if onto is None or newest is None:
        return found
    if found is None or onto.number == onto.newest < newest.number:
        raise Stale(newest)
    if found.edition() != onto.edition:
        raise Stale(found)
    return found


def _may_take(version: Version, graph: Graph) -> bool:
    return version.content_hash == graph.content_hash() or not version.is_fixed()


def _taken(version: Version, graph: Graph, by: User | None, now: datetime) -> Version:
    """The version with this drawing; where people laid nothing out, its places stay."""
    before = version.edition()
    version.graph, version.content_hash = graph.canonical(), graph.content_hash()
    version.layout = graph.layout() or version.layout
    version.notes = _notes(graph)
    if version.edition() != before:
        version.saved_by, version.saved_at = by, now
        version.authors.add(*([by] if by else []))
        approval_rules.end(version, f"{version} was changed by {by or 'the system'}: ask again", now)
    version.save(update_fields=["graph", "content_hash", "layout", "notes", "saved_by", "saved_at"])
    return version


def _notes(graph: Graph) -> list[dict[str, Any]]:
    return [note.model_dump(mode="json") for note in graph.notes]


def go_live(version: Version, *, by: User | None, now: datetime, seen: str = "") -> Workflow:
    """Make the version Live. Raises Refused with the first error of the drawing.

    `seen` is the edition that the person looked at: what somebody else has changed since never goes live unseen.
    """
    seen = seen or version.edition()
    check_publishable(version)
    with transaction.atomic(), reversion.create_revision():
        held = held_row(version.workflow)
        if Version.objects.select_for_update().get(pk=version.pk).edition() != seen:
            raise Refused(f"somebody else changed {version} meanwhile: open it again and look")
        approval_rules.check_approved(version, seen)
        Version.objects.filter(pk=version.pk, lived_at=None).update(lived_at=now)
        checklists.close_checklist(version, now)
        approval_rules.close_request(version, now)
        change(held, by, f"{version} (Live)", live=version)
    return held


def check_publishable(version: Version) -> None:
    """Raises Refused with what must be done before it can go live: the first error, or its checklist."""
    errors = [p for p in defects(version.workflow, version.drawing()) if p.severity == "error"]
    if errors:
        raise Refused(
            f"{version} has {len(errors)} errors; the first: {errors[0].node or 'drawing'}: {errors[0].message}"
        )
    checklists.check_ticked(version)


def pause(workflow: Workflow, *, by: User | None) -> None:
    """Its endpoints answer 423 until it is resumed; what was accepted before waits for that, what has begun goes on."""
    with transaction.atomic(), reversion.create_revision():
        change(held_row(workflow), by, "paused", paused=True)


def resume(workflow: Workflow, *, by: User | None) -> None:
    """What was accepted before the pause runs now. Raises Refused while it is in the archive."""
    if workflow.archived_at is not None:
        raise Refused("it is archived: take it out of the archive first")
    with transaction.atomic(), reversion.create_revision():
        change(held_row(workflow), by, "resumed", paused=False)


def highest(workflow: Workflow) -> int:
    """The number of its newest version; 0 while it has none."""
    return workflow.versions.aggregate(top=Max("number"))["top"] or 0


def add_version(
    workflow: Workflow, graph: Graph, by: User | None, now: datetime, after: Version | None = None
) -> Version:
    """The next version, neither Test nor Live.

    What was drawn `after` another, or is drawn like one, has its checklist, and its authors as far as it never lived.
    """
    kin = workflow.versions.filter(Q(pk=after and after.pk) | Q(content_hash=graph.content_hash()))
    version = Version(
        workflow=workflow,
        number=highest(workflow) + 1,
        checklist_id=checklists.of_kin(kin, after),
        graph=graph.canonical(),
        layout=graph.layout(),
        notes=_notes(graph),
        content_hash=graph.content_hash(),
        created_by=by,
        created_at=now,
        saved_by=by,
        saved_at=now,
    )
    authors = {*kin.filter(lived_at=None).values_list("authors", flat=True), by and by.pk} - {None}
    version.save()
    version.authors.set(authors)
    return version


def carry_on(source: Version, to: Version) -> None:
    """Who drew what never was live does not approve it in a copy either."""
    if source.lived_at is None:
        to.authors.add(*source.authors.all())


def held_row(workflow: Workflow) -> Workflow:
    """The row as it is now, locked: what the caller read before may be old.

    No lock on its key, which a run that begins needs while it holds its version's: each would wait for the other.
    """
    return Workflow.objects.select_for_update(no_key=True).get(pk=workflow.pk)


def change(workflow: Workflow, by: User | None, what: str, **values: Any) -> None:
    """Write these columns and no other, with the reason `what` in the change log; within a revision."""
    for name, value in values.items():
        setattr(workflow, name, value)
    workflow._change_reason = what[:MAX_REASON]
    workflow._history_user = by
    workflow.save(update_fields=list(values))
    reversion.set_comment(what)
    if by is not None:
        reversion.set_user(by)
    index.rewrite(workflow)
    if not workflow.paused:
        events.release(str(workflow.trigger_id))  # in a workflow that goes on nothing that was accepted is held


def note(workflow: Workflow, by: User | None, what: str) -> None:
    """A line in the change log of what changes no column; within a revision."""
    change(workflow, by, what, name=workflow.name)
