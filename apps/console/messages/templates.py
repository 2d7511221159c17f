"""Templates: the words of each channel, with a preview on sample data."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from apps.common.bounded_json import Malformed, clean, loads
from apps.common.trouble import Refused
from apps.console.messages.previews import Shown, preview_of, sample_of
from apps.console.page.filling import one_at_a_time
from apps.console.page.page import asked, paged, show, typed
from apps.notifications import editing
from apps.notifications.models import Content, Template
from apps.providers.contract import CHANNEL_TITLES
from apps.workspaces.models import Membership
from apps.workspaces.tenancy import editor, member

PARTS = ("subject", "text", "html", "missing", "default")
WITH_SUBJECT = ("email", "push")
WITH_HTML = ("email",)
FIRST = {"missing": "error"}


@require_safe
@member
def templates(request: HttpRequest, membership: Membership) -> HttpResponse:
    rows = Template.objects.of(membership.workspace).prefetch_related("contents").order_by("name")
    wanted = asked(request)
    rows = rows.filter(name__icontains=wanted) if wanted else rows
    facts = {"here": "templates", "templates": paged(request, rows), "q": wanted}
    return show(request, "pages/templates.html", membership, facts)


@require_http_methods(["GET", "HEAD", "POST"])
@member
def template(request: HttpRequest, membership: Membership, pk: int = 0) -> HttpResponse:
    """One template; without a number a new one."""
    workspace = membership.workspace
    found = get_object_or_404(Template.objects.of(workspace), pk=pk) if pk else Template(workspace=workspace)
    given = _given(request) if request.method == "POST" else _stored(found)
    faults: editing.Faults = {}
    if request.method == "POST" and membership.may_edit():
        found.name = typed(request.POST.get("name", ""), 100)
        try:
            editing.save_template(found, given, by=membership.user, seen=request.POST.get("edition", ""))
            messages.success(request, f"“{found}” is saved.")
            return redirect("template", workspace.wsid, found.pk)
        except editing.Faulty as faulty:
            faults = faulty.faults
    sample = request.POST.get("sample") or json.dumps(sample_of(found), indent=2, ensure_ascii=False)
    facts = {
        "here": "templates",
        "template": found,
        "edition": editing.edition(found),
        "channels": [_channel(name, given.get(name), faults) for name in CHANNEL_TITLES],
        "faults": faults,
        "sample": sample,
        "previews": _previews(given, sample),
        "missing": Content._meta.get_field("missing").choices,
    }
    return show(request, "pages/template.html", membership, facts)


@require_POST
@member
def template_preview(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The words on the screen filled in with the sample."""
    found = _previews(_given(request), request.POST.get("sample", ""))
    return render(request, "partials/previews.html", {"previews": found})


@require_POST
@editor
def template_delete(request: HttpRequest, membership: Membership, pk: int) -> HttpResponse:
    workspace = membership.workspace
    found = get_object_or_404(Template.objects.of(workspace), pk=pk)
    try:
        editing.delete(found)
        messages.success(request, f"“{found}” is deleted.")
        return redirect("templates", workspace.wsid)
    except Refused as trouble:
        messages.error(request, f"Not deleted: {trouble}.")
        return redirect("template", workspace.wsid, pk)


def _given(request: HttpRequest) -> dict[str, dict[str, str]]:
    """The contents of the channels that are switched on, as the form has them."""
    on = [name for name in CHANNEL_TITLES if request.POST.get(f"{name}.on")]
    return {
        name: {part: _written(request.POST.get(f"{name}.{part}", FIRST.get(part, ""))) for part in PARTS} for name in on
    }


def _written(text: str) -> str:
    """A text as every database takes it, its lines ended as messages want them: forms send CR LF."""
    return str(clean(text)).replace("\r\n", "\n")


def _stored(found: Template) -> dict[str, dict[str, str]]:
    rows = found.contents.all() if found.pk else []
    return {row.channel: {part: getattr(row, part) for part in PARTS} for row in rows}


def _channel(name: str, words: dict[str, str] | None, faults: editing.Faults) -> dict[str, Any]:
    return {
        "name": name,
        "title": CHANNEL_TITLES[name],
        "on": words is not None,
        "words": words or {"missing": "error"},
        "has_subject": name in WITH_SUBJECT,
        "has_html": name in WITH_HTML,
        "faults": [" ".join(lines) for field, lines in faults.items() if field.startswith(f"{name}.")],
    }


def _previews(given: dict[str, dict[str, str]], sample: str) -> list[Shown]:
    try:
        data = loads(sample.encode(errors="replace")) if sample.strip() else {}
    except Malformed as error:
        return [Shown(title="The sample", trouble=f"The sample cannot be read: {error}.")]
    data = data if isinstance(data, dict) else {"body": data}
    try:
        return _filled(given, data)
    except Refused as trouble:
        return [Shown(title="The preview", trouble=f"{trouble}.")]


@one_at_a_time
def _filled(given: dict[str, dict[str, str]], data: dict[str, Any]) -> list[Shown]:
    return [preview_of(name, CHANNEL_TITLES[name], given[name], data) for name in CHANNEL_TITLES if name in given]
