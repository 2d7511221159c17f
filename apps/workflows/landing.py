"""Takes documents into a workspace: what would come of them, and their versions. Nothing that is there is changed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import reversion
from django.db import transaction

from apps.accounts.models import User
from apps.common.values import Value
from apps.engine.problems import Context, Problem, problems
from apps.engine.uses import renamed
from apps.triggers.models import Trigger
from apps.triggers.registry import TRIGGERS
from apps.workflows import checklists, publishing
from apps.workflows.depends import WORKFLOW, Match, Need, matches_elsewhere
from apps.workflows.document import Document
from apps.workflows.models import Version, Workflow
from apps.workspaces.models import Secret, Workspace

WHY = {"origin": "which is a copy of the same workflow", "name": "which has the same name"}


class Plan(Value):
    """What a document becomes: v1 (Test) of a new workflow, or a version of one that is `there`, by `why`.

    `problems` are those of the drawing itself; what is missing in the workspace is told by `matches`.
    """

    model_config = {"arbitrary_types_allowed": True, "frozen": True}
    document: Document
    there: Workflow | None
    why: Literal["", "origin", "name"]
    number: int
    matches: tuple[Match, ...]
    problems: tuple[Problem, ...] = ()

    def words(self) -> str:
        """What it becomes."""
        if self.there is None:
            return f"“{self.document.name}” becomes v1 (Test) of a new workflow."
        return (
            f"It becomes v{self.number} of “{self.there}”, {WHY[self.why]}, and is neither Test nor Live. Nothing that "
            "is there is changed: pick the version on the canvas, then save it or go live with it."
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


def _comes_along(need: Need, along: set[str]) -> bool:
    return need.what == WORKFLOW and need.name in along


def _there(workspace: Workspace, document: Document) -> tuple[Workflow | None, Literal["", "origin", "name"]]:
    rows = Workflow.objects.of(workspace).select_related("trigger__secret", "workspace")
    same = rows.filter(origin=document.origin).first()
    if same is not None:
        return same, "origin"
    alike = rows.filter(name=document.name).first()
    return (alike, "name") if alike else (None, "")


def land(workspace: Workspace, documents: Sequence[Document], *, by: User | None, now: datetime) -> list[Version]:
    """Their versions, all or none: v1 (Test) of a new workflow, else a version that is neither Test nor Live."""
    with transaction.atomic():
        Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # two who bring the same at once
        places = [_place(workspace, document) for document in documents]
        come = {document.name: flow.slug for document, (flow, _) in zip(documents, places, strict=True)}
        slugs = dict(Workflow.objects.of(workspace).values_list("name", "slug")) | come
        return [
            _added(document, flow, is_new, slugs, by, now)
            for document, (flow, is_new) in zip(documents, places, strict=True)
        ]


def _place(workspace: Workspace, document: Document) -> tuple[Workflow, bool]:
    """The workflow that takes it, and whether it was made for that."""
    there, _ = _there(workspace, document)
    if there is not None:
        return there, False
    made = publishing.create(workspace, document.name, origin=document.origin)
    secret = Secret.objects.of(workspace).filter(name=document.trigger_secret).first()
    Trigger.objects.filter(pk=made.trigger_id).update(secret=secret)
    return made, True


def _added(
    document: Document, flow: Workflow, is_new: bool, slugs: dict[str, str], by: User | None, now: datetime
) -> Version:
    graph = renamed(document.drawing, WORKFLOW, slugs, TRIGGERS.all())
    words = document.source.words()
    with reversion.create_revision():
        held = publishing.held_row(flow)
        checklist = checklists.begun(held, words, document.needs, by=by, now=now)
        version = publishing.add_version(held, graph, by, now)
        told = {"name": document.version_name, "note": document.version_note, "checklist": checklist}
        Version.objects.filter(pk=version.pk).update(**told)
        if is_new:
            publishing.change(held, by, f"{version} (Test) came from {words}", test=version)
        else:
            publishing.note(held, by, f"{version} came from {words}")
    version.refresh_from_db()
    return version
