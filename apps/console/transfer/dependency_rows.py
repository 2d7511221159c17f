"""What a workflow depends on, as rows of a page: matched or missing, each with a link."""

from collections.abc import Iterable

from django.urls import reverse

from apps.common.values import Value
from apps.workflows.dependencies import CONNECTION, EVENT, SECRET, SOURCE, TEMPLATE, WORKFLOW, ResolvedDependency
from apps.workflows.models import Workflow
from apps.workspaces.models import Workspace

PAGES = {EVENT: "event", TEMPLATE: "template", CONNECTION: "connection", SECRET: "secret", SOURCE: "source"}
MAKERS = {EVENT: "new-event", TEMPLATE: "new-template", SECRET: "new-secret"}
MAKERS |= {CONNECTION: "connections", WORKFLOW: "workflows", SOURCE: "sources"}


class NeedRow(Value):
    """`url` leads to the thing where it is found, else to where it is made."""

    what: str
    name: str
    by: str
    found: bool
    url: str


def need_rows(workspace: Workspace, matches: Iterable[ResolvedDependency]) -> list[NeedRow]:
    """The rows of the needs as `workspace` has them."""
    return [_row(workspace, match) for match in matches]


def _row(workspace: Workspace, match: ResolvedDependency) -> NeedRow:
    need = match.need
    return NeedRow(
        what=need.what,
        name=need.name,
        by=", ".join(need.by),
        found=bool(match.key),
        url=_page_of(workspace, need.what, match.key) if match.key else _where_made(workspace, need.what),
    )


def _page_of(workspace: Workspace, what: str, key: int) -> str:
    if what == WORKFLOW:
        return reverse("workflow", args=[workspace.wsid, Workflow.objects.of(workspace).get(pk=key).slug])
    return reverse(PAGES[what], args=[workspace.wsid, key])


def _where_made(workspace: Workspace, what: str) -> str:
    return reverse(MAKERS[what], args=[workspace.wsid])
