"""What workflows depend on: what their drawings name, and what stands behind the notification events; and who uses it.

A need has a name and no id, so that it means the same in every workspace.
"""

import json
from collections.abc import Iterable
from typing import Annotated

from django.db.models import Q
from pydantic import Field

from apps.channels.models import Connection
from apps.common.values import Value
from apps.engine.drawing.graph import Graph
from apps.engine.drawing.uses import renamed, used_in
from apps.notifications.models import NotificationEvent, Template
from apps.sources.registry import TRIGGERS
from apps.triggers.models import Source
from apps.workflows.models import Workflow
from apps.workspaces.models import Secret, Workspace

EVENT, TEMPLATE, CONNECTION, SECRET, WORKFLOW = "notification event", "template", "connection", "secret", "workflow"
SOURCE = "source"
MAX_NAME = 100
BEHIND = (TEMPLATE, CONNECTION)  # of an event
_MODELS = {EVENT: NotificationEvent, TEMPLATE: Template, CONNECTION: Connection, SECRET: Secret, WORKFLOW: Workflow}
_MODELS[SOURCE] = Source


class Dependency(Value):
    """Something that a drawing depends on. `by`: the names of the blocks that need it, or of notification events."""

    what: str = Field(max_length=50)
    name: str = Field(max_length=MAX_NAME)
    by: tuple[Annotated[str, Field(max_length=100)], ...] = Field(default=(), max_length=1000)


class ResolvedDependency(Value):
    """A need as a workspace has it: `key` is the id of its row there, 0 where it is missing."""

    need: Dependency
    key: int = 0


def named_in(graph: Graph, trigger_secret: str = "") -> list[Dependency]:
    """What a drawing and its trigger name, as it stands there."""
    found: dict[tuple[str, str], list[str]] = {}
    for use in used_in(graph, TRIGGERS.all()):
        node = graph.node(use.node)
        found.setdefault((use.what, use.name), []).append(node.name or node.id if node else use.node)
    if trigger_secret:
        found.setdefault((SECRET, trigger_secret), []).append("the trigger")
    return [Dependency(what=what, name=_bounded(name), by=_each_once(by)) for (what, name), by in found.items() if name]


def _bounded(name: str) -> str:
    """No thing has a longer name: a drawing that says one finds it nowhere."""
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"


def by_names(workspace: Workspace, graph: Graph) -> Graph:
    """The drawing with the names of workflows in place of their public ids."""
    names = dict(Workflow.objects.of(workspace).values_list("slug", "name"))
    return renamed(graph, WORKFLOW, names, TRIGGERS.all())


def by_ids(workspace: Workspace, graph: Graph) -> Graph:
    """The drawing with the public ids of workflows in place of names, as one has it that was imported before them."""
    slugs = dict(Workflow.objects.of(workspace).filter(archived_at=None).values_list("name", "slug"))
    return renamed(graph, WORKFLOW, slugs, TRIGGERS.all())


def needs_of(workflow: Workflow, graph: Graph) -> list[Dependency]:
    """All that a drawing of this workflow and its trigger need, by name."""
    secret = workflow.trigger.secret
    direct = named_in(by_names(workflow.workspace, graph), secret.name if secret else "")
    return direct + behind(workflow.workspace, [need.name for need in direct if need.what == EVENT])


def behind(workspace: Workspace, events: Iterable[str]) -> list[Dependency]:
    """The templates and connections of the notification events with these names."""
    rows = NotificationEvent.objects.of(workspace).filter(name__in=set(events)).select_related("template")
    found: dict[tuple[str, str], list[str]] = {}
    for event in rows.order_by("name").prefetch_related("connections__connection"):
        found.setdefault((TEMPLATE, event.template.name), []).append(event.name)
        for row in event.connections.all():
            found.setdefault((CONNECTION, row.connection.name), []).append(event.name)
    needs = [Dependency(what=what, name=name, by=_each_once(by)) for (what, name), by in found.items()]
    return sorted(needs, key=lambda need: BEHIND.index(need.what))


def _each_once(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def matches(workspace: Workspace, needs: Iterable[Dependency]) -> list[ResolvedDependency]:
    """Each need as this workspace has it, matched by name."""
    needs = list(needs)
    keys = {what: _keys(workspace, what, [n.name for n in needs if n.what == what]) for what in _MODELS}
    return [ResolvedDependency(need=need, key=keys.get(need.what, {}).get(need.name, 0)) for need in needs]


def _keys(workspace: Workspace, what: str, names: list[str]) -> dict[str, int]:
    rows = _MODELS[what].objects.of(workspace).filter(name__in=names)
    if what == WORKFLOW:
        rows = rows.filter(archived_at=None)
    return dict(rows.values_list("name", "pk"))


def matches_elsewhere(workspace: Workspace, needs: Iterable[Dependency]) -> list[ResolvedDependency]:
    """The needs of a drawing from another workspace, as this one has them.

    An event that is here has a template and connections of its own: they stand in for those it has over there.
    """
    needs = list(needs)
    here = {found.need.name for found in matches(workspace, needs) if found.need.what == EVENT and found.key}
    kept = [need for need in needs if need.what not in BEHIND or not here.issuperset(need.by)]
    told = {(need.what, need.name) for need in kept}
    return matches(workspace, [*kept, *(n for n in behind(workspace, here) if (n.what, n.name) not in told)])


def who_uses(workspace: Workspace, what: str, name: str) -> list[Workflow]:
    """The workflows whose Test or Live version needs this, as ("secret", "SHOP"); by name, also a workflow."""
    direct = _direct(workspace, what, name)
    rows = Workflow.objects.of(workspace).filter(_may_name(name for _, name in direct))
    found = rows.select_related("test", "live").order_by("name") if direct else ()
    return [workflow for workflow in found if direct & _named_by(workflow)]


def _may_name(names: Iterable[str]) -> Q:
    """A first look, by the database: the name stands somewhere in the text of the drawing."""
    found = Q()
    for name in names:
        text = json.dumps(name, ensure_ascii=False)
        found |= Q(test__graph__contains=text) | Q(live__graph__contains=text)
    return found


def _direct(workspace: Workspace, what: str, name: str) -> set[tuple[str, str]]:
    """What a drawing names when it needs this: for a template or a connection, the events that have it."""
    events = NotificationEvent.objects.of(workspace)
    if what == TEMPLATE:
        return {(EVENT, event.name) for event in events.filter(template__name=name)}
    if what == CONNECTION:
        return {(EVENT, event.name) for event in events.filter(connections__connection__name=name)}
    if what == WORKFLOW:
        slugs = Workflow.objects.of(workspace).filter(name=name).values_list("slug", flat=True)
        return {(WORKFLOW, word) for word in (name, *slugs)}
    return {(what, name)}


def _named_by(workflow: Workflow) -> set[tuple[str, str]]:
    drawings = [version.drawing() for version in (workflow.test, workflow.live) if version]
    return {(use.what, use.name) for drawing in drawings for use in used_in(drawing, TRIGGERS.all())}
