"""Cohorts as Mixpanel syncs them to a webhook: who is in one, in pages of a thousand; and the answer it wants."""

from typing import Any

from apps.common.trouble import Malformed
from apps.sources.cohorts import Action, CohortMember, CohortPage
from apps.sources.doors import Answered

ACTIONS: dict[str, Action] = {"members": "replace", "add_members": "add", "remove_members": "remove"}
MOST_MEMBERS, MOST_PAGES = 10_000, 1_000_000


def cohort_page(said: Any) -> tuple[CohortPage, str]:
    """One call, and the key by which it is taken once. Raises Malformed with what is missing."""
    action = ACTIONS.get(str(said.get("action", ""))) if isinstance(said, dict) else None
    if action is None:
        raise Malformed(f"the action must be one of {', '.join(ACTIONS)}")
    facts = said.get("parameters")
    if not isinstance(facts, dict) or not facts.get("mixpanel_cohort_id"):
        raise Malformed("parameters must name the cohort: mixpanel_cohort_id")
    page, pages = _pages(facts.get("page_info"))
    project, cohort = str(facts.get("mixpanel_project_id", "")), str(facts["mixpanel_cohort_id"])
    session = str(facts.get("mixpanel_session_id") or "")
    found = CohortPage(
        cohort=cohort[:200],
        name=str(facts.get("mixpanel_cohort_name") or "")[:200],
        description=str(facts.get("mixpanel_cohort_description") or "")[:500],
        action=action,
        session=session[:200],
        page=page,
        pages=pages,
        members=_members(facts.get("members", [])),
    )
    return found, f"{project}:{cohort}:{session}:{said['action']}:{page}" if session else ""


def _pages(info: Any) -> tuple[int, int]:
    facts = info if isinstance(info, dict) else {}
    page, pages = facts.get("page_count", 1), facts.get("total_pages", 1)
    if not all(isinstance(n, int) and not isinstance(n, bool) and 0 <= n <= MOST_PAGES for n in (page, pages)):
        raise Malformed("page_info must have total_pages and page_count, two whole numbers")
    return max(page, 1), max(pages, page, 1)


def _members(rows: Any) -> tuple[CohortMember, ...]:
    if not isinstance(rows, list) or len(rows) > MOST_MEMBERS:
        raise Malformed(f"members must be a list of at most {MOST_MEMBERS}")
    found = [row for row in rows if isinstance(row, dict) and row.get("mixpanel_distinct_id")]
    if len(found) != len(rows):
        raise Malformed("each member must have a mixpanel_distinct_id")
    return tuple(CohortMember(id=str(row["mixpanel_distinct_id"])[:255], facts=row) for row in found)


def sync_answer(action: str, status: int, why: str = "") -> Answered:
    """What Mixpanel reads; `why` is shown to whoever looks at the sync there."""
    body: dict[str, Any] = {"action": action, "status": "failure" if why else "success"}
    if why:
        body["error"] = {"message": why, "code": status}
    return Answered(status=status, body=body)
