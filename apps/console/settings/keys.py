"""API keys of a workspace: shown once."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from apps.console.page.page import paged, show
from apps.console.settings.links import public
from apps.console.settings.own_name import OwnName
from apps.workspaces import api_keys
from apps.workspaces.models import ApiKey, Membership
from apps.workspaces.tenancy import owner


class KeyForm(OwnName):
    class Meta:
        model = ApiKey
        fields = ("name",)


@require_http_methods(["GET", "HEAD", "POST"])
@owner
def keys(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The list; a POST makes a key and shows it once."""
    workspace, shown = membership.workspace, ""
    form = KeyForm(request.POST or None, instance=ApiKey(workspace=workspace))
    if request.method == "POST" and form.is_valid():
        made, shown = api_keys.make(workspace, form.cleaned_data["name"])
        made.save()
        form = KeyForm(instance=ApiKey(workspace=workspace))
    rows = ApiKey.objects.of(workspace).order_by("name")
    facts = {
        "here": "settings",
        "tab": "keys",
        "form": form,
        "shown": shown,
        "url": public(reverse("api-events", args=[workspace.wsid])),
        "page": paged(request, rows),
    }
    return show(request, "pages/settings/keys.html", membership, facts)


@require_POST
@owner
def delete_key(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    found = get_object_or_404(ApiKey.objects.of(membership.workspace), pk=pk)
    found.delete()
    messages.success(request, f"The key of {found.name} is deleted: whoever used it is shut out at once.")
    return redirect("api-keys", membership.workspace.wsid)
