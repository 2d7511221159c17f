"""One's own profile: name, number, zone and password."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from apps.accounts.models import User
from apps.common.zones import zone_choices
from apps.workspaces.tenancy import signed_in


def _zones() -> list[tuple[str, str]]:
    return [("", "Each workspace’s own"), *zone_choices()]


class ProfileForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        label="Time zone", choices=_zones, required=False, help_text="In which you read times on the pages."
    )

    class Meta:
        model = User
        fields = ("first_name", "last_name", "phone", "time_zone")
        labels = {"first_name": "First name", "last_name": "Last name", "phone": "Your number"}
        help_texts = {"phone": "With the country’s code, as +919800000001: for test messages to yourself."}

    def clean_phone(self) -> str:
        plain = "".join(c for c in self.cleaned_data["phone"] if c not in " ()-./")
        if plain and not (plain.startswith("+") and plain[1:].isascii() and plain[1:].isdigit() and len(plain) > 7):
            raise forms.ValidationError("Write it with the country’s code, as +919800000001.")
        return plain


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def profile(request: HttpRequest) -> HttpResponse:
    """Two forms: `what` says which of them was sent."""
    user, what = request.user, request.POST.get("what", "")
    facts = ProfileForm(request.POST if what == "profile" else None, instance=User.objects.get(pk=user.pk))
    password = PasswordChangeForm(user, request.POST if what == "password" else None)
    sent = {"profile": facts, "password": password}.get(what)
    if sent is not None and sent.is_valid():
        sent.save()
        if what == "password":
            update_session_auth_hash(request, user)  # this session stays; all others end
        messages.success(request, "Saved." if what == "profile" else "Your password is changed. Other sessions ended.")
        return redirect("profile")
    shown: dict[str, Any] = {"facts": facts, "password": password, "here": "profile"}
    return render(request, "pages/account/profile.html", shown)
