"""Making a workspace: by superusers, or by everybody where the installation says so."""

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from apps.accounts.models import User
from apps.common.zones import zone_choices
from apps.database import clocks
from apps.workflows import example
from apps.workflows.release import publishing
from apps.workspaces.models import Membership, Role, Workspace
from apps.workspaces.tenancy import signed_in

MOST_OWN = 20  # workspaces of one person where everybody may make them
STARTS = [
    ("example", "With an example: a payment workflow with its events, templates and a test inbox"),
    ("empty", "Empty"),
]


class NewWorkspaceForm(forms.ModelForm):
    time_zone = forms.ChoiceField(label="Time zone", choices=zone_choices, initial="UTC")
    start = forms.ChoiceField(label="Begin", choices=STARTS, widget=forms.RadioSelect, initial="example")

    class Meta:
        model = Workspace
        fields = ("name", "time_zone")


def may_make_workspaces(user: User) -> bool:
    return bool(user.is_superuser or settings.ANYBODY_MAKES_WORKSPACES)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def new_workspace(request: HttpRequest) -> HttpResponse:
    user = request.user
    if not may_make_workspaces(user):
        raise PermissionDenied("Only whoever runs this installation makes workspaces here. Ask them for one.")
    form = NewWorkspaceForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        own = Membership.objects.filter(user=user, role=Role.OWNER).count()
        if own < MOST_OWN or user.is_superuser:
            made = _made(form, user)
            messages.success(request, f"“{made.name}” is made, and you are its owner.")
            return redirect("workspace", made.wsid)
        form.add_error(None, f"You own {own} workspaces already: ask whoever runs this installation for another.")
    return render(request, "pages/account/new_workspace.html", {"form": form})


def _made(form: NewWorkspaceForm, user: User) -> Workspace:
    with transaction.atomic():
        made: Workspace = form.save(commit=False)
        made.test_addresses = "\n".join(line for line in (user.email, user.phone) if line)
        made.save()
        Membership.objects.create(workspace=made, user=user, role=Role.OWNER)
        if form.cleaned_data["start"] == "example":
            example.draw(publishing.create(made, "Payments"), user, clocks.now())
    return made
