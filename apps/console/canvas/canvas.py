"""The canvas: its page, and what it asks while people draw: check, save, go live."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe
from pydantic import Field

from apps.common.trouble import Refused
from apps.common.values import Value
from apps.console.activity.recent_activity import runs_under_way
from apps.console.canvas import canvas_page
from apps.console.canvas.canvas_trial import received_payload
from apps.console.page.filling import one_at_a_time
from apps.console.page.json_views import Nothing, answers
from apps.console.page.page import number_in, show, typed
from apps.console.settings.secrets import OwnSecretForm
from apps.console.workflows.comparison import comparison
from apps.console.workflows.workflow import workflow_of
from apps.database import clocks
from apps.engine.drawing.graph import Graph
from apps.engine.drawing.samples import known, previews, sample_data
from apps.engine.values.data import RunData
from apps.sources.registry import TRIGGERS
from apps.workflows.models import MAX_COMMENT, Version, Workflow
from apps.workflows.release import approval_requests, approval_rules, publishing
from apps.workspaces.models import Membership, Secret
from apps.workspaces.tenancy import editor, member


class Check(Value):
    """A drawing to look at, and the block whose texts are to be filled in with samples."""

    graph: Graph
    selected: str = Field(default="", max_length=60)


class Save(Value):
    graph: Graph
    base: publishing.Base


class Live(Value):
    """`edition` of the version that the person looked at; a `comment` for those who approve."""

    number: int
    edition: str = Field(default="", max_length=20)
    comment: str = Field(default="", max_length=MAX_COMMENT)


class NewSecret(Value):
    name: str = Field(max_length=100)
    value: str = Field(max_length=10_000)
    hosts: str = Field(default="", max_length=2000)


@require_safe
@ensure_csrf_cookie
@member
def canvas(request: HttpRequest, membership: Membership, slug: str) -> HttpResponse:
    """`?version=2` opens that version, not the newest; with `compare=1` what differs from that one, to look at."""
    found = workflow_of(membership, slug)
    version = _wanted(found, request.GET.get("version", ""))
    page = canvas_page.page_of(membership, found, version, request.GET.get("trigger", ""))
    if version is not None and request.GET.get("compare"):
        page |= comparison(_wanted(found, request.GET["compare"]) or version, version)
    payload = received_payload(membership, found, request.GET.get("payload", ""))
    page |= {"payload": payload} if payload else {}
    facts = {"here": "workflows", "workflow": found, "page": page}
    return show(request, "pages/canvas.html", membership, facts)


def _wanted(found: Workflow, number: str) -> Version | None:
    """The version of this number; without one the newest. Raises 404."""
    if not number:
        return found.versions.order_by("-number").first()
    version = found.versions.filter(number=number_in(number)).first()
    if version is None:
        raise Http404
    return version


@member
@answers(Check)
@one_at_a_time
def check(request: HttpRequest, membership: Membership, asked: Check, slug: str) -> dict[str, Any]:
    """The problems of a drawing, and what can be known at its blocks: names with samples, texts filled in."""
    found = workflow_of(membership, slug)
    facts = canvas_page.run_facts(found)
    data = sample_data(asked.graph, facts, TRIGGERS.all())
    filled = previews(asked.graph, asked.selected, data) if asked.selected else {}
    return {
        "problems": [p.model_dump() for p in publishing.defects(found, asked.graph)],
        "known": _known(data),
        "previews": {field: preview.model_dump() for field, preview in filled.items()},
    }


def _known(data: RunData) -> dict[str, list[tuple[str, str]]]:
    """By block: what it gives, as (path, sample); the trigger's under the empty name, the person's under a dot."""
    return {
        "": known(data.trigger),
        ".": known(data.profile),
        **{key: known(output) for key, output in data.steps.items()},
    }


@editor
@answers(Save)
def save(request: HttpRequest, membership: Membership, asked: Save, slug: str) -> dict[str, Any]:
    """Save as Test: what stands then, or the conflict with what somebody else saved."""
    found = workflow_of(membership, slug)
    try:
        version = publishing.save(found, asked.graph, by=membership.user, now=clocks.now(), onto=asked.base)
    except publishing.Stale as stale:
        return {"conflict": canvas_page.stand(found, stale.version)}
    return {"saved": canvas_page.stand(workflow_of(membership, slug), version)}


@editor
@answers(Live)
def live(request: HttpRequest, membership: Membership, asked: Live, slug: str) -> dict[str, Any]:
    """Make a version Live, or ask for it where others approve."""
    found = workflow_of(membership, slug)
    version = _wanted(found, str(asked.number))
    if version is None:
        raise Http404
    now, by = clocks.now(), membership.user
    said = f"{version} is live."
    if approval_rules.needs_asking(version):
        comment = typed(asked.comment, MAX_COMMENT)
        made = approval_requests.ask(version, by=by, now=now, comment=comment, seen=asked.edition)
        said = f"Asked: {version} waits for {made.required} approval{'s' if made.required > 1 else ''}."
    else:
        publishing.go_live(version, by=by, now=now, seen=asked.edition)
    return {"versions": canvas_page.versions_of(workflow_of(membership, slug)), "said": said}


@editor
@answers(NewSecret)
def make_secret(request: HttpRequest, membership: Membership, asked: NewSecret, slug: str) -> dict[str, Any]:
    """A secret of the workspace, made where a trigger or a call needs it; all that can be picked then."""
    workspace = membership.workspace
    form = OwnSecretForm(asked.model_dump(), instance=Secret(workspace=workspace))
    if not form.is_valid():
        raise Refused("; ".join(str(line).rstrip(".") for lines in form.errors.values() for line in lines))
    form.instance.put(asked.value)
    form.save()
    return {"secrets": canvas_page.secrets_of(workspace)}


@member
@answers(Nothing)
def under_way(request: HttpRequest, membership: Membership, asked: Nothing, slug: str) -> dict[str, Any]:
    """How many runs are not over, by the number of their version."""
    return {"open": runs_under_way(workflow_of(membership, slug))}
