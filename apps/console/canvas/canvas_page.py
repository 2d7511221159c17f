"""What the canvas is given with its page: the drawing, its versions, every kind of block, and what can be picked."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse

from apps.engine.drawing.graph import parse_graph
from apps.engine.drawing.samples import known
from apps.engine.values.data import RunData
from apps.engine.values.paths import joined
from apps.notifications.models import NotificationEvent
from apps.people.sample import sample_profile
from apps.sources.registry import DOORS
from apps.triggers.models import Source
from apps.workflows.dependencies import by_ids
from apps.workflows.describe.catalogue import catalogue
from apps.workflows.first_drawing import first_drawing
from apps.workflows.models import Version, Workflow
from apps.workflows.release import approval_rules
from apps.workspaces.models import Membership, Secret, Workspace

MAX_VERSIONS, MAX_CHOICES = 200, 1000
CALLS = ("check", "save", "live", "under_way", "payloads", "dry_run", "try_call", "fire", "make_secret")


def page_of(membership: Membership, workflow: Workflow, version: Version | None, trigger: str = "") -> dict[str, Any]:
    """All that the canvas is drawn from, as one JSON document. `trigger`: of what kind a first drawing is."""
    workspace = membership.workspace
    facts = run_facts(workflow)
    return {
        **stand(workflow, version, trigger),
        "name": workflow.name,
        "draft_key": f"fynoflow:{membership.user_id}:{workflow.slug}",
        "may_edit": membership.may_edit(),
        "approvals": _approvals(workspace, version),
        "kinds": catalogue(),
        "sources": sources_of(workspace),
        "facts": [*_under("workspace", facts.workspace), *_under("run", facts.run)],
        "urls": urls_of(workspace, workflow),
    }


def _approvals(workspace: Workspace, version: Version | None) -> dict[str, Any] | None:
    """What Go live means here: so many others approve first; None where it needs nobody, or has them."""
    rule = approval_rules.rule_of(workspace)
    if rule is None or (version is not None and approval_rules.is_approved(version, version.edition())):
        return None
    return {"required": rule.required, "goes_live": rule.goes_live}


def _under(root: str, facts: dict[str, Any]) -> list[tuple[str, str]]:
    return [(joined(root, path), text) for path, text in known(facts)]


def stand(workflow: Workflow, version: Version | None, trigger: str = "") -> dict[str, Any]:
    """A version as it stands, among all versions; where there is none, an empty drawing."""
    newest = workflow.versions.order_by("-number").first()
    base = {"number": 0, "edition": "", "newest": newest.number if newest else 0}
    if version is not None:
        base = {**base, "number": version.number, "edition": version.edition()}
    return {"graph": graph_of(version, trigger), "base": base, "versions": versions_of(workflow)}


def graph_of(version: Version | None, trigger: str = "") -> dict[str, Any]:
    if version is None:
        return parse_graph(first_drawing(trigger)).model_dump(mode="json")
    return by_ids(version.workflow.workspace, version.drawn()).model_dump(mode="json")


def versions_of(workflow: Workflow) -> list[dict[str, Any]]:
    """The newest versions, newest first."""
    rows = workflow.versions.select_related("saved_by").order_by("-number")[:MAX_VERSIONS]
    return [
        {
            "number": row.number,
            "name": row.name,
            "note": row.note,
            "test": row.pk == workflow.test_id,
            "live": row.pk == workflow.live_id,
            "by": row.saved_by.email if row.saved_by else "",
            "at": (row.saved_at or row.created_at).isoformat(),
        }
        for row in rows
    ]


def run_facts(workflow: Workflow) -> RunData:
    """What a run of this workflow knows of itself and its workspace, as examples."""
    run = {"id": "019e5a7c-0000-7000-8000-000000000000", "request_id": "019e5a7c-0000-7000-8000-000000000001"}
    run |= {"environment": "test", "started_at": "2026-01-31T09:30:00+00:00"}
    return RunData(workspace=workflow.workspace.facts(), run=run, profile=sample_profile(workflow.workspace))


def sources_of(workspace: Workspace) -> dict[str, list[tuple[str, ...]]]:
    """What settings may point to, by the name of the source: (value, words), and for events their channels."""
    events = NotificationEvent.objects.of(workspace).order_by("name").prefetch_related("connections")
    workflows = Workflow.objects.of(workspace).filter(archived_at__isnull=True).order_by("name")
    return {
        "events": [_event(event) for event in events[:MAX_CHOICES]],
        "secrets": secrets_of(workspace),
        **door_names(workspace),
        "workflows": [(row.slug, row.name) for row in workflows[:MAX_CHOICES]],
    }


def door_names(workspace: Workspace) -> dict[str, list[tuple[str, ...]]]:
    """The workspace's sources, by the kind of trigger that names them."""
    found: dict[str, list[tuple[str, ...]]] = {f"sources_{kind}": [] for kind in DOORS.all()}
    for kind, name in Source.objects.of(workspace).order_by("name").values_list("kind", "name")[:MAX_CHOICES]:
        found.setdefault(f"sources_{kind}", []).append((name, name))
    return found


def secrets_of(workspace: Workspace) -> list[tuple[str, ...]]:
    names = Secret.objects.of(workspace).order_by("name").values_list("name", flat=True)
    return [(name, name) for name in names[:MAX_CHOICES]]


def _event(event: NotificationEvent) -> tuple[str, ...]:
    return (event.name, event.name, *sorted(one.channel for one in event.connections.all()))


def urls_of(workspace: Workspace, workflow: Workflow) -> dict[str, str]:
    here = [workspace.wsid, workflow.slug]
    return {
        **{call: reverse(f"canvas-{call}", args=here) for call in CALLS},
        "workflow": reverse("workflow", args=here),
        "log": reverse("workflow-log", args=here),
        "canvas": reverse("canvas", args=here),
        "sign_in": reverse("sign-in"),
        "icons": static("builder/icons.svg"),
        "editor": static("builder/editor.js"),
    }
