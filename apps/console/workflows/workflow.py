"""A workflow's page: its picture, its URLs, its runs; pausing."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from apps.common.trouble import Refused
from apps.common.values import Value
from apps.console.page.page import newest, paged, show
from apps.console.transfer.dependency_rows import need_rows
from apps.database import clocks
from apps.database.wakeups import publish_hint
from apps.sources.registry import TRIGGERS
from apps.workflows.dependencies import WORKFLOW, matches, needs_of, who_uses
from apps.workflows.describe.picture import picture_of
from apps.workflows.example import url_of
from apps.workflows.models import Checklist, Version, Workflow
from apps.workflows.release import accepted, approval_rules, checklists, lifecycle, publishing
from apps.workspaces.models import Membership
from apps.workspaces.tenancy import editor, member

MAX_SHOWN = 20  # of the requests that wait


class EndpointCard(Value):
    """Where requests of one environment come in. `version` is empty while there is none."""

    environment: str
    version: str
    url: str
    sample: str
    curl: str


@require_safe
@member
def workflow(request: HttpRequest, membership: Membership, slug: str) -> HttpResponse:
    found = workflow_of(membership, slug)
    workspace, shown = membership.workspace, found.live or found.test
    needs = needs_of(found, shown.drawing()) if shown else []
    asked = found.live_requests.filter(state__in=approval_rules.PENDING).select_related("version", "asked_by").first()
    facts = {
        "here": "workflows",
        "workflow": found,
        "flow": found,
        "waiting": accepted.waiting(found),
        "groups": lifecycle.groups_of(workspace),
        "version": shown,
        "picture": picture_of(shown.drawing(), layout=shown.layout) if shown else None,
        "needs": need_rows(workspace, matches(workspace, needs)),
        "users": [user for user in who_uses(workspace, WORKFLOW, found.name) if user != found],
        "checklists": [row for row in map(_shown, checklists.open_checklists(found)) if row],
        "asked": asked,
        "asked_enough": asked is not None and approval_rules.is_enough(asked, approval_rules.rule_of(workspace)),
        "doors": _cards(found) if membership.may_edit() else [],
        "runs": paged(request, newest(found.runs.all())),
    }
    return show(request, "pages/workflow.html", membership, facts)


def _shown(checklist: Checklist) -> dict[str, Any] | None:
    """What is still to be done with what came from elsewhere; None where its versions are gone."""
    version = checklists.newest_version(checklist)
    if version is None:
        return None
    points = checklists.points(checklist, version)
    missing = [match for match in checklists.matches_of(checklist, version) if not match.key]
    return {
        "key": checklist.pk,
        "source": checklist.source,
        "at": checklist.created_at,
        "version": version,
        "points": points,
        "is_done": all(point.done for point in points),
        "trigger": next((node.id for node in version.drawing().triggers), ""),
        "missing": need_rows(checklist.workflow.workspace, missing),
    }


@require_POST
@editor
def set_paused(request: HttpRequest, membership: Membership, slug: str) -> HttpResponse:
    """Pause; or resume, and run or drop what was accepted before: nobody does either without being asked."""
    found, choice = workflow_of(membership, slug), request.POST.get("waiting", "")
    try:
        if request.POST.get("paused") == "yes":
            publishing.pause(found, by=membership.user)
        elif choice not in ("run", "drop") and (waiting := accepted.waiting(found, MAX_SHOWN)).count:
            return show(
                request, "pages/resume.html", membership, {"here": "workflows", "workflow": found, "waiting": waiting}
            )
        else:
            _resume(request, membership, found, choice)
    except Refused as trouble:
        messages.error(request, f"Not done: {trouble}.")
    return redirect("workflow", membership.workspace.wsid, slug)


def _resume(request: HttpRequest, membership: Membership, found: Workflow, choice: str) -> None:
    if choice == "drop":
        count = accepted.drop_waiting(found, by=membership.user, now=clocks.now())
        messages.success(request, f"{count} accepted request{'' if count == 1 else 's'} dropped.")
    publishing.resume(found, by=membership.user)
    publish_hint()


def workflow_of(membership: Membership, slug: str) -> Workflow:
    """The workflow of this workspace, or 404."""
    rows = Workflow.objects.of(membership.workspace).select_related("live", "test", "trigger", "workspace", "group")
    return get_object_or_404(rows, slug=slug)


def _cards(found: Workflow) -> list[EndpointCard]:
    """Its URLs; none where what starts it is told elsewhere."""
    drawings = [version.drawing() for version in (found.live, found.test) if version]
    kinds = [TRIGGERS.get(node.kind) for drawing in drawings for node in drawing.triggers]
    if kinds and not any(kind is not None and kind.has_url for kind in kinds):
        return []
    return [_card(found, "live", found.live), _card(found, "test", found.test)]


def _card(found: Workflow, environment: str, version: Version | None) -> EndpointCard:
    triggers = version.drawing().triggers if version else ()
    sample = str((triggers[0].settings.get("sample") if triggers else "") or "{}")
    url = url_of(found, environment)
    quoted = sample.replace("'", "'\\''")
    return EndpointCard(
        environment=environment,
        version=str(version or ""),
        url=url,
        sample=sample,
        curl=f"curl -X POST {url} -H 'Content-Type: application/json' -d '{quoted}'",
    )
