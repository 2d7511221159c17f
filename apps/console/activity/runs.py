"""The list of runs with its filters."""

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from apps.console.activity.search_results import SearchResult, find
from apps.console.page.filters import made_between
from apps.console.page.page import asked, newest, paged, show, zone_for
from apps.runs.models import Run
from apps.workflows.models import Workflow
from apps.workspaces.models import Membership
from apps.workspaces.tenancy import member

ENVIRONMENTS = ("live", "test")
MOST_WORKFLOWS = 200
FILTERS = ("q", "status", "environment", "workflow", "since", "until")
# Filters over several states; each part has an index of its own.
GOING = Q(state__in=["ready", "waiting"]) | Q(state="working") | Q(state="reconciling")
BAD = Q(state="failed") | Q(state="needs_attention")
GROUPS = {"going": ("going on", GOING), "bad": ("failed or needs attention", BAD)}


@require_safe
@member
def runs(request: HttpRequest, membership: Membership) -> HttpResponse:
    workspace = membership.workspace
    choices = list(Workflow.objects.of(workspace).order_by("name")[:MOST_WORKFLOWS])
    chosen = {name: asked(request, name) for name in FILTERS}
    rows = newest(Run.objects.of(workspace).filter(_chosen(chosen), made_between(zone_for(membership), chosen)))
    rows = rows.filter(_found(find(workspace, chosen["q"]))) if chosen["q"] else rows
    facts = {
        "here": "runs",
        "runs": paged(request, rows),
        "states": [*((name, words) for name, (words, _) in GROUPS.items()), *Run.State.choices],
        "environments": ENVIRONMENTS,
        "workflows": choices,
        "chosen": chosen,
        "filtered": any(chosen.values()),
    }
    return show(request, "pages/runs.html", membership, facts)


def _chosen(chosen: dict[str, str]) -> Q:
    wanted = Q()
    if chosen["status"] in Run.State.values:
        wanted &= Q(state=chosen["status"])
    if chosen["status"] in GROUPS:
        wanted &= GROUPS[chosen["status"]][1]
    if chosen["environment"] in ENVIRONMENTS:
        wanted &= Q(environment=chosen["environment"])
    if chosen["workflow"]:
        wanted &= Q(workflow__slug=chosen["workflow"])
    return wanted


def _found(found: SearchResult) -> Q:
    return Q(pk__in=found.run_ids) | Q(event_id__in=found.event_ids)
