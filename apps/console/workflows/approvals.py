"""What waits for approvals, what was said to it, and who approves."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from apps.common.trouble import Refused
from apps.console.page.page import number_in, paged, show, typed
from apps.database import clocks
from apps.workflows.models import MAX_APPROVALS, MAX_COMMENT, ApprovalRule, LiveRequest
from apps.workflows.release import approval_requests
from apps.workflows.release.approval_rules import PENDING, given, is_enough, rule_of
from apps.workspaces.models import Membership, Role, Workspace
from apps.workspaces.tenancy import member, owner

MOST_OPEN, MOST_PEOPLE = 100, 500
VERBS = {"approve": approval_requests.approve, "reject": approval_requests.reject, "cancel": approval_requests.cancel}
SAID = {
    "live": "It is live.",
    "approved": "It is approved.",
    "open": "Your approval is noted; more are needed.",
    "rejected": "It is rejected.",
    "cancelled": "It is withdrawn.",
}


@require_safe
@member
def approvals(request: HttpRequest, membership: Membership) -> HttpResponse:
    workspace = membership.workspace
    rows = LiveRequest.objects.of(workspace).select_related("workflow__live", "version", "asked_by", "workspace")
    rows = rows.prefetch_related("opinions__user").order_by("-id")
    rule = ApprovalRule.objects.of(workspace).first() or ApprovalRule(workspace=workspace, only_ticked=False)
    pending = [_shown(row, membership) for row in rows.filter(state__in=PENDING)[:MOST_OPEN]]
    chosen = set(rule.approvers.values_list("pk", flat=True)) if rule.pk else set()
    people = _people(workspace)
    facts = {
        "here": "approvals",
        "mine": [row for row in pending if row["may_speak"]],
        "others": [row for row in pending if not row["may_speak"]],
        "over": paged(request, rows.exclude(state__in=PENDING)),
        "rule": rule,
        "rule_set": rule.history.select_related("history_user").first() if rule.pk else None,
        "is_on": rule_of(workspace) is not None,
        "most": MAX_APPROVALS,
        "people": [(one, one.pk in chosen) for one in people],
        "ticked": [one.user.email for one in people if one.pk in chosen],
        "is_owner": membership.role == Role.OWNER,
    }
    return show(request, "pages/approvals.html", membership, facts)


def _people(workspace: Workspace) -> list[Membership]:
    """Whom the form offers."""
    return list(Membership.objects.of(workspace).select_related("user").order_by("user__email")[:MOST_PEOPLE])


def _shown(row: LiveRequest, membership: Membership) -> dict[str, Any]:
    """A request, whether this person may speak to it or why not, and how far it is."""
    why_not, rule = approval_requests.why_not(row, membership), rule_of(row.workspace)
    mine = membership.user_id == row.asked_by_id or membership.role == Role.OWNER
    return {
        "row": row,
        "opinions": list(row.opinions.all()),
        "given": given(row, rule) if rule else 0,
        "needed": rule.required if rule else 0,
        "is_enough": is_enough(row, rule),
        "may_speak": not why_not,
        "why_not": why_not,
        "may_cancel": mine,
    }


@require_POST
@member
def say(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Approve, reject or cancel, with a comment. A viewer may approve where an owner chose them."""
    found = get_object_or_404(LiveRequest.objects.of(membership.workspace).select_related("workflow"), pk=pk)
    act = VERBS.get(request.POST.get("verb", ""))
    try:
        if act is None:
            raise Refused("choose to approve, to reject or to take it back")
        done = act(found, membership, typed(request.POST.get("comment", ""), MAX_COMMENT), clocks.now())
        messages.success(request, f"{done}: {SAID[done.state]}")
    except Refused as trouble:
        messages.error(request, f"Not done: {trouble}.")
    return redirect("approvals", membership.workspace.wsid)


@require_POST
@owner
def set_rule(request: HttpRequest, membership: Membership) -> HttpResponse:
    """How many approve, who, and what the last approval does."""
    text = request.POST.get("required", "")
    try:
        if text not in map(str, range(MAX_APPROVALS + 1)):
            raise Refused(f"write how many approvals are needed, 0 to {MAX_APPROVALS}")
        required = number_in(text)
        _set_rule(request, membership, required)
        needed = f"{required} approval{'s' if required > 1 else ''} needed to go live from now on."
        messages.success(request, needed if required else "Approvals are off.")
    except Refused as trouble:
        messages.error(request, f"Not saved: {trouble}.")
    return redirect("approvals", membership.workspace.wsid)


def _set_rule(request: HttpRequest, membership: Membership, required: int) -> None:
    """Who was ticked and could not be offered stays so. Raises Refused where only those ticked may, and nobody is."""
    workspace, ticked = membership.workspace, {number_in(key) for key in request.POST.getlist("approver")}
    offered = {one.pk for one in _people(workspace)}
    with transaction.atomic():
        rule, _ = ApprovalRule.objects.get_or_create(workspace=workspace, defaults={"only_ticked": False})
        people = [
            *Membership.objects.of(workspace).filter(pk__in=ticked & offered),
            *rule.approvers.exclude(pk__in=offered),
        ]
        rule.only_ticked = request.POST.get("who", "ticked" if people else "all") == "ticked"
        if rule.only_ticked and not people:
            raise Refused("tick who may approve, or choose all owners and editors")
        rule.required, rule.goes_live = required, request.POST.get("goes_live") == "yes"
        rule._history_user = membership.user
        rule.save()
        rule.approvers.set(people)
