"""What every page shares: the frame around it, its rows in pages, and what a person typed."""

import re
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from apps.adminkit.paging import BoundedPaginator
from apps.common.zones import zone_named
from apps.console.page.attention import counts_of
from apps.database import clocks
from apps.runs.models import Run
from apps.workspaces.models import Membership, Workspace

PAGE = 25
MAX_ASKED = 200
_UNSTORABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def show(request: HttpRequest, template: str, membership: Membership, facts: dict[str, Any]) -> HttpResponse:
    """Render a page of a workspace, its times in the zone of who looks, else in the workspace's."""
    workspace = membership.workspace
    frame = {
        "membership": membership,
        "workspace": workspace,
        "may_edit": membership.may_edit(),
        "menu_counts": lambda: counts_of(workspace, clocks.now()),  # only the frame asks
    }
    with timezone.override(zone_for(membership)):
        return render(request, template, {**frame, **facts})


def zone_for(membership: Membership) -> ZoneInfo:
    """The zone in which this person reads times: their own, else the workspace's."""
    return zone_named(membership.user.time_zone) if membership.user.time_zone else zone_of(membership.workspace)


def zone_of(workspace: Workspace) -> ZoneInfo:
    """The workspace's time zone, or UTC where what was saved is none."""
    return zone_named(workspace.time_zone)


def paged(request: HttpRequest, rows: QuerySet[Any]) -> Any:
    return BoundedPaginator(rows, PAGE).get_page(request.GET.get("page"))


def typed(text: str, most: int = MAX_ASKED) -> str:
    """What a person typed, as every database takes it: no control characters, bounded."""
    return _UNSTORABLE.sub("", text).strip()[:most]


def number_in(text: str) -> int:
    """The whole number that a form or a URL gave; 0, which no row has, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else 0


def asked(request: HttpRequest, name: str = "q") -> str:
    return typed(request.GET.get(name, ""))


def newest(rows: QuerySet[Run]) -> QuerySet[Run]:
    """Runs as lists show them."""
    return rows.select_related("workflow", "version").order_by("-id")
