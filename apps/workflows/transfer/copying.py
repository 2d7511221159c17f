"""Copies workflows to another workspace of the same owner: the drawing goes, what it depends on does not."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import reversion
from django.db import transaction
from django.db.models import QuerySet

from apps.accounts.models import User
from apps.common.trouble import Refused
from apps.common.values import Value
from apps.workflows.models import Version, Workflow
from apps.workflows.release import publishing
from apps.workflows.transfer import importing
from apps.workflows.transfer.document import Document, document_of
from apps.workspaces.models import Membership, Role, Workspace

MAX_AT_ONCE = 50
State = Literal["live", "test"]


class Pick(Value):
    """A workflow, and which of its versions goes: the latest Live or the latest Test one."""

    slug: str
    state: State


class Copied(Value):
    """A version that came, and the workflow that it is a copy of."""

    model_config = {"arbitrary_types_allowed": True, "frozen": True}
    source: Workflow
    version: Version


def targets(source: Workspace, by: User) -> QuerySet[Workspace]:
    """The workspaces that may take copies from `source`: the same person owns both. None, when it is not theirs."""
    owned = Membership.objects.filter(user=by, role=Role.OWNER)
    if not owned.filter(workspace=source).exists():
        return Workspace.objects.none()
    return Workspace.objects.filter(pk__in=owned.values("workspace_id")).exclude(pk=source.pk).order_by("name", "pk")


def picked(source: Workspace, picks: Sequence[Pick]) -> list[Version]:
    """The versions of the picks. Raises Refused where there is none, any more or yet."""
    if not picks:
        raise Refused("pick at least one workflow")
    if len(picks) > MAX_AT_ONCE:
        raise Refused(f"at most {MAX_AT_ONCE} workflows are copied at once: pick fewer")
    return [_version(source, pick) for pick in picks]


def _version(source: Workspace, pick: Pick) -> Version:
    rows = Workflow.objects.of(source).select_related("live", "test", "trigger__secret", "workspace")
    workflow = rows.filter(slug=pick.slug).first()
    if workflow is None:
        raise Refused("a workflow that you picked was deleted meanwhile: pick again")
    version: Version | None = workflow.live if pick.state == "live" else workflow.test
    if version is None:
        raise Refused(f"“{workflow}” has no {pick.state} version: save it or pick the other")
    version.workflow = workflow
    return version


def likely(workflow: Workflow) -> State | None:
    """What is copied where nobody chooses: the Live version, else the Test one; None while there is neither."""
    return "live" if workflow.live_id else "test" if workflow.test_id else None


def documents(versions: Sequence[Version], picks: Sequence[Pick]) -> list[Document]:
    return [document_of(version, pick.state.capitalize()) for version, pick in zip(versions, picks, strict=True)]


def copy(source: Workspace, picks: Sequence[Pick], to: Workspace, *, by: User, now: datetime) -> list[Copied]:
    """All of them or none; both change logs tell it. Raises Refused, also when somebody changed things meanwhile."""
    with transaction.atomic(), reversion.create_revision():
        _hold(source, to, by)
        versions = picked(source, picks)
        brought = importing.import_documents(to, documents(versions, picks), by=by, now=now, how="copied")
        for version, came, pick in zip(versions, brought, picks, strict=True):
            publishing.carry_on(version, came)
            said = f"{version} ({pick.state.capitalize()}) copied to “{to}”"
            publishing.note(publishing.held_row(version.workflow), by, said)
    return [Copied(source=old.workflow, version=new) for old, new in zip(versions, brought, strict=True)]


def _hold(source: Workspace, to: Workspace, by: User) -> None:
    """Nobody else copies between them, and nobody takes the person's role away, until this is done. Raises Refused."""
    pair = sorted([source.pk, to.pk])  # always in this order: two who copy to and fro wait for each other
    list(Workspace.objects.select_for_update(no_key=True).filter(pk__in=pair).order_by("pk"))
    mine = Membership.objects.select_for_update(no_key=True).filter(user=by, role=Role.OWNER, workspace__in=pair)
    owned = set(mine.values_list("workspace_id", flat=True))
    for place in (source, to):
        if place.pk not in owned:
            raise Refused(f"you are not an owner of “{place}” (any more): only what you own is copied, and only there")
    if source.pk == to.pk:
        raise Refused("it is the same workspace: use Duplicate")
