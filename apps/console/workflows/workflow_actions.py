"""What is done with a whole workflow from its menu: one route, the verb in the form."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from apps.common.trouble import Refused
from apps.console.page.page import number_in, show, typed
from apps.console.workflows.workflow import MAX_SHOWN, workflow_of
from apps.database import clocks
from apps.workflows.dependencies import WORKFLOW, who_uses
from apps.workflows.models import Workflow
from apps.workflows.release import accepted, checklists, lifecycle
from apps.workspaces.models import Membership
from apps.workspaces.tenancy import editor

Done = tuple[str, Workflow | None]  # what to say, and whose page comes next; none: the list


@require_POST
@editor
def do(request: HttpRequest, membership: Membership, slug: str) -> HttpResponse:
    """Rename, regroup, duplicate, archive, unarchive, delete, or tick a point of its checklist."""
    found = workflow_of(membership, slug)
    act = VERBS.get(request.POST.get("verb", ""))
    if act is None:
        raise Http404
    wsid = membership.workspace.wsid
    if request.POST["verb"] in ASKED and request.POST.get("sure") != "yes":
        return _ask(request, membership, found)
    try:
        said, there = act(request, membership, found)
    except Refused as trouble:
        messages.error(request, f"Not done: {trouble}.")
        return redirect("workflow", wsid, slug)
    messages.success(request, said)
    return redirect("workflow", wsid, there.slug) if there else redirect("workflows", wsid)


def _ask(request: HttpRequest, membership: Membership, found: Workflow) -> HttpResponse:
    """Who depends on it, before it is gone."""
    verb = request.POST["verb"]
    what, then = ASKED[verb]
    users = [user for user in who_uses(membership.workspace, WORKFLOW, found.name) if user != found]
    facts = {"here": "workflows", "workflow": found, "verb": verb, "what": what, "then": then, "users": users}
    facts["waiting"] = accepted.waiting(found, MAX_SHOWN)
    return show(request, "pages/confirm.html", membership, facts)


def _rename(request: HttpRequest, membership: Membership, found: Workflow) -> Done:
    name = typed(request.POST.get("name", ""), lifecycle.MAX_NAME)
    lifecycle.rename(found, name, by=membership.user)
    return f"It is called “{name}” now.", found


def _regroup(request: HttpRequest, membership: Membership, found: Workflow) -> Done:
    wanted = number_in(request.POST.get("group", ""))
    group = lifecycle.groups_of(membership.workspace).filter(pk=wanted).first()
    lifecycle.regroup(found, group, by=membership.user)
    return (f"“{found}” is in the group “{group}”." if group else f"“{found}” is in no group."), found


def _duplicate(request: HttpRequest, membership: Membership, found: Workflow) -> Done:
    copy = lifecycle.duplicate(found, by=membership.user, now=clocks.now())
    return f"“{copy}” is a copy with URLs of its own; it is not live.", copy


def _archive(request: HttpRequest, membership: Membership, found: Workflow) -> Done:
    lifecycle.archive(found, by=membership.user, now=clocks.now())
    return f"“{found}” is archived: its URLs answer 423, and its runs can still be looked at.", None


def _unarchive(request: HttpRequest, membership: Membership, found: Workflow) -> Done:
    lifecycle.unarchive(found, by=membership.user)
    return f"“{found}” is back, and paused until somebody resumes it.", found


def _tick(request: HttpRequest, membership: Membership, found: Workflow) -> Done:
    wanted = number_in(request.POST.get("checklist", ""))
    checklist = next((row for row in checklists.open_checklists(found) if row.pk == wanted), None)
    point = request.POST.get("point", "")
    if checklist is None or point not in checklists.TICKED:
        raise Refused("there is nothing to tick any more: reload the page")
    lifecycle.tick(checklist, point, by=membership.user, now=clocks.now())
    return f"Done: {checklists.TODO[point]}.", found


def _drop(request: HttpRequest, membership: Membership, found: Workflow) -> Done:
    count = accepted.drop_waiting(found, by=membership.user, now=clocks.now())
    return f"{count} accepted request{'' if count == 1 else 's'} dropped.", found


def _delete(request: HttpRequest, membership: Membership, found: Workflow) -> Done:
    lifecycle.delete(found)
    return f"“{found}” is deleted.", None


ASKED = {
    "archive": (
        "Archive",
        "It is paused and leaves the lists: its URLs answer 423. Runs under way go on, and it can be "
        "taken out of the archive.",
    ),
    "delete": ("Delete", "Its drawing, versions and URLs are gone for good. One that has runs is kept: archive it."),
}
VERBS = {
    "rename": _rename,
    "regroup": _regroup,
    "duplicate": _duplicate,
    "archive": _archive,
    "unarchive": _unarchive,
    "delete": _delete,
    "drop": _drop,
    "tick": _tick,
}
