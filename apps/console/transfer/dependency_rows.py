"""What a workflow depends on, as rows of a page: matched or missing, each with a link."""

from collections.abc import Iterable

from django.urls import reverse

from apps.common.values import Value
from apps.workflows.dependencies import CONNECTION, EVENT, SECRET, TEMPLATE, WORKFLOW, Match
from apps.workflows.models import Workflow
from apps.workspaces.models import Workspace

IN_ADMIN = {CONNECTION: "channels_connection", SECRET: "workspaces_secret"}


class NeedRow(Value):
    """`url` leads to the thing where it is found, else to where it is made."""

    what: str
    name: str
    by: str
    found: bool
    url: str


def need_rows(place: Workspace, matches: Iterable[Match]) -> list[NeedRow]:
    """The rows of the needs as `place` has them."""
    return [_row(place, match) for match in matches]


def _row(place: Workspace, match: Match) -> NeedRow:
    need = match.need
    return NeedRow(
        what=need.what,
        name=need.name,
        by=", ".join(need.by),
        found=bool(match.key),
        url=_page_of(place, need.what, match.key) if match.key else _where_made(place, need.what),
    )


def _page_of(place: Workspace, what: str, key: int) -> str:
    if what == WORKFLOW:
        return reverse("workflow", args=[place.wsid, Workflow.objects.of(place).get(pk=key).slug])
    if what in (EVENT, TEMPLATE):
        return reverse("event" if what == EVENT else "template", args=[place.wsid, key])
    return reverse(f"admin:{IN_ADMIN[what]}_change", args=[key])


def _where_made(place: Workspace, what: str) -> str:
    pages = {EVENT: "new-event", TEMPLATE: "new-template", WORKFLOW: "workflows"}
    if what in pages:
        return reverse(pages[what], args=[place.wsid])
    return f"{reverse(f'admin:{IN_ADMIN[what]}_add')}?workspace={place.pk}"
