"""One message: the words that went out, what came of each try, and sending it again."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST, require_safe

from apps.channels import deliveries, sending_again
from apps.channels.models import Attempt, Delivery
from apps.channels.sms import sms_length
from apps.common.ids import uuid_in
from apps.console.messages.previews import Shown
from apps.console.page.page import PAGE, show
from apps.database import clocks
from apps.notifications.models import Notification
from apps.runs.claims.interventions import VERDICTS
from apps.runs.models import Run
from apps.workspaces.models import Membership, Workspace
from apps.workspaces.tenancy import editor, member

MOST_TRIES = 100


@require_safe
@member
def message(request: HttpRequest, membership: Membership, pk: str) -> HttpResponse:
    workspace = membership.workspace
    row = get_object_or_404(Delivery.objects.of(workspace).select_related("connection"), pk=pk)
    then = sending_again.successors([row]).get(row.pk)
    tries = list(Attempt.objects.filter(delivery=row).order_by("number")[:MOST_TRIES])
    facts = {
        "here": "messages",
        "row": row,
        "previews": [words_of(row)],
        "tries": tries,
        "run": Run.objects.of(workspace).select_related("workflow").filter(pk=row.run_id).first(),
        "event": _event(workspace, row),
        "first": Delivery.objects.of(workspace).filter(pk=row.again_of).first(),
        "then": then,
        "why_not": sending_again.why_not(row, workspace, then is not None),
        "must_decide": row.state == Delivery.State.UNKNOWN,
        "sent_at": tries[-1].started_at if tries else row.created_at,
    }
    return show(request, "pages/message.html", membership, facts)


def words_of(row: Delivery) -> Shown:
    """What a delivery says, as somebody would read it."""
    words = {part: row.content.get(part, "") for part in ("subject", "text", "html")}
    sms = sms_length(words["text"]) if row.channel == "sms" and words["text"] else None
    return Shown(title=row.get_channel_display(), sms=sms, **words)


def _event(workspace: Workspace, row: Delivery) -> Any:
    said = Notification.objects.of(workspace).select_related("event").filter(pk=row.notification_id).first()
    return said.event if said else None


@require_POST
@editor
def decide_message(request: HttpRequest, membership: Membership, pk: str) -> HttpResponse:
    """What a person says became of a message that may have arrived: `arrived`, `again` or `give-up`."""
    row = get_object_or_404(Delivery.objects.of(membership.workspace), pk=pk)
    verdict = request.POST.get("verdict", "")
    if verdict not in VERDICTS:
        raise Http404
    if deliveries.resolve(row.pk, verdict, str(membership.user), clocks.now()):
        messages.success(request, "Noted, with your name.")
    else:
        messages.error(request, "There was nothing to decide any more.")
    return redirect("message", membership.workspace.wsid, row.pk)


@require_POST
@editor
def send_again(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Shows what would go; with `sure` it goes. `message`: the ids, at most a page of them."""
    workspace = membership.workspace
    asked = [key for text in request.POST.getlist("message")[:PAGE] if (key := uuid_in(text))]
    rows = list(Delivery.objects.of(workspace).filter(pk__in=asked).select_related("connection").order_by("-id"))
    if not rows:
        messages.error(request, "No message is ticked. Tick those that are to be sent again.")
        return redirect("messages", workspace.wsid)
    if request.POST.get("sure") != "yes":
        return show(request, "pages/send_again.html", membership, {"here": "messages", **_told(rows, workspace)})
    went = sending_again.send_again(rows, workspace, str(membership.user), clocks.now())
    _say(request, len(went), len(rows) - len(went))
    if len(rows) == 1 and went:
        return redirect("message", workspace.wsid, went[rows[0].pk])
    return redirect("messages", workspace.wsid)


def _told(rows: list[Delivery], workspace: Workspace) -> dict[str, Any]:
    followed = sending_again.successors(rows)
    told = [(row, sending_again.why_not(row, workspace, row.pk in followed)) for row in rows]
    return {"able": [row for row, why in told if not why], "unable": [(row, why) for row, why in told if why]}


def _say(request: HttpRequest, went: int, left: int) -> None:
    if went:
        messages.success(request, f"{went} message{'s are' if went > 1 else ' is'} on the way again.")
    if left:
        messages.error(request, f"{left} {'were' if left > 1 else 'was'} not sent again: its page says why.")
