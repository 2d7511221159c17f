"""What a workspace is called, its zone, and the addresses that test messages may reach."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from apps.common.zones import zone_choices
from apps.console.page.page import show
from apps.engine.values.phone_numbers import is_country
from apps.workspaces.models import Membership, Workspace
from apps.workspaces.tenancy import owner

MAX_TEST_LIST = 20_000


class GeneralForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        label="Time zone", choices=zone_choices, help_text="Of times on the pages, of “9 in the morning”, of dates."
    )

    class Meta:
        model = Workspace
        fields = ("name", "time_zone", "country", "test_addresses")
        widgets = {"test_addresses": forms.Textarea(attrs={"rows": 6, "maxlength": MAX_TEST_LIST})}
        labels = {"test_addresses": "Test list"}
        help_texts = {
            "country": "Two letters, as IN. Numbers without a code are from there, in the test list and the search.",
            "test_addresses": "Phone numbers and e-mail addresses that test messages may reach, one a line. "
            "Messages of the Test environment go to nobody else.",
        }

    def clean_country(self) -> str:
        code: str = self.cleaned_data["country"].strip().upper()
        if code and not is_country(code):
            raise forms.ValidationError("Write the two letters of a country, as IN or DE.")
        return code


@require_http_methods(["GET", "HEAD", "POST"])
@owner
def general(request: HttpRequest, membership: Membership) -> HttpResponse:
    form = GeneralForm(request.POST or None, instance=Workspace.objects.get(pk=membership.workspace_id))
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, "Saved.")
        return redirect("settings", membership.workspace.wsid)
    mine = [line for line in (membership.user.email, membership.user.phone) if line]
    left = [line for line in mine if not membership.workspace.may_test(line)]
    facts = {"here": "settings", "tab": "general", "form": form, "left": left}
    return show(request, "pages/settings/general.html", membership, facts)


@require_POST
@owner
def add_mine(request: HttpRequest, membership: Membership) -> HttpResponse:
    """Puts the e-mail address and the phone number of who asks on the test list."""
    workspace, user = membership.workspace, membership.user
    new = [line for line in (user.email, user.phone) if line and not workspace.may_test(line)]
    if new:
        workspace.test_addresses = "\n".join([*workspace.test_addresses.splitlines(), *new])
        workspace.save()
        messages.success(request, f"{' and '.join(new)} may get test messages now.")
    return redirect("settings", workspace.wsid)
