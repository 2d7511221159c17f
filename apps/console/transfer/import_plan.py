"""What would come of documents that are taken into a workspace, as sections of a page."""

from apps.common.values import Value
from apps.console.transfer.dependency_rows import NeedRow, need_rows
from apps.engine.drawing.problem import Problem
from apps.workflows.transfer.importing import Plan
from apps.workspaces.models import Workspace


class ShownPlan(Value):
    """A plan for people."""

    name: str
    becomes: str
    needs: list[NeedRow]
    missing: int
    problems: list[Problem]


def shown_plans(workspace: Workspace, plans: list[Plan]) -> list[ShownPlan]:
    """The plans for `workspace`."""
    return [_shown(workspace, plan) for plan in plans]


def _shown(workspace: Workspace, plan: Plan) -> ShownPlan:
    return ShownPlan(
        name=plan.document.name,
        becomes=plan.words(),
        needs=need_rows(workspace, plan.matches),
        missing=plan.missing,
        problems=list(plan.problems),
    )
