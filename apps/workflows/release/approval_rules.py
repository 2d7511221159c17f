"""Whether a version may go live without more approvals, and who may approve."""

from datetime import datetime

from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.common.trouble import Refused
from apps.workflows.models import ApprovalRule, LiveRequest, Version, Workflow
from apps.workspaces.models import Membership, Role, Workspace

PENDING = (LiveRequest.State.OPEN, LiveRequest.State.APPROVED)


def rule_of(workspace: Workspace) -> ApprovalRule | None:
    """The rule of the workspace; None while nobody needs to approve."""
    found: ApprovalRule | None = ApprovalRule.objects.of(workspace).filter(required__gt=0).first()
    return found


def approvers(rule: ApprovalRule) -> QuerySet[Membership]:
    """Who may approve in general, as things are now: those ticked, else all owners and editors."""
    people = Membership.objects.filter(workspace=rule.workspace_id, user__is_active=True).select_related("user")
    if rule.only_ticked:
        return people.filter(pk__in=rule.approvers.values("pk"))
    return people.filter(role__in=(Role.OWNER, Role.EDITOR))


def others(rule: ApprovalRule, version: Version, by: User | None) -> QuerySet[Membership]:
    """Who may approve this version when `by` asks: neither who asks, nor who drew some of it."""
    return approvers(rule).exclude(user__in=version.authors.values("pk")).exclude(user=by and by.pk)


def given(request: LiveRequest, rule: ApprovalRule) -> int:
    """How many approvals count now: of people who could still give one."""
    people = others(rule, request.version, request.asked_by).values("user")
    return request.opinions.filter(approves=True, user__in=people).count()


def is_enough(request: LiveRequest, rule: ApprovalRule | None) -> bool:
    """By the rule, the roles and the drawing of now, whatever they were when it was asked."""
    return rule is None or given(request, rule) >= rule.required


def is_approved(version: Version, edition: str) -> bool:
    """Whether enough people approved the version as it is."""
    rule = rule_of(version.workflow.workspace)
    rows = LiveRequest.objects.of(version.workflow.workspace).filter(version=version, edition=edition)
    return any(is_enough(row, rule) for row in rows.filter(state__in=PENDING).select_related("asked_by"))


def needs_asking(version: Version) -> bool:
    """Whether Go Live is a request here."""
    return rule_of(version.workflow.workspace) is not None and not is_approved(version, version.edition())


def check_approved(version: Version, edition: str) -> None:
    """Raises Refused while approvals are needed and missing."""
    rule = rule_of(version.workflow.workspace)
    if rule is not None and not is_approved(version, edition):
        people = "1 other person" if rule.required == 1 else f"{rule.required} other people"
        raise Refused(f"{people} must approve {version} first: ask to go live with it")


def close_request(version: Version, now: datetime) -> None:
    """It has gone live."""
    rows = LiveRequest.objects.of(version.workflow.workspace).filter(version=version, state__in=PENDING)
    rows.update(state=LiveRequest.State.LIVE, ended_at=now)


def end(about: Workflow | Version, why: str, now: datetime) -> None:
    """What was asked for it is over: it has changed, or is gone from the lists."""
    workflow, its = (about, Q()) if isinstance(about, Workflow) else (about.workflow, Q(version=about))
    rows = LiveRequest.objects.of(workflow.workspace).filter(its, workflow=workflow, state__in=PENDING)
    rows.update(state=LiveRequest.State.ENDED, ended_at=now, why=why[:500])
