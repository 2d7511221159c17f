"""Every page is clean for axe and no wider than its window: an item a page, over one database that nobody writes to.

Of the admin all forms that people fill in are looked at, and five that only show, drawn by lot (AXE_ALL: all of them);
the lot is printed at the head of the run.
"""

import os
import random
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import resolve, reverse
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import User
from apps.adminkit.list_admin import ReadOnlyAdmin
from apps.workflows import example
from apps.workspaces.models import Workspace
from tests.support.browser import BROWSER, LOT, admin_pages, give, grave, session_of, shot
from tests.support.clock import Clock, finish
from tests.support.outside import shop
from tests.support.pages import MODELS, urls_of
from tests.support.people import fill

GROUPS = 4  # each has a database and a server of its own, where there are so many processes
FEW = 5
LOOKS = [(1440, "light"), (390, "dark")]
PAGES = [
    "api-keys",
    "approvals",
    "canvas",
    "compare",
    "connection",
    "connections",
    "copy",
    "drawing",
    "event",
    "event-log",
    "events",
    "home",
    "import",
    "members",
    "message",
    "messages",
    "new-connection",
    "new-event",
    "new-secret",
    "new-source",
    "new-template",
    "new-workspace",
    "people",
    "person",
    "profile",
    "requests",
    "run",
    "runs",
    "search",
    "secret",
    "secrets",
    "settings",
    "source",
    "sources",
    "system",
    "template",
    "template-log",
    "templates",
    "test-inbox",
    "to-erase",
    "versions",
    "workflow",
    "workflow-log",
    "workflows",
    "workspace",
]
OURS = [m for m in MODELS if m.__module__.startswith("apps.")]
pytestmark = [*(mark for mark in BROWSER if mark.name != "django_db"), pytest.mark.django_db]


def some_models() -> list[str]:
    from django.contrib import admin  # noqa: PLC0415

    shown = [m._meta.label for m in OURS if isinstance(admin.site._registry[m], ReadOnlyAdmin)]
    drawn = shown if os.environ.get("AXE_ALL") else random.Random(LOT).sample(shown, FEW)
    return sorted({m._meta.label for m in OURS} - set(shown) | set(drawn))


def each(names: list[str], *more: tuple) -> list:
    """Parameters in groups: each group is looked at by one process."""
    rows = [(name, *look) for name in names for look in (more or ((),))]
    groups = [pytest.mark.xdist_group(f"axe-{number % GROUPS}") for number in range(len(rows))]
    return [pytest.param(*row, marks=group) for row, group in zip(rows, groups, strict=True)]


@pytest.fixture
def _django_db_helper() -> None:
    """Nothing is rolled back or flushed after a test: what they see was written once, by `seen`."""


@pytest.fixture(scope="module")
def seen(django_db_setup, django_db_blocker) -> Iterator[SimpleNamespace]:
    """One workspace with a row of every model, one that is empty, and a server."""
    with django_db_blocker.unblock(), shop() as outside:
        story, clock = example.load(outside.url, timezone.now()), Clock()
        workspace, owner = Workspace.objects.get(wsid=story.workspace), User.objects.get(email=story.owner_email)
        finish(story.webhook_live, clock)
        empty = Workspace.objects.create(name="W" * 100)
        owner.memberships.create(workspace=empty, role="owner")
        fill(workspace, story, clock)
        server = LiveServer("localhost")
        search = reverse("search", args=[workspace.wsid])
        urls = [*urls_of(workspace), f"{search}?q=98000+00001", f"{search}?q=nobody"]
        session = session_of(owner)
        yield SimpleNamespace(server=server, session=session, urls=plain(urls), bare=plain(urls_of(empty)))
        server.stop()
        call_command("flush", interactive=False, verbosity=0)


def plain(urls: list[str]) -> list[str]:
    return [url for url in urls if not url.endswith("/live")]


def name_of(url: str) -> str:
    return str(resolve(url.partition("?")[0]).url_name)


@pytest.mark.xdist_group("axe-0")
def test_no_page_is_forgotten(seen) -> None:
    assert {name_of(url) for url in seen.urls} == set(PAGES)


@pytest.mark.parametrize(("name", "width", "scheme"), each(PAGES, *LOOKS))
def test_a_page_is_clean_and_no_wider_than_its_window(quiet_page, seen, name: str, width: int, scheme: str) -> None:
    page = quiet_page
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme)
    give(page, seen.server, seen.session)
    urls = [*seen.urls, *(seen.bare if scheme == "light" else [])]
    for number, url in enumerate(url for url in urls if name_of(url) == name):
        page.goto(seen.server.url + url)
        assert grave(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width, url
        shot(page, f"{scheme}-{name}-{number}-{width}")


@pytest.mark.xdist_group("axe-1")
def test_the_sign_in_page_is_clean(quiet_page, seen) -> None:
    quiet_page.goto(seen.server.url + "/sign-in")
    assert grave(quiet_page) == []


@pytest.mark.parametrize("label", [row for row in each(some_models())])
def test_a_model_in_the_admin_is_clean(quiet_page, seen, label: str) -> None:
    page, known = quiet_page, Client()
    known.cookies["sessionid"] = seen.session
    give(page, seen.server, seen.session)
    (model,) = (m for m in OURS if m._meta.label == label)
    urls = admin_pages([model], whole=model in OURS[:FEW])[1:]
    for width in (1440, 390):
        page.set_viewport_size({"width": width, "height": 844})
        for url in (url for url in urls if known.get(url).status_code == 200):  # some rows nobody adds
            page.goto(seen.server.url + url)
            assert width < 1000 or url.endswith(("/history/", "/add/")) or grave(page) == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width or "/change" not in url, url
            shot(page, f"admin{url.replace('/', '-')}{width}")
        urls = urls[:2]  # the list and the form; histories and empty forms are drawn alike for all
