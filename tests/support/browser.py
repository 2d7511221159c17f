"""A person at a real browser."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db.models import Model
from django.test import Client
from django.urls import reverse

LOT = os.environ.get("AXE_LOT") or os.environ.get("PYTEST_XDIST_TESTRUNUID", "1")  # one for all processes of a run


def pytest_report_header() -> str:
    return f"AXE_LOT={LOT}"


# The shell without a window of its own costs half of the processor.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
BROWSER = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None and not os.environ.get("CI"), reason="no Chromium: apt-get install chromium"),
]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict:
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop lives in the test's thread from now on
    return {"executable_path": CHROMIUM, "args": FLAGS}


REPORTS = """
document.addEventListener("securitypolicyviolation", (e) => console.error("CSP: " + e.violatedDirective));
window.alert = () => console.error("a script of a stranger ran");
"""


@pytest.fixture
def quiet_page(page) -> Iterator:
    """A page whose console must stay empty; what the content policy refuses is told there."""
    said: list[str] = []
    page.add_init_script(REPORTS)
    page.on("console", lambda m: said.append(f"{page.url}: {m.text}") if m.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.set_default_timeout(5000)
    page.said = said
    yield page
    assert not said, "\n".join(said)


def signed_in(page, live_server, person) -> None:
    """As after signing in, without the page for it."""
    give(page, live_server, session_of(person))


def session_of(person) -> str:
    client = Client()
    client.force_login(person)
    return client.cookies["sessionid"].value


def give(page, live_server, session: str) -> None:
    page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])


AXE_SCRIPT = Axe().axe_script
# No preloading: it would put in styles of its own. Only what is wrong comes back: the rest is a megabyte a page. Rules of
# which nothing is grave are not asked: that saves a fifth.
FIND = """(() => {
  const light = axe._audit.rules.filter((rule) => ["minor", "moderate"].includes(rule.impact));
  const rules = Object.fromEntries(light.map((rule) => [rule.id, { enabled: false }]));
  const how = { preload: false, resultTypes: ["violations"], iframes: false, rules };
  return axe.run(document, how).then((all) => all.violations);
})()"""


def grave(page) -> list[str]:
    """What axe finds serious or critical on the page."""
    page.evaluate(AXE_SCRIPT)
    rows = [(v["id"], v["impact"], n["html"][:120]) for v in page.evaluate(FIND) for n in v["nodes"]]
    return [f"{page.url}: {name} {html}" for name, impact, html in rows if impact in ("serious", "critical")]


def shot(page, name: str) -> None:
    """A picture for people to look at, where SHOTS names a folder."""
    if os.environ.get("SHOTS"):
        page.screenshot(path=str(Path(os.environ["SHOTS"]) / f"{name}.png"), full_page=True)


def admin_pages(models: list[type[Model]], whole: bool) -> list[str]:
    """The list of each model and the form of its first row; in the `whole` also its history and the empty form."""
    found = [reverse("admin:index")]
    for model in models:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        row = model._base_manager.order_by("pk").first()
        assert row is not None, f"no {model._meta.label} to show"
        found += [reverse(f"{name}_changelist"), reverse(f"{name}_change", args=[row.pk])]
        found += [reverse(f"{name}_history", args=[row.pk]), reverse(f"{name}_add")] if whole else []
    return found
