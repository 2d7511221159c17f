"""What is done with whole workflows: names, groups, copies, the archive, deletion, and putting back. Each is logged."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import reversion
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, QuerySet
from reversion.models import Version as Kept

from apps.accounts.models import User
from apps.common.trouble import Refused
from apps.workflows.models import MAX_GROUPS, Checklist, Group, Version, Workflow
from apps.workflows.release import accepted, approval_rules, checklists
from apps.workflows.release.publishing import carry_on, change, create, defects, held_row, note, save
from apps.workspaces.models import Workspace

MAX_NAME = 100


def begin(workspace: Workspace, name: str) -> Workflow:
    """A new workflow. Raises Refused without a name, or when the name is taken."""
    _free_name(workspace, name)
    with _one_of_a_name(name):
        return create(workspace, name)


def rename(workflow: Workflow, name: str, *, by: User | None) -> None:
    """Raises Refused when another workflow has the name."""
    _free_name(workflow.workspace, name, workflow)
    with _one_of_a_name(name), transaction.atomic(), reversion.create_revision():
        change(held_row(workflow), by, f"renamed to “{name}”", name=name)


def regroup(workflow: Workflow, group: Group | None, *, by: User | None) -> None:
    with transaction.atomic(), reversion.create_revision():
        change(
            held_row(workflow), by, f"put into the group “{group}”" if group else "taken out of its group", group=group
        )


def archive(workflow: Workflow, *, by: User | None, now: datetime) -> None:
    """Paused and out of the lists; its runs go on. Raises Refused while something accepted has not begun."""
    with transaction.atomic(), reversion.create_revision():
        accepted.check_nothing_waits(workflow)
        change(held_row(workflow), by, "archived", archived_at=now, paused=True)
        approval_rules.end(workflow, "the workflow was archived", now)


def unarchive(workflow: Workflow, *, by: User | None) -> None:
    """Back in the lists; it stays paused until somebody resumes it."""
    with transaction.atomic(), reversion.create_revision():
        change(held_row(workflow), by, "taken out of the archive", archived_at=None)


def duplicate(workflow: Workflow, *, by: User | None, now: datetime) -> Workflow:
    """A copy of the newest version under a new name, as v1 (Test), with URLs of its own.

    What is still to be done with the version, and who must not approve it, go along.
    """
    newest = workflow.versions.order_by("-number").first()
    with transaction.atomic():
        copy = create(workflow.workspace, copy_name(workflow), workflow.group)
        if newest is not None:
            version = save(copy, newest.drawn(), by=by, now=now)
            carry_on(newest, version)
            checklists.carry_on(newest, version, by=by, now=now)
    copy.refresh_from_db()
    return copy


def copy_name(workflow: Workflow) -> str:
    taken = set(Workflow.objects.of(workflow.workspace).values_list("name", flat=True))
    number, name = 1, ""
    while not name or name in taken:
        ending = " (copy)" if number == 1 else f" (copy {number})"
        name, number = workflow.name[: MAX_NAME - len(ending)] + ending, number + 1
    return name


def delete(workflow: Workflow) -> None:
    """Raises Refused while something depends on it: a workflow that has run is kept for its runs."""
    if workflow.live is not None and not workflow.paused:
        raise Refused("it is live: pause or archive it first")
    try:
        with transaction.atomic():
            held = held_row(workflow)
            list(held.versions.select_for_update())  # no run begins with one of them from here on
            if held.runs.exists():
                raise Refused("it has runs, which show what was sent to whom: archive it instead")
            accepted.check_nothing_waits(held)
            trigger = held.trigger
            Workflow.objects.filter(pk=held.pk).update(test=None, live=None)
            held.delete()
            trigger.delete()
    except ProtectedError:
        raise Refused("something still depends on it: archive it instead") from None


@contextmanager
def _one_of_a_name(name: str) -> Iterator[None]:
    """Two who take a name at the same moment: the second is told."""
    try:
        yield
    except IntegrityError:
        raise Refused(f"another workflow is called “{name}”: give it another name") from None


def _free_name(workspace: Workspace, name: str, but: Workflow | None = None) -> None:
    if not name:
        raise Refused("give the workflow a name")
    others = Workflow.objects.of(workspace).exclude(pk=but.pk if but else None)
    if others.filter(name=name).exists():
        raise Refused(f"another workflow is called “{name}”: give it another name")


def describe(version: Version, name: str, note: str) -> None:
    """A name and a note for a version; its drawing stays as it is."""
    Version.objects.filter(pk=version.pk).update(name=name, note=note)


def tick(checklist: Checklist, key: str, *, by: User | None, now: datetime) -> None:
    """A person says that this point is done; the change log says who."""
    column = checklists.TICKED[key]
    with transaction.atomic(), reversion.create_revision():
        held = held_row(checklist.workflow)
        if Checklist.objects.filter(pk=checklist.pk, **{column: None}).update(**{column: now}):
            note(held, by, f"checklist: {checklists.DONE[key]}")


def groups_of(workspace: Workspace) -> QuerySet[Group]:
    return Group.objects.of(workspace).order_by("name")


def add_group(workspace: Workspace, name: str) -> Group:
    """Raises Refused at the bound, without a name, or when the name is taken."""
    if not name:
        raise Refused("give the group a name")
    try:
        with transaction.atomic():
            Workspace.objects.select_for_update().get(pk=workspace.pk)  # two who add the last one at once
            if groups_of(workspace).count() >= MAX_GROUPS:
                raise Refused(f"a workspace has at most {MAX_GROUPS} groups: delete one first")
            group: Group = Group.objects.create(workspace=workspace, name=name)
            return group
    except IntegrityError:
        raise Refused(f"there is a group “{name}” already") from None


def rename_group(group: Group, name: str) -> None:
    if not name or groups_of(group.workspace).exclude(pk=group.pk).filter(name=name).exists():
        raise Refused("give the group a name that no other has")
    group.name = name
    try:
        with transaction.atomic():
            group.save()
    except IntegrityError:
        raise Refused("give the group a name that no other has") from None


def put_back(workflow: Workflow, kept: Kept, *, by: User | None, now: datetime) -> None:
    """Name, group, pointers and pausing as they were at a revision. Raises Refused where that cannot be."""
    was: dict[str, Any] = kept.field_dict
    _free_name(workflow.workspace, was["name"], workflow)
    live = Version.objects.filter(pk=was["live_id"], workflow=workflow).first()
    errors = [p for p in defects(workflow, live.drawing()) if p.severity == "error"] if live else []
    if errors:
        raise Refused(f"{live}, which was live, has {len(errors)} errors now; the first: {errors[0].message}")
    pointers = {
        "live": live,
        "test": Version.objects.filter(pk=was["test_id"], workflow=workflow).first(),
        "group": groups_of(workflow.workspace).filter(pk=was["group_id"]).first(),
    }
    plain = {name: was[name] for name in ("name", "paused", "archived_at")}
    with transaction.atomic(), reversion.create_revision():
        at = f"{kept.revision.date_created:%Y-%m-%d %H:%M:%S} UTC"
        held = held_row(workflow)
        if was["archived_at"] and not held.archived_at:
            accepted.check_nothing_waits(held)
        if live is not None and live.pk != held.live_id:
            approval_rules.check_approved(live, live.edition())
        change(held, by, f"put back as it was on {at}", **plain, **pointers)
