"""The request log: what arrived at the endpoints, also what was refused."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.console.page.page import asked, paged, show
from apps.triggers.models import ENVIRONMENTS, LoggedRequest
from apps.workflows.models import Workflow
from apps.workspaces.models import Membership
from apps.workspaces.tenancy import member

MOST_WORKFLOWS = 200


@require_safe
@member
def request_log(request: HttpRequest, membership: Membership) -> HttpResponse:
    workspace = membership.workspace
    chosen = {name: asked(request, name) for name in ("outcome", "environment", "workflow")}
    rows = (
        LoggedRequest.objects.of(workspace)
        .filter(_chosen(chosen))
        .select_related("trigger__workflow", "source")
        .order_by("-id")
    )
    facts = {
        "here": "requests",
        "requests": paged(request, rows),
        "outcomes": LoggedRequest.Outcome.values,
        "environments": [value for value, _ in ENVIRONMENTS],
        "workflows": list(Workflow.objects.of(workspace).order_by("name")[:MOST_WORKFLOWS]),
        "chosen": chosen,
        "filtered": any(chosen.values()),
    }
    return show(request, "pages/requests.html", membership, facts)


def _chosen(chosen: dict[str, str]) -> Q:
    wanted = Q()
    if chosen["outcome"]:
        wanted &= Q(outcome=chosen["outcome"])
    if chosen["environment"]:
        wanted &= Q(environment=chosen["environment"])
    if chosen["workflow"]:
        wanted &= Q(trigger__workflow__slug=chosen["workflow"])
    return wanted
