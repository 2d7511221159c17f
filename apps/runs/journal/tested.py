"""What a run in Test reads of its person: nobody is made or changed, and it goes on as Live would."""

from typing import Any

from pydantic import ValidationError

from apps.engine.drawing.graph import Graph, built_or_none
from apps.people.facts import profiles_of
from apps.people.finding import person_known_as
from apps.runs.models import Run
from apps.sources.registry import TRIGGERS
from apps.workspaces.models import Workspace

Profile = dict[str, Any]


def newcomer(run: Run) -> Profile:
    """Of somebody whom Live would make: what the event says."""
    return said_of(run.version.drawing(), run.event.body, run.workspace)


def said_of(graph: Graph, body: dict[str, Any], workspace: Workspace) -> Profile:
    """The identities that the trigger finds in an event, as a profile has them."""
    return {one.kind: one.value for one in _identities(graph, body, workspace)}


def would_be(graph: Graph, body: dict[str, Any], workspace: Workspace) -> Profile:
    """The profile that an event with this body would be about: of who is there, else of somebody new."""
    found = person_known_as(workspace.pk, _identities(graph, body, workspace))
    return profiles_of([found]).get(found, {}) if found else said_of(graph, body, workspace)


def _identities(graph: Graph, body: dict[str, Any], workspace: Workspace) -> list[Any]:
    trigger = next((t for t in graph.triggers if t.kind in TRIGGERS.all()), None)
    try:
        entry = TRIGGERS.all()[trigger.kind].model_validate(trigger.settings) if trigger else None
    except ValidationError:
        return []
    return entry.identities(body, workspace.country) if entry else []


def with_changes(profile: Profile, graph: Graph, outputs: dict[str, Profile]) -> Profile:
    """The profile with what blocks have changed by these outputs, which nobody wrote."""
    for key, output in outputs.items():
        node = graph.node(key)
        block = built_or_none(node) if node else None
        if block is not None and block.changes_profile:
            profile = {**profile, **output["after"]}
    return {name: value for name, value in profile.items() if value is not None}
