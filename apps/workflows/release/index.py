"""What finds workflows without reading their drawings: rewritten with every change, in the same commit."""

from typing import Any

from pydantic import ValidationError

from apps.engine.drawing.graph import Node
from apps.notifications.models import HeardEvent
from apps.sources.contract import TriggerType
from apps.sources.registry import TRIGGERS
from apps.triggers.models import Binding
from apps.workflows.models import Version, Workflow
from apps.workspaces.models import Workspace

TELLING = "hears_messages"


def rewrite(workflow: Workflow) -> None:
    """The bindings of its Test and its Live version, and what is heard of messages."""
    before = list(Binding.objects.filter(trigger=workflow.trigger).values_list("kind", flat=True))
    Binding.objects.filter(trigger=workflow.trigger).delete()
    for environment, version in (("test", workflow.test), ("live", workflow.live)):
        triggers = version.drawing().triggers if version else ()
        if version and len(triggers) == 1 and TRIGGERS.get(triggers[0].kind):
            _bind(workflow, environment, version, triggers[0])
    kinds = {*before, *Binding.objects.filter(trigger=workflow.trigger).values_list("kind", flat=True)}
    if kinds & _listening():
        rewrite_heard(workflow.workspace)


def _bind(workflow: Workflow, environment: str, version: Version, trigger: Node) -> None:
    """Settings that cannot be read are found by the URL only, which says so."""
    token, entry = workflow.trigger.token_of(environment), _entry(trigger.kind, trigger.settings)
    Binding.objects.create(
        workspace=workflow.workspace,
        trigger=workflow.trigger,
        environment=environment,
        kind=trigger.kind,
        key=entry.index_key(workflow.workspace_id, token) if entry else token,
        exit_key=entry.exit_key(workflow.workspace_id) if entry else "",
        settings=trigger.settings,
        version_id=version.pk,
        paused=workflow.paused,
    )


def rewrite_heard(workspace: Workspace) -> None:
    """Of which notification events messages are reported: of those of whose life a workflow hears."""
    Workspace.objects.select_for_update().get(pk=workspace.pk)  # two who publish at once see each other
    heard: dict[tuple[str, str], set[str]] = {}
    rows = Binding.objects.of(workspace).filter(kind__in=_listening())
    for environment, kind, settings in rows.values_list("environment", "kind", "settings"):
        entry = _entry(kind, settings)
        for name, steps in entry.hears().items() if entry else ():
            heard.setdefault((environment, name), set()).update(steps)
    HeardEvent.objects.of(workspace).delete()
    HeardEvent.objects.bulk_create(
        HeardEvent(workspace=workspace, environment=environment, name=name, steps=sorted(steps))
        for (environment, name), steps in sorted(heard.items())
    )


def _listening() -> set[str]:
    return {kind for kind, cls in TRIGGERS.all().items() if cls.hears_messages}


def _entry(kind: str, settings: Any) -> TriggerType | None:
    try:
        return TRIGGERS.all()[kind].model_validate(settings)
    except (KeyError, ValidationError):
        return None
