"""The secrets of a workspace: named, and never shown again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.console.page.page import paged, show
from apps.console.settings.own_name import OwnName
from apps.workspaces.deletion_guards import keepers_of
from apps.workspaces.forms import SecretForm
from apps.workspaces.models import Membership, Secret
from apps.workspaces.tenancy import editor


class OwnSecretForm(OwnName, SecretForm):
    """As the admin's, within one workspace."""

    class Meta(SecretForm.Meta):
        fields = ("name", "hosts")
        labels = {"hosts": "May be sent to"}


@require_safe
@editor
def secrets(request: HttpRequest, membership: Membership) -> HttpResponse:
    rows = Secret.objects.of(membership.workspace).order_by("name")
    facts = {"here": "settings", "tab": "secrets", "page": paged(request, rows)}
    return show(request, "pages/settings/secrets.html", membership, facts)


@require_http_methods(["GET", "HEAD", "POST"])
@editor
def secret(request: HttpRequest, membership: Membership, pk: int = 0) -> HttpResponse:
    found = _found(membership, pk)
    form = OwnSecretForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["value"]:
            form.instance.put(form.cleaned_data["value"])
        form.save()
        messages.success(request, f"“{form.instance.name}” is saved.")
        return redirect("secrets", membership.workspace.wsid)
    name = Secret.objects.get(pk=pk).name if pk else ""
    users = keepers_of([found]) if pk else []
    facts = {"here": "settings", "tab": "secrets", "form": form, "name": name, "pk": pk, "users": users}
    return show(request, "pages/settings/secret.html", membership, facts)


def _found(membership: Membership, pk: int) -> Secret:
    rows = Secret.objects.of(membership.workspace)
    return get_object_or_404(rows, pk=pk) if pk else Secret(workspace=membership.workspace)


@require_POST
@editor
def delete_secret(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    found = get_object_or_404(Secret.objects.of(membership.workspace), pk=pk)
    users = keepers_of([found])
    if users:
        messages.error(request, f"Not deleted: it is used by {', '.join(users[:5])}.")
        return redirect("secret", membership.workspace.wsid, pk)
    found.delete()
    messages.success(request, f"“{found.name}” is deleted.")
    return redirect("secrets", membership.workspace.wsid)
