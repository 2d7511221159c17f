"""What a person drew is kept and shown as it is: drafts of two tabs and two versions, copies, names, long numbers."""

import pytest
from django.utils import timezone

from apps.engine.drawing.graph import parse_graph
from apps.workflows.release import publishing
from tests.support import draw
from tests.support.browser import BROWSER, shot
from tests.support.canvas import CARD, Hand, field, saved_by_another

pytestmark = BROWSER

BACK = "your unsaved changes"


def named(page, node: str, name: str) -> None:
    Hand(page).card(node)
    page.get_by_label("Block name").fill(name)
    page.wait_for_timeout(600)


def another_tab(page):
    tab = page.context.new_page()
    tab.set_viewport_size({"width": 1440, "height": 900})
    tab.goto(page.url)
    tab.locator(".react-flow__node").first.wait_for()
    tab.wait_for_timeout(500)
    return tab


def reloaded(page):
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.locator(".react-flow__node").first.wait_for()
    page.wait_for_timeout(600)


def says(page, node: str, name: str) -> bool:
    return page.locator(CARD.format(node)).get_by_text(name, exact=True).count() == 1


@pytest.mark.parametrize("what", ["undoes", "saves", "draws on"])
def test_another_tab_neither_takes_nor_removes_a_draft(canvas, row, what: str) -> None:
    first = canvas(row)
    first.wait_for_timeout(400)
    other = another_tab(first)
    named(first, "one", "Mine")
    named(other, "three", "Theirs")
    if what == "undoes":
        other.keyboard.press("Control+z")
        other.wait_for_timeout(600)
    elif what == "saves":
        other.get_by_role("button", name="Save", exact=True).click()
        other.get_by_text("Saved as v").first.wait_for()
    reloaded(first)
    assert says(first, "one", "Mine") and not says(first, "three", "Theirs")
    first.get_by_text(BACK).first.wait_for()
    reloaded(other)
    assert says(other, "three", "Theirs") == (what != "undoes") and not says(other, "one", "Mine")


def test_the_draft_of_a_tab_that_was_closed_goes_to_the_next(canvas, row) -> None:
    first = canvas(row)
    other = another_tab(first)
    named(other, "three", "From the closed tab")
    other.close()
    reloaded(first)
    assert says(first, "three", "From the closed tab")
    first.get_by_text(BACK).first.wait_for()


def opened(page, address: str) -> None:
    page.goto(address)
    page.locator(".react-flow__node").first.wait_for()
    page.wait_for_timeout(600)


def test_each_version_has_its_own_draft(canvas, payments, owner) -> None:
    saved_by_another(payments, owner, cod="Cash of v2")
    page = canvas()
    page.on("dialog", lambda dialog: dialog.accept())
    newest = page.url
    named(page, "power", "Drawn on v2")
    opened(page, f"{newest}?version=1")
    assert not says(page, "power", "Drawn on v2") and not says(page, "cod", "Cash of v2")
    named(page, "power", "Drawn on v1")
    for query, drawn in (("?version=2", "Drawn on v2"), ("", "Drawn on v2"), ("?version=1", "Drawn on v1")):
        opened(page, newest + query)
        assert says(page, "power", drawn)
        assert says(page, "cod", "Cash of v2") == (drawn == "Drawn on v2")


@pytest.mark.parametrize("keys", ["Control+d", "Control+c Control+v"])
def test_what_is_copied_together_reads_each_other(canvas, workspace, owner, keys: str) -> None:
    workflow = publishing.create(workspace, "Copied")
    call = {"url": {"text": "https://shop.example/a"}, "save": [{"name": "who", "path": "name"}]}
    made = {"rows": [{"name": "hello", "value": {"text": "Hi {{ steps.call.who }} {{ amount }}"}}]}
    nodes = [
        draw.webhook("start", named="Start", at={"x": 0, "y": 0}),
        draw.http_request("call", named="Call", at={"x": 320, "y": 0}, **call),
        draw.transform("make", named="Make", at={"x": 320, "y": 200}, **made),
    ]
    edges = [
        {"source": "start", "target": "call", "outlet": "next"},
        {"source": "call", "target": "make", "outlet": "success"},
    ]
    publishing.save(workflow, parse_graph({"nodes": nodes, "edges": edges}), by=owner, now=timezone.now())
    page = canvas(workflow)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    Hand(page).card("call")
    page.locator(CARD.format("make") + " .card-head").click(modifiers=["Shift"])
    page.get_by_role("heading", name="2 selected").wait_for()
    for key in keys.split():
        page.keyboard.press(key)
    page.wait_for_timeout(300)
    page.keyboard.press("Control+s")
    page.get_by_text("Saved as v").first.wait_for()
    drawn = workflow.versions.order_by("-number").first().drawn()
    texts = {node.id: node.settings["rows"][0]["value"]["text"] for node in drawn.nodes if node.kind == "transform"}
    assert texts == {
        "make": "Hi {{ steps.call.who }} {{ amount }}",
        "make_2": "Hi {{ steps.call_2.who }} {{ amount }}",
    }


SAMPLE = '{"First Name": "Asha", "user.email": "a@example.com", "deal[contact]": "d", "id": 813683310949021977}'


def test_a_name_that_is_no_word_is_put_in_so_that_it_works_and_long_numbers_stay(canvas, workspace, owner) -> None:
    workflow = publishing.create(workspace, "Names")
    rows = [{"name": "a", "value": {"text": "{{ id }}"}}]
    nodes = [
        draw.webhook("start", named="Start", at={"x": 0, "y": 0}, sample=SAMPLE),
        draw.transform("make", named="Make", at={"x": 320, "y": 0}, rows=rows),
    ]
    edges = [{"source": "start", "target": "make", "outlet": "next"}]
    publishing.save(workflow, parse_graph({"nodes": nodes, "edges": edges}), by=owner, now=timezone.now())
    page = canvas(workflow)
    Hand(page).card("make")
    text = field(page, "rows.0.value")
    for wanted, path, said in (
        ("first", '["First Name"]', "Asha"),
        ("email", '["user.email"]', "a@example.com"),
        ("deal", '["deal[contact]"]', "d"),
    ):
        text.fill("Hi {{")
        page.get_by_label("Find a variable").wait_for()
        page.keyboard.type(wanted)
        page.wait_for_timeout(200)
        page.keyboard.press("Enter")
        assert text.input_value() == f"Hi {{{{ {path} }}}}"
        page.locator(".panel .preview").get_by_text(f"Hi {said}").wait_for()
    shot(page, "canvas-names-1440")
    text.fill("{{ id }}")
    page.get_by_role("button", name="Test", exact=True).click()
    page.get_by_role("button", name="Dry run").click()
    page.get_by_text("Completed").wait_for()
    page.locator(".drawer").get_by_role("button", name="Make").click()
    page.wait_for_timeout(200)
    shot(page, "canvas-long-numbers-1440")
    assert "813683310949021977" in page.locator(".drawer").inner_text()
