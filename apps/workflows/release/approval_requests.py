"""Asking that a version goes live, and what others say to it. Each step is in the change log of the workflow."""

from datetime import datetime

import reversion
from django.db import transaction

from apps.accounts.models import User
from apps.common.trouble import Refused
from apps.workflows.models import ApprovalRule, LiveRequest, Opinion, Version, Workflow
from apps.workflows.release import approval_rules, publishing
from apps.workspaces.models import Membership, Role

State = LiveRequest.State


def ask(version: Version, *, by: User, now: datetime, comment: str = "", seen: str = "") -> LiveRequest:
    """Ask for the version as it is. Raises Refused where it could not go live, or nobody could approve it."""
    publishing.check_publishable(version)
    rule = _rule(version)
    with transaction.atomic(), reversion.create_revision():
        held = publishing.held_row(version.workflow)
        fresh = Version.objects.select_for_update().get(pk=version.pk)
        if seen and fresh.edition() != seen:
            raise Refused(f"somebody else changed {version} meanwhile: open it again and look")
        _check_nothing_waits(held, rule)
        _check_people(rule, fresh, by)
        made: LiveRequest = LiveRequest.objects.create(
            workspace=held.workspace,
            workflow=held,
            version=fresh,
            edition=fresh.edition(),
            required=rule.required,
            asked_by=by,
            asked_at=now,
            comment=comment,
        )
        publishing.note(held, by, f"{version}: asked to go live{_said(comment)}")
    return made


def _rule(version: Version) -> ApprovalRule:
    rule = approval_rules.rule_of(version.workflow.workspace)
    if rule is None:
        raise Refused("nobody needs to approve here any more: go live")
    return rule


def _check_nothing_waits(workflow: Workflow, rule: ApprovalRule) -> None:
    rows = LiveRequest.objects.of(workflow.workspace).filter(workflow=workflow, state__in=approval_rules.PENDING)
    for row in rows.select_related("version", "asked_by"):
        if not approval_rules.is_enough(row, rule):
            raise Refused(f"{row.version} waits for approvals already: cancel that first")


def _check_people(rule: ApprovalRule, version: Version, by: User) -> None:
    count = approval_rules.others(rule, version, by).count()
    if count < rule.required:
        raise Refused(
            f"{rule.required} approvals are needed, and the others who may give one are {count}: "
            "an owner can change who approves"
        )


def why_not(request: LiveRequest, membership: Membership) -> str:
    """Why this person may not speak to it; empty when they may."""
    rule = approval_rules.rule_of(request.workspace)
    if request.state not in approval_rules.PENDING:
        return "it is over"
    if approval_rules.is_enough(request, rule):
        return "it has all the approvals that it needs"
    if membership.user_id == request.asked_by_id:
        return "you asked for it, so somebody else must"
    if request.version.authors.filter(pk=membership.user_id).exists():
        return "you drew it, or some of it, so somebody else must"
    if rule is None or not approval_rules.approvers(rule).filter(pk=membership.pk).exists():
        return "you are not one of those who approve"
    if request.opinions.filter(user=membership.user_id).exists():
        return "you have said what you think of it"
    return ""


def approve(request: LiveRequest, membership: Membership, comment: str, now: datetime) -> LiveRequest:
    """One more approval; the last one makes it live, if the rule says so. Raises Refused."""
    with transaction.atomic():
        held = _spoken(request, membership, True, comment, now)
        rule = approval_rules.rule_of(held.workspace)
        if not approval_rules.is_enough(held, rule):
            return held
        held.state = State.APPROVED
        held.save(update_fields=["state"])
    if rule is None or rule.goes_live:
        _go_live(held, membership.user, now)
    return held


def _go_live(held: LiveRequest, by: User, now: datetime) -> None:
    """Go live; what stands in the way is kept with the request, which stays approved."""
    try:
        publishing.go_live(held.version, by=by, now=now, seen=held.edition)
        held.refresh_from_db()
    except Refused as trouble:
        held.why = f"approved, but not live: {trouble}"[:500]
        held.save(update_fields=["why"])


def reject(request: LiveRequest, membership: Membership, comment: str, now: datetime) -> LiveRequest:
    """It is over. Raises Refused, also without a reason."""
    if not comment:
        raise Refused("say why you reject it: whoever drew it wants to mend it")
    with transaction.atomic():
        held = _spoken(request, membership, False, comment, now)
        _over(held, State.REJECTED, f"rejected by {membership.user}: {comment}", now)
    return held


def cancel(request: LiveRequest, membership: Membership, comment: str, now: datetime) -> LiveRequest:
    """Taken back, by who asked or by an owner. Raises Refused."""
    with transaction.atomic(), reversion.create_revision():
        held = _held(request)
        if membership.user_id != held.asked_by_id and membership.role != Role.OWNER:
            raise Refused("only who asked, or an owner, takes it back")
        _over(held, State.CANCELLED, f"cancelled by {membership.user}{_said(comment)}", now)
        _log(held, membership.user, f"request cancelled{_said(comment)}")
    return held


def _held(request: LiveRequest) -> LiveRequest:
    """The row as it is now, locked after its workflow's. Raises Refused when it is over."""
    publishing.held_row(request.workflow)
    rows = LiveRequest.objects.of(request.workspace).select_for_update(of=("self",))
    held: LiveRequest = rows.select_related("version", "workspace", "workflow").get(pk=request.pk)
    if held.state not in approval_rules.PENDING:
        raise Refused(f"it is over: {held.why or held.get_state_display()}")
    return held


def _spoken(request: LiveRequest, membership: Membership, approves: bool, comment: str, now: datetime) -> LiveRequest:
    with reversion.create_revision():
        held = _held(request)
        trouble = why_not(held, membership)
        if trouble:
            raise Refused(trouble)
        Opinion.objects.create(request=held, user=membership.user, approves=approves, comment=comment, at=now)
        verdict = "approved" if approves else "rejected"
        _log(held, membership.user, f"{verdict}{_said(comment)}")
    return held


def _log(held: LiveRequest, by: User, what: str) -> None:
    publishing.note(publishing.held_row(held.workflow), by, f"{held.version}: {what}")


def _over(held: LiveRequest, state: str, why: str, now: datetime) -> None:
    held.state, held.why, held.ended_at = state, why[:500], now
    held.save(update_fields=["state", "why", "ended_at"])


def _said(comment: str) -> str:
    return f" (“{comment}”)" if comment else ""
