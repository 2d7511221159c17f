"""An editor makes a source of each kind from its page, sends it a sample, watches it start a run, and finds the person."""

import pytest

from apps.runs.models import Run
from apps.sources.registry import DOORS
from apps.workflows.models import Workflow
from tests.support.browser import BROWSER, grave, shot, signed_in
from tests.support.canvas import Hand, field
from tests.support.clock import drain

pytestmark = [*BROWSER, pytest.mark.xdist_group("sources")]


def button(page, name: str):
    return page.get_by_role("button", name=name, exact=True)


def link(page, name: str):
    return page.get_by_role("link", name=name, exact=True)


def make_source(hand: Hand, title: str) -> None:
    page = hand.page
    hand.click(link(page, "Settings"))
    hand.click(link(page, "Sources"))
    hand.click(link(page, title))
    hand.type(page.get_by_label("Name", exact=True), "Shop")
    hand.click(button(page, "Save"))
    page.get_by_text("“Shop” is made").wait_for()


def draw_it(hand: Hand, title: str) -> None:
    page = hand.page
    hand.click(link(page, "Workflows"))
    hand.type(page.get_by_label("New workflow"), "Welcome")
    hand.choose(page.get_by_label("Begin with"), title)
    hand.click(button(page, "Create"))
    page.locator(".react-flow__node").first.wait_for()
    hand.choose(field(page, "source"), "Shop")
    hand.add("stop")
    page.get_by_text("Ready to go live").wait_for()
    shot(page, f"canvas-of-{title}-1440")
    hand.click(button(page, "Go live"))
    hand.click(page.get_by_role("dialog").get_by_role("button", name="Go live").last)
    page.get_by_text("is live.").first.wait_for()


@pytest.mark.parametrize("kind", sorted(DOORS.all()))
def test_a_source_is_made_by_hand_and_its_sample_starts_a_run(
    quiet_page, live_server, story, workspace, owner, clock, kind: str
) -> None:
    page, title = quiet_page, DOORS.all()[kind].title
    signed_in(page, live_server, owner)
    page.goto(f"{live_server.url}/w/{workspace.wsid}/")
    hand = Hand(page)
    make_source(hand, title)
    draw_it(hand, title)
    page.goto(f"{live_server.url}/w/{workspace.wsid}/settings/sources")
    hand.click(link(page, "Shop"))
    hand.click(button(page, "To live"))
    page.get_by_text("The sample was taken").wait_for()
    drain(clock)
    run = Run.objects.get(workflow=Workflow.objects.get(name="Welcome"))
    page.reload()
    page.get_by_text("taken up").first.wait_for()
    shot(page, f"source-{kind}-1440")
    hand.click(link(page, "People"))
    hand.type(page.get_by_label("Phone, e-mail or any id"), "c-4")
    hand.click(button(page, "Find"))
    hand.click(link(page, "c-42"))
    page.locator(f'a[href$="/runs/{run.pk}"]').wait_for()
    page.get_by_text("An event came in").first.wait_for()
    page.set_viewport_size({"width": 390, "height": 844})
    assert not grave(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
