"""Who belongs to a workspace and as what; invites that are open."""

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts import mail
from apps.common.trouble import Refused
from apps.console.page.page import paged, show
from apps.console.settings.links import public
from apps.database import clocks
from apps.workspaces import invites
from apps.workspaces.models import Invite, Membership, Role
from apps.workspaces.tenancy import owner

MAY = [
    (Role.VIEWER, "Viewer: may look at everything"),
    (Role.EDITOR, "Editor: may draw, go live and send again, too"),
    (Role.OWNER, "Owner: may change these settings, too"),
]
REMOVE = "remove"
SUBJECT = "{by} invites you to {workspace} on Fynoflow"
TEXT = """{by} invites you to the workspace {workspace} as {role}.

To join, open this link within seven days. It works once, and only for {email}:
{link}

If you do not know what this is, do nothing.
"""


class InviteForm(forms.Form):
    email = forms.EmailField(label="E-mail", max_length=254)
    role = forms.ChoiceField(label="May do", choices=MAY, initial=Role.EDITOR)


@require_http_methods(["GET", "HEAD", "POST"])
@owner
def members(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The list; a POST invites somebody. A link that no mail carries is shown once, to be handed on."""
    form, link = InviteForm(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        try:
            made, secret = _invited(form, membership)
        except Refused as trouble:
            form.add_error("email", f"{capfirst(str(trouble))}.")
        else:
            link = public(reverse("join", args=[secret]))
            if _mailed(made, link):
                messages.success(request, f"{made.email} gets a mail with a link. It is valid for seven days.")
                return redirect("members", membership.workspace.wsid)
            form = InviteForm()
    workspace = membership.workspace
    rows = Membership.objects.of(workspace).select_related("user").order_by("user__email")
    facts = {
        "here": "settings",
        "tab": "members",
        "form": form,
        "link": link,
        "page": paged(request, rows),
        "roles": MAY,
        "invites": invites.open_invites(workspace, clocks.now()).select_related("invited_by"),
        "mails": mail.may_send(),
    }
    return show(request, "pages/settings/members.html", membership, facts)


def _invited(form: InviteForm, membership: Membership) -> tuple[Invite, str]:
    given = form.cleaned_data
    return invites.invite(membership.workspace, given["email"], given["role"], membership.user, clocks.now())


def _mailed(made: Invite, link: str) -> bool:
    words = {"by": made.invited_by, "workspace": made.workspace, "role": made.role, "email": made.email, "link": link}
    return mail.send_to_member(made.email, " ".join(SUBJECT.format(**words).split()), TEXT.format(**words))


@require_POST
@owner
def change_member(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Another role, or out. An owner always stays."""
    workspace, wanted = membership.workspace, request.POST.get("role", "")
    with transaction.atomic():
        rows = Membership.objects.of(workspace).select_for_update(of=("self",)).select_related("user")
        everybody = list(rows.order_by("pk"))
        row = next((one for one in everybody if one.pk == pk), None)
        if row is None or wanted not in (*Role.values, REMOVE):
            raise Http404
        others = [one for one in everybody if one.role == Role.OWNER and one.pk != pk]
        if wanted != Role.OWNER and not others:
            messages.error(request, f"{row.user} is the only owner: make somebody else an owner first.")
            return redirect("members", workspace.wsid)
        messages.success(request, _changed(row, wanted))
    is_still_theirs = row.user_id != membership.user_id or wanted == Role.OWNER
    return redirect("members", workspace.wsid) if is_still_theirs else redirect("home")


def _changed(row: Membership, wanted: str) -> str:
    """What was done, in a sentence."""
    if wanted == REMOVE:
        row.delete()
        return f"{row.user} is no member any more."
    row.role = wanted
    row.save()
    return f"{row.user} is {row.get_role_display().lower()} now."


@require_POST
@owner
def withdraw_invite(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    now = clocks.now()
    found = get_object_or_404(invites.open_invites(membership.workspace, now), pk=pk)
    Invite.objects.filter(pk=found.pk).update(withdrawn_at=now)
    messages.success(request, f"The invite of {found.email} is withdrawn: its link works no more.")
    return redirect("members", membership.workspace.wsid)
