"""Finds what is exported: a workflow by name or public id, and one of its versions."""

from apps.common.trouble import Refused
from apps.workflows.models import Version, Workflow
from apps.workspaces.models import Workspace


def workflow_named(workspace: Workspace, wanted: str) -> Workflow:
    """By its name, else by its public id. Raises Refused."""
    rows = Workflow.objects.of(workspace).select_related("live", "test", "trigger__secret", "workspace")
    found: Workflow | None = rows.filter(name=wanted).first() or rows.filter(slug=wanted).first()
    if found is None:
        raise Refused(f"there is no workflow {wanted!r} in the workspace “{workspace}”")
    return found


def version_named(workflow: Workflow, wanted: str = "") -> Version:
    """`live`, `test` or a number, as 3 or v3; empty: live, else test. Raises Refused."""
    named = {"live": workflow.live, "test": workflow.test, "": workflow.live or workflow.test}
    number = wanted.removeprefix("v")
    if number.isascii() and number.isdigit() and len(number) < 9:
        found = workflow.versions.filter(number=int(number)).first()
    else:
        found = named.get(wanted)
    if found is None:
        raise Refused(f"“{workflow}” has no version {wanted or 'that is Live or Test'}")
    found.workflow = workflow
    return found


def state_of(version: Version) -> str:
    """Live, Test or neither, for people."""
    workflow = version.workflow
    return "Live" if version.pk == workflow.live_id else "Test" if version.pk == workflow.test_id else ""
