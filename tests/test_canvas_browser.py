"""A person at the canvas: draws, connects, is refused, undoes, saves, goes live."""

import pytest

from tests.test_browser import browser_type_launch_args, grave, pytestmark, quiet_page, shot, sign_in  # noqa: F401


@pytest.fixture
def canvas(quiet_page, live_server, story, workspace, owner, payments):  # noqa: F811
    """Open the canvas of a workflow, signed in."""

    def open_it(workflow=payments, query: str = "", width: int = 1440):
        page = quiet_page
        page.set_viewport_size({"width": width, "height": 900 if width > 500 else 844})
        if "sign-in" in page.url or page.url == "about:blank":
            sign_in(page, live_server, owner)
        page.goto(f"{live_server.url}/w/{workspace.wsid}/workflows/{workflow.slug}/canvas{query}")
        page.locator(".react-flow__node").first.wait_for()
        return page

    return open_it


@pytest.mark.parametrize("width", [1440, 390])
def test_the_canvas_shows_the_drawing_and_its_problems(canvas, width: int) -> None:
    page = canvas(width=width)
    page.get_by_text("Ready to go live").wait_for()
    page.wait_for_timeout(300)
    shot(page, f"canvas-{width}")
    page.locator(".react-flow__node[data-id=status]").dispatch_event("click")
    page.wait_for_timeout(500)
    shot(page, f"canvas-settings-{width}")
    assert not grave(page)
