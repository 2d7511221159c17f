"""What would come of documents that are taken into a workspace, as sections of a page."""

from apps.common.values import Value
from apps.console.needs import NeedRow, need_rows
from apps.engine.problems import Problem
from apps.workflows.landing import Plan
from apps.workspaces.models import Workspace

WHY = {"origin": "which is a copy of the same workflow", "name": "which has the same name"}


class ShownPlan(Value):
    """A plan for people."""

    name: str
    becomes: str
    needs: list[NeedRow]
    missing: int
    problems: list[Problem] = []


def shown_plans(place: Workspace, plans: list[Plan]) -> list[ShownPlan]:
    """The plans for `place`."""
    return [_shown(place, plan) for plan in plans]


def _shown(place: Workspace, plan: Plan) -> ShownPlan:
    return ShownPlan(
        name=plan.document.name,
        becomes=_becomes(place, plan),
        needs=need_rows(place, plan.matches),
        missing=plan.missing,
    )


def _becomes(place: Workspace, plan: Plan) -> str:
    if plan.there is None:
        return f"“{place}” has no such workflow: it becomes v1 (Test) of a new one."
    return (
        f"“{place}” has “{plan.there}”, {WHY[plan.why]}: it becomes v{plan.number} there, neither Test nor Live. "
        "Nothing that is there is changed; pick the version on the canvas, then save it or go live with it."
    )
