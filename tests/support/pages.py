"""Every page, and what strangers may have typed into what they show."""

from datetime import UTC, datetime

from django.contrib import admin
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from apps.channels.models import Attempt, CapturedMessage, Connection, Delivery
from apps.engine.drawing.graph import parse_graph
from apps.events.models import Event
from apps.notifications.models import Content, NotificationEvent, Template
from apps.people.models import Person, PersonIdentity
from apps.runs.models import Run, Step
from apps.sources.registry import DOORS
from apps.triggers.models import LoggedRequest, Source
from apps.workflows.models import Checklist, Group, LiveRequest, Opinion, Version, Workflow
from apps.workflows.release import publishing
from apps.workspaces.models import Secret, Workspace
from tests.support import draw

MODELS = sorted(admin.site._registry, key=lambda m: m._meta.label)


HOSTILE = "\"'><img src=x onerror=alert(1)><script>document.title='owned'</script>{{ 7|add:7 }}{% now 'Y' %}</textarea>"
NOW = datetime(2026, 11, 24, 12, 30, tzinfo=UTC)


def urls_of(workspace: Workspace) -> list[str]:
    """Every page of a workspace that reads."""
    wsid = workspace.wsid
    pages = [
        reverse(name, args=[wsid])
        for name in (
            "workspace",
            "search",
            "workflows",
            "runs",
            "messages",
            "people",
            "to-erase",
            "requests",
            "test-inbox",
        )
    ]
    pages += [reverse(name, args=[wsid]) for name in ("approvals", "copy", "import")]
    pages += [reverse(name, args=[wsid]) for name in ("templates", "new-template", "events", "new-event")]
    pages += [
        reverse(name, args=[wsid]) for name in ("settings", "members", "connections", "sources", "secrets", "api-keys")
    ]
    pages += [reverse("new-source", args=[wsid, kind]) for kind in DOORS.all()]
    pages += [reverse("source", args=[wsid, row.pk]) for row in Source.objects.of(workspace)]
    pages += [reverse("new-secret", args=[wsid]), reverse("new-connection", args=[wsid, "smtp"])]
    pages += [reverse("connection", args=[wsid, row.pk]) for row in Connection.objects.of(workspace)]
    pages += [reverse("secret", args=[wsid, row.pk]) for row in Secret.objects.of(workspace)]
    for flow in Workflow.objects.of(workspace):
        names = ("workflow", "drawing", "canvas", "versions", "workflow-log")
        pages += [reverse(name, args=[wsid, flow.slug]) for name in names]
        pages += [reverse("compare", args=[wsid, flow.slug])] if flow.versions.exists() else []
    for row in Template.objects.of(workspace):
        pages += [reverse(name, args=[wsid, row.pk]) for name in ("template", "template-log")]
    for row in NotificationEvent.objects.of(workspace):
        pages += [reverse(name, args=[wsid, row.pk]) for name in ("event", "event-log")]
    for run in Run.objects.of(workspace):
        pages += [reverse(name, args=[wsid, run.pk]) for name in ("run", "run-live")]
    for row in Delivery.objects.of(workspace):
        pages.append(reverse("message", args=[wsid, row.pk]))
    pages += [reverse("person", args=[wsid, row.pk]) for row in Person.objects.of(workspace)]
    own = [reverse(name) for name in ("home", "system", "profile", "new-workspace")]
    return [*own, *pages]


def poison(workspace: Workspace) -> None:
    """A hostile string in every field that a page shows as text."""
    Workspace.objects.filter(pk=workspace.pk).update(name=HOSTILE[:100])
    Workflow.objects.update(name=HOSTILE[:100])
    Connection.objects.update(name=HOSTILE[:100])
    Template.objects.update(name=F("pk"))
    Template.objects.filter(pk=Template.objects.earliest("pk").pk).update(name=HOSTILE[:100])
    Content.objects.update(subject=HOSTILE[:300], text=HOSTILE, html=HOSTILE)
    Version.objects.update(name=HOSTILE[:60], note=HOSTILE)
    Group.objects.create(workspace=workspace, name=HOSTILE[:50])
    poison_requests(workspace)
    Person.objects.update(name=HOSTILE[:200], language=HOSTILE[:35], attributes={HOSTILE: HOSTILE})
    PersonIdentity.objects.filter(kind="email").update(value=HOSTILE[:200])
    Workflow.history.update(history_change_reason=HOSTILE[:100])
    Run.objects.update(error=HOSTILE, code=HOSTILE[:50])
    Step.objects.update(why=HOSTILE, outlet=HOSTILE[:50], input={HOSTILE: HOSTILE}, output={HOSTILE: [HOSTILE]})
    Step.objects.filter(seq=1).update(node=HOSTILE[:50], outcome=HOSTILE[:20])
    Delivery.objects.update(address=HOSTILE, reason=HOSTILE)
    Attempt.objects.update(why=HOSTILE, outcome=HOSTILE[:20])
    CapturedMessage.objects.update(address=HOSTILE, subject=HOSTILE, text=HOSTILE, html=HOSTILE)
    LoggedRequest.objects.update(reason=HOSTILE, content_type=HOSTILE, address=HOSTILE[:45], method=HOSTILE[:10])
    Event.objects.update(body={HOSTILE: HOSTILE}, reason=HOSTILE)


def poison_requests(workspace: Workspace) -> None:
    """An open request and one that is over, and a checklist, all with hostile words."""
    now, flow = timezone.now(), Workflow.objects.of(workspace).first()
    for state in ("open", "rejected"):
        told = {"version": flow.versions.first(), "required": 1, "asked_at": now, "comment": HOSTILE, "why": HOSTILE}
        row = LiveRequest.objects.create(workspace=workspace, workflow=flow, state=state, **told)
        Opinion.objects.create(request=row, approves=True, comment=HOSTILE, at=now)
    checklist = Checklist.objects.create(workspace=workspace, workflow=flow, source=HOSTILE[:300], created_at=now)
    flow.versions.update(checklist=checklist)


def draw_hostile(workflow: Workflow) -> None:
    graph = parse_graph(
        {
            "nodes": [
                draw.webhook("start", named=HOSTILE[:100], sample=HOSTILE),
                {"id": "a", "kind": HOSTILE[:50], "name": HOSTILE[:100], "settings": {HOSTILE: HOSTILE}},
                {"id": "constructor", "kind": "__proto__", "name": "toString", "settings": {}},
                {"id": "c", "kind": "constructor", "name": "valueOf", "settings": {}},
                draw.stop("b", named=HOSTILE[:100], code=HOSTILE),
            ],
            "edges": [{"source": "start", "target": "a"}, {"source": HOSTILE, "outlet": HOSTILE, "target": HOSTILE}],
        }
    )
    publishing.save(workflow, graph, by=None, now=NOW)
    Workflow.objects.filter(pk=workflow.pk).update(live=None)
