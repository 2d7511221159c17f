"""Hands on the canvas."""

import pytest
from django.utils import timezone

from apps.engine.drawing.graph import parse_graph
from apps.workflows.release import publishing
from tests.support import draw
from tests.support.browser import signed_in


@pytest.fixture
def canvas(quiet_page, live_server, story, workspace, owner, payments):
    """Open the canvas of a workflow, signed in."""

    def open_it(workflow=payments, query: str = "", width: int = 1440):
        page = quiet_page
        page.set_viewport_size({"width": width, "height": 900 if width > 500 else 844})
        if page.url == "about:blank":
            signed_in(page, live_server, owner)
        page.goto(f"{live_server.url}/w/{workspace.wsid}/workflows/{workflow.slug}/canvas{query}")
        page.locator(".react-flow__node").first.wait_for()
        return page

    return open_it


class Hand:
    """A person whose actions are counted: a click, a choice, or a text typed into a field is one."""

    def __init__(self, page) -> None:
        self.page, self.actions = page, 0

    def click(self, what) -> None:
        self.actions += 1
        what.click()

    def type(self, what, text: str) -> None:
        self.actions += 1
        what.fill(text)

    def choose(self, what, option: str) -> None:
        self.actions += 1
        what.select_option(option)

    def add(self, kind: str) -> None:
        self.click(self.page.locator(f".palette .kind-{kind}"))
        self.page.wait_for_timeout(600)

    def card(self, node: str) -> None:
        self.click(self.page.get_by_role("button", name="Show all"))  # it may lie beside what is seen
        self.page.wait_for_timeout(600)
        self.click(self.page.locator(f'.react-flow__node[data-id="{node}"] .card-head'))
        self.page.wait_for_timeout(600)

    def write(self, label: str, text: str) -> None:
        """Into an editor, whose bundle may have to come first."""
        self.actions += 1
        editor = self.page.locator(f'.panel .cm-content[aria-label="{label}"]')
        editor.wait_for()
        editor.evaluate("(it) => it.focus()")
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)


def field(page, path: str):
    return page.locator(f'.panel [data-path="{path}"]').locator("input, select, textarea").first


@pytest.fixture
def new_workflow(workspace, owner):
    return publishing.create(workspace, "Payments by hand")


def saved_by_another(payments, owner, **names: str):
    """Somebody else gives blocks other names, and saves."""
    drawing = payments.versions.order_by("-number").first().drawn().model_dump(mode="json")
    for node in drawing["nodes"]:
        node["name"] = names.get(node["id"], node["name"])
    return publishing.save(payments, parse_graph(drawing), by=owner, now=timezone.now())


CARD = '.react-flow__node[data-id="{}"]'


@pytest.fixture
def row(workspace, owner):
    """Three blocks in a row, none connected to the last."""
    workflow = publishing.create(workspace, "A row")
    nodes = [
        draw.webhook("start", named="Start", at={"x": 0, "y": 0}),
        draw.delay("one", named="One", at={"x": 320, "y": 0}, amount=1),
        draw.transform("two", named="Two", at={"x": 320, "y": 150}),
        draw.stop("three", named="Three", at={"x": 640, "y": 150}),
    ]
    nodes[2]["settings"] = {"rows": [{"name": "a", "value": {"text": "{{ amount }}"}}]}
    edges = [{"source": "start", "target": "two"}, {"source": "two", "target": "three"}]
    publishing.save(workflow, parse_graph({"nodes": nodes, "edges": edges}), by=owner, now=timezone.now())
    return workflow
