"""The change log of a workflow, a template or a notification event: who, when, what; and putting back."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe
from reversion.models import Version as Kept

from apps.adminkit.paging import BoundedPaginator
from apps.common.trouble import Refused
from apps.console.page.page import PAGE, number_in, show
from apps.console.workflows.log_entries import LogEntry, entry_of, records_of
from apps.console.workflows.workflow import workflow_of
from apps.database import clocks
from apps.notifications import editing
from apps.notifications.models import Content, EventConnection, NotificationEvent, Template
from apps.workflows.models import Workflow
from apps.workflows.release import lifecycle
from apps.workspaces.models import Membership
from apps.workspaces.tenancy import editor, member

HERE: dict[type[Model], str] = {Workflow: "workflows", Template: "templates", NotificationEvent: "events"}
MOST_REVISIONS = 500
SAME_TIME = timedelta(seconds=5)


@require_safe
@member
def workflow_log(request: HttpRequest, membership: Membership, slug: str) -> HttpResponse:
    found = workflow_of(membership, slug)
    return _page(request, membership, found, records_of([found.history.all()]), "workflow-put-back")


@require_safe
@member
def template_log(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    found = get_object_or_404(Template.objects.of(membership.workspace), pk=pk)
    parts = Content.history.filter(template_id=found.pk)
    return _page(request, membership, found, records_of([found.history.all(), parts]), "template-put-back")


@require_safe
@member
def event_log(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    found = get_object_or_404(NotificationEvent.objects.of(membership.workspace), pk=pk)
    parts = EventConnection.history.filter(event_id=found.pk)
    return _page(request, membership, found, records_of([found.history.all(), parts]), "event-put-back")


def _page(request: HttpRequest, membership: Membership, row: Model, records: list[Any], action: str) -> HttpResponse:
    page: Any = BoundedPaginator(records, PAGE).get_page(request.GET.get("page"))
    kept = list(_kept(row).defer("serialized_data")[:MOST_REVISIONS])
    facts = {
        "here": HERE[type(row)],
        "row": row,
        "is_workflow": isinstance(row, Workflow),
        "page": page,
        "rows": [(entry, _revision_at(kept, entry)) for entry in map(entry_of, page)],
        "action": action,
        "key": row.slug if isinstance(row, Workflow) else row.pk,
    }
    return show(request, "pages/change_log.html", membership, facts)


def _kept(row: Model) -> QuerySet[Kept]:
    return Kept.objects.get_for_object(row).select_related("revision")


def _revision_at(kept: list[Kept], entry: LogEntry) -> int | None:
    """The id of the revision that was made with this entry; the newest is what stands now: nothing to put back.

    A revision has the time when it was begun, its entries that of their own writing.
    """
    begun = [one for one in kept if one.revision.date_created <= entry.at < one.revision.date_created + SAME_TIME]
    return begun[0].pk if begun and begun[0] != kept[0] else None


def _kept_of(row: Model, request: HttpRequest) -> Kept:
    found = _kept(row).filter(pk=number_in(request.POST.get("revision", ""))).first()
    if found is None:
        raise Http404
    return found


@require_POST
@editor
def put_workflow_back(request: HttpRequest, membership: Membership, slug: str) -> HttpResponse:
    found = workflow_of(membership, slug)
    kept = _kept_of(found, request)
    try:
        lifecycle.put_back(found, kept, by=membership.user, now=clocks.now())
        messages.success(request, "It is as it was then.")
    except Refused as trouble:
        messages.error(request, f"Not put back: {trouble}.")
    return redirect("workflow-log", membership.workspace.wsid, slug)


@require_POST
@editor
def put_template_back(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    found = get_object_or_404(Template.objects.of(membership.workspace), pk=pk)
    return _put_back(request, membership, found, "template-log")


@require_POST
@editor
def put_event_back(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    found = get_object_or_404(NotificationEvent.objects.of(membership.workspace), pk=pk)
    return _put_back(request, membership, found, "event-log")


def _put_back(request: HttpRequest, membership: Membership, row: Any, log: str) -> HttpResponse:
    kept = _kept_of(row, request)
    try:
        editing.put_back(row, kept, by=membership.user)
        messages.success(request, "It is as it was then.")
    except Refused as trouble:
        messages.error(request, f"Not put back: {trouble}.")
    return redirect(log, membership.workspace.wsid, row.pk)
