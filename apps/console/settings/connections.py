"""The connections of a workspace: accounts at whoever carries messages."""

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.channels import sending_limits_store
from apps.channels.models import Connection
from apps.channels.trial_message import send_trial
from apps.common.trouble import Refused
from apps.console.page.page import paged, show
from apps.console.settings.connection_form import ConnectionSettingsForm
from apps.database import clocks
from apps.providers.contract import CHANNEL_TITLES, Result
from apps.providers.registry import PROVIDERS
from apps.workspaces.deletion_guards import keepers_of
from apps.workspaces.models import Membership
from apps.workspaces.tenancy import editor

FATES = {"accepted": "It works", "unknown": "It may have arrived"}


class TrialForm(forms.Form):
    channel = forms.ChoiceField(label="Channel")
    address = forms.CharField(label="To", max_length=320, help_text="A phone number or an e-mail address of yours.")

    def __init__(self, connection: Connection, *given: object) -> None:
        super().__init__(*given)
        carried = PROVIDERS.all()[connection.kind].channels
        self.fields["channel"].choices = [(name, CHANNEL_TITLES[name]) for name in carried]


@require_safe
@editor
def connections(request: HttpRequest, membership: Membership) -> HttpResponse:
    rows = Connection.objects.of(membership.workspace).select_related("limiter").order_by("name")
    facts = {"here": "settings", "tab": "connections", "page": paged(request, rows), "kinds": _kinds()}
    return show(request, "pages/settings/connections.html", membership, facts)


def _kinds() -> list[tuple[str, str, str]]:
    """Every provider: its kind, its title, and the channels that it carries."""
    rows = PROVIDERS.all().items()
    return [(kind, cls.title, ", ".join(CHANNEL_TITLES[name] for name in cls.channels)) for kind, cls in rows]


@require_http_methods(["GET", "HEAD", "POST"])
@editor
def connection(request: HttpRequest, membership: Membership, pk: int = 0, kind: str = "") -> HttpResponse:
    found = _found(membership, pk, kind)
    form = ConnectionSettingsForm(request.POST or None, instance=found)
    if request.method == "POST" and form.is_valid():
        saved = form.saved()
        messages.success(request, f"“{saved.name}” is saved. Send a test to see that it works.")
        return redirect("connection", membership.workspace.wsid, saved.pk)
    return _shown(request, membership, form, TrialForm(found))


def _shown(
    request: HttpRequest,
    membership: Membership,
    form: ConnectionSettingsForm,
    trial: TrialForm,
    outcome: Result | None = None,
) -> HttpResponse:
    saved = Connection.objects.filter(pk=form.instance.pk).select_related("limiter").first()
    facts = {
        "here": "settings",
        "tab": "connections",
        "form": form,
        "saved": saved,
        "title": form.provider.title,
        "trial": trial,
        "outcome": outcome,
        "fate": FATES.get(outcome.kind, "It was not sent") if outcome else "",
        "users": keepers_of([saved]) if saved else [],
    }
    return show(request, "pages/settings/connection.html", membership, facts)


def _found(membership: Membership, pk: int, kind: str) -> Connection:
    workspace = membership.workspace
    if pk:
        return get_object_or_404(Connection.objects.of(workspace), pk=pk)
    if kind not in PROVIDERS.all():
        raise Http404
    return Connection(workspace=workspace, kind=kind)


@require_POST
@editor
def try_connection(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """Sends one message by the connection as it is saved, and shows what came of it."""
    found = get_object_or_404(Connection.objects.of(membership.workspace), pk=pk)
    trial, outcome = TrialForm(found, request.POST), None
    if trial.is_valid():
        try:
            outcome = send_trial(found, trial.cleaned_data["channel"], trial.cleaned_data["address"])
        except Refused as trouble:
            trial.add_error(None, f"{capfirst(str(trouble))}.")
    return _shown(request, membership, ConnectionSettingsForm(instance=found), trial, outcome)


@require_POST
@editor
def change_connection(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    """`verb`: pause, resume, try-now or delete."""
    found = get_object_or_404(Connection.objects.of(membership.workspace), pk=pk)
    match request.POST.get("verb"):
        case "pause" | "resume" as verb:
            found.paused = verb == "pause"
            found.save()
            messages.success(request, "It is paused: its messages wait." if found.paused else "Its messages go on.")
        case "try-now":
            sending_limits_store.try_now([found.pk], clocks.now())
            messages.success(request, "One message goes out now; if it is taken, the others follow.")
        case "delete":
            return _deleted(request, membership, found)
        case _:
            raise Http404
    return redirect("connection", membership.workspace.wsid, pk)


def _deleted(request: HttpRequest, membership: Membership, found: Connection) -> HttpResponse:
    users = keepers_of([found])
    if users:
        messages.error(request, f"Not deleted: it is used by {', '.join(users[:5])}.")
        return redirect("connection", membership.workspace.wsid, found.pk)
    found.delete()
    messages.success(request, f"“{found.name}” is deleted.")
    return redirect("connections", membership.workspace.wsid)
