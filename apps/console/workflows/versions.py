"""The versions of a workflow: names and notes, and what differs between two of them."""

from typing import Any

from django.contrib import messages
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from apps.console.page.page import number_in, paged, show, typed
from apps.console.workflows.workflow import workflow_of
from apps.workflows.describe.difference import difference
from apps.workflows.models import Version, Workflow
from apps.workflows.release import lifecycle
from apps.workspaces.models import Membership
from apps.workspaces.tenancy import editor, member

MAX_NAME, MAX_NOTE, MAX_CHOICES = 60, 500, 200


@require_safe
@member
def versions(request: HttpRequest, membership: Membership, slug: str) -> HttpResponse:
    found = workflow_of(membership, slug)
    rows = found.versions.select_related("created_by", "saved_by").order_by("-number")
    facts = {"here": "workflows", "workflow": found, "versions": paged(request, rows)}
    return show(request, "pages/versions.html", membership, facts)


@require_POST
@editor
def describe(request: HttpRequest, membership: Membership, slug: str) -> HttpResponse:
    """A name and a note; the drawing stays as it is."""
    found = workflow_of(membership, slug)
    version = version_of(found, request.POST.get("version", ""))
    name, note = typed(request.POST.get("name", ""), MAX_NAME), typed(request.POST.get("note", ""), MAX_NOTE)
    lifecycle.describe(version, name, note)
    messages.success(request, f"{version} is described.")
    return redirect("versions", membership.workspace.wsid, slug)


@require_safe
@member
def compare(request: HttpRequest, membership: Membership, slug: str) -> HttpResponse:
    """What was changed from version `from` (else the one before) to version `to` (else the newest), in words."""
    found = workflow_of(membership, slug)
    newest = found.versions.aggregate(top=Max("number"))["top"] or 0
    after = version_of(found, request.GET.get("to", str(newest)))
    before = version_of(found, request.GET.get("from", str(max(after.number - 1, 1))))
    facts: dict[str, Any] = {
        "here": "workflows",
        "workflow": found,
        "before": before,
        "after": after,
        "difference": difference(before.drawing(), after.drawing()),
        "versions": found.versions.order_by("-number")[:MAX_CHOICES],
    }
    return show(request, "pages/compare.html", membership, facts)


def version_of(workflow: Workflow, number: str) -> Version:
    """The version of this number. Raises 404."""
    version = workflow.versions.filter(number=number_in(number)).first()
    if version is None:
        raise Http404
    return version
