"""Takes documents into a workspace: what would come of them, and their versions. Nothing that is there is changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import reversion
from django.db import transaction

from apps.accounts.models import User
from apps.common.values import Value
from apps.engine.drawing.problem import Context, Problem
from apps.engine.drawing.problems import problems
from apps.engine.drawing.uses import renamed
from apps.sources.registry import TRIGGERS
from apps.triggers.models import Trigger
from apps.workflows.dependencies import WORKFLOW, Dependency, ResolvedDependency, matches_elsewhere
from apps.workflows.models import Version, Workflow
from apps.workflows.release import checklists, publishing
from apps.workflows.transfer.document import Document
from apps.workspaces.models import Secret, Workspace

WHY = {"origin": "which is a copy of the same workflow", "name": "which has the same name"}
How = Literal["copied", "imported"]


class ImportTarget(NamedTuple):
    """The workflow that takes a document, and whether it was made for that."""

    document: Document
    flow: Workflow
    is_new: bool


class Plan(Value):
    """What a document becomes: v1 (Test) of a new workflow, or a version of one that is `there`, by `why`.

    `problems` are those of the drawing itself; what is missing in the workspace is told by `matches`.
    """

    model_config = {"arbitrary_types_allowed": True, "frozen": True}
    document: Document
    there: Workflow | None
    why: Literal["", "origin", "name"]
    number: int
    matches: tuple[ResolvedDependency, ...]
    problems: tuple[Problem, ...] = ()

    def words(self) -> str:
        """What it becomes."""
        if self.there is None:
            return f"“{self.document.name}” becomes v1 (Test) of a new workflow."
        archive = " in the archive" if self.there.archived_at else ""
        return (
            f"It becomes v{self.number} of “{self.there}”{archive}, {WHY[self.why]}, and is neither Test nor Live. "
            "Nothing that is there is changed: pick the version on the canvas, then save it or go live with it."
        )

    @property
    def missing(self) -> int:
        return sum(not match.key for match in self.matches)


def plans(workspace: Workspace, documents: Sequence[Document]) -> list[Plan]:
    """What would come of them, together; nothing is written."""
    along = {document.name for document in documents}
    return [_plan(workspace, document, along) for document in documents]


def _plan(workspace: Workspace, document: Document, along: set[str]) -> Plan:
    there, why = _there(workspace, document)
    needs = [need for need in document.all_needs() if not _comes_along(need, along)]
    return Plan(
        document=document,
        there=there,
        why=why,
        number=publishing.highest(there) + 1 if there else 1,
        matches=tuple(matches_elsewhere(workspace, needs)),
        problems=tuple(problems(document.drawing, Context(triggers=TRIGGERS.all()))),
    )


def _comes_along(need: Dependency, along: set[str]) -> bool:
    return need.what == WORKFLOW and need.name in along


def _there(workspace: Workspace, document: Document) -> tuple[Workflow | None, Literal["", "origin", "name"]]:
    rows = Workflow.objects.of(workspace).select_related("trigger__secret", "workspace")
    same = rows.filter(origin=document.origin).first()
    if same is not None:
        return same, "origin"
    alike = rows.filter(name=document.name).first()
    return (alike, "name") if alike else (None, "")


def import_documents(
    workspace: Workspace, documents: Sequence[Document], *, by: User | None, now: datetime, how: How = "imported"
) -> list[Version]:
    """Their versions, all or none: v1 (Test) of a new workflow, else a version that is neither Test nor Live.

    The change log tells `how` each came, and from where.
    """
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # two who bring the same at once
        targets = [_place(workspace, document) for document in documents]
        slugs = dict(Workflow.objects.of(workspace).filter(archived_at=None).values_list("name", "slug"))
        slugs |= {target.document.name: target.flow.slug for target in targets}
        return [_added(target, slugs, how, by, now) for target in targets]


def _place(workspace: Workspace, document: Document) -> ImportTarget:
    there, _ = _there(workspace, document)
    if there is not None:
        return ImportTarget(document, there, is_new=False)
    made = publishing.create(workspace, document.name, origin=document.origin)
    secret = Secret.objects.of(workspace).filter(name=document.trigger_secret).first()
    Trigger.objects.filter(pk=made.trigger_id).update(secret=secret)
    return ImportTarget(document, made, is_new=True)


def _added(target: ImportTarget, slugs: dict[str, str], how: How, by: User | None, now: datetime) -> Version:
    document, words = target.document, target.document.source.words()
    graph = renamed(document.drawing, WORKFLOW, slugs, TRIGGERS.all())
    with reversion.create_revision():
        held = publishing.held_row(target.flow)
        checklist = checklists.begun(held, words, document.needs, by=by, now=now)
        version = publishing.add_version(held, graph, by, now)
        told = {"name": document.version_name, "note": document.version_note, "checklist": checklist}
        Version.objects.filter(pk=version.pk).update(**told)
        if target.is_new:
            publishing.change(held, by, f"{version} (Test) {how} from {words}", test=version)
        else:
            publishing.note(held, by, f"{version} {how} from {words}")
    version.refresh_from_db()
    return version
