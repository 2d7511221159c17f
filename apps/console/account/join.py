"""Joining a workspace by the link of an invite."""

from django import forms
from django.contrib.auth import login
from django.contrib.auth.password_validation import validate_password
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.text import capfirst
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.accounts.models import User
from apps.common.trouble import Refused
from apps.database import clocks
from apps.workspaces import invites
from apps.workspaces.models import Invite


class NewPasswordForm(forms.Form):
    password = forms.CharField(
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 10 characters.",
    )

    def __init__(self, email: str, *given: object) -> None:
        super().__init__(*given)
        self._email = email

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password, User(email=self._email))
        return password


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Who is signed in joins by a button; who has no account yet chooses a password first."""
    now = clocks.now()
    try:
        found = invites.open_invite(secret, now)
        if request.method == "POST" and request.user.is_authenticated:
            return _joined(secret, request.user)
        form = NewPasswordForm(found.email, request.POST or None)
        has_account = User.objects.filter(email=found.email).exists()
        if request.method == "POST" and not has_account and form.is_valid():
            user = User.objects.create_user(found.email, form.cleaned_data["password"])
            login(request, user, backend="django.contrib.auth.backends.ModelBackend")
            return _joined(secret, user)
    except Refused as trouble:
        return render(request, "pages/account/join.html", {"trouble": f"{capfirst(str(trouble))}."}, status=410)
    return render(request, "pages/account/join.html", _facts(found, form, has_account))


def _joined(secret: str, user: User) -> HttpResponse:
    membership = invites.accept(secret, user, clocks.now())
    return redirect("workspace", membership.workspace.wsid)


def _facts(found: Invite, form: NewPasswordForm, has_account: bool) -> dict[str, object]:
    return {"invite": found, "form": form, "has_account": has_account}
