"""What the hand does on the canvas: connects, is refused, drags, selects, copies, undoes; and what the panel offers."""

import json

from django.utils import timezone

from apps.engine.drawing.graph import parse_graph
from apps.runs.models import Run
from apps.workflows import example
from apps.workflows.release import publishing
from apps.workspaces.models import Secret
from tests.support.browser import BROWSER, grave, shot
from tests.support.canvas import CARD, Hand, field
from tests.support.clock import finish

pytestmark = BROWSER


def middle(page, selector: str) -> tuple[float, float]:
    box = page.locator(selector).first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, start: tuple[float, float], end: tuple[float, float], drop: bool = True) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move(start[0] + 8, start[1] + 4)
    page.mouse.move(*end, steps=12)
    page.wait_for_timeout(100)
    if drop:
        page.mouse.up()
        page.wait_for_timeout(150)


def count(page, what: str) -> int:
    return int(page.locator(".canvas").get_attribute(f"data-{what}"))


def handle(node: str, outlet: str) -> str:
    return f'{CARD.format(node)} .source[data-handleid="{outlet}"]'


def test_a_connection_is_drawn_replaced_and_refused_with_its_reason(canvas, row) -> None:
    page = canvas(row)
    drag(page, middle(page, handle("start", "next")), middle(page, CARD.format("one")))
    page.get_by_text("“Start” now leads to “One” instead of “Two”.").first.wait_for()
    assert count(page, "edges") == 2
    drag(page, middle(page, handle("two", "next")), middle(page, CARD.format("two")), drop=False)
    page.locator(".refusal").get_by_text("without a wait").wait_for()
    shot(page, "canvas-refusal-1440")
    page.mouse.up()
    assert count(page, "edges") == 2
    drag(page, middle(page, handle("one", "next")), middle(page, CARD.format("start")))  # nothing leads to a trigger
    drag(page, middle(page, handle("one", "next")), (middle(page, handle("one", "next"))[0] + 80, 700))
    assert count(page, "edges") == 2
    page.keyboard.press("Control+z")
    assert count(page, "edges") == 2


def test_a_drag_is_one_step_back_and_so_is_a_row_of_arrow_keys(canvas, row) -> None:
    page = canvas(row)
    card = CARD.format("three")
    before = page.locator(card).bounding_box()
    drag(page, middle(page, card), (middle(page, card)[0] + 90, middle(page, card)[1] + 60))
    moved = page.locator(card).bounding_box()
    assert abs(moved["x"] - before["x"] - 90) < 15
    page.keyboard.press("Control+z")
    assert abs(page.locator(card).bounding_box()["x"] - before["x"]) < 2
    page.keyboard.press("Control+Shift+z")
    assert abs(page.locator(card).bounding_box()["x"] - moved["x"]) < 2
    page.locator(card).focus()
    page.keyboard.press("Space")
    page.wait_for_timeout(400)
    focused = page.locator(card).bounding_box()
    for _ in range(4):
        page.keyboard.press("ArrowDown")
    page.wait_for_timeout(100)
    assert page.locator(card).bounding_box()["y"] > focused["y"]
    page.keyboard.press("Control+z")
    page.wait_for_timeout(100)
    assert abs(page.locator(card).bounding_box()["y"] - focused["y"]) < 2


def test_several_are_selected_copied_to_another_workflow_duplicated_and_removed(canvas, row, new_workflow) -> None:
    page = canvas(row)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    hand = Hand(page)
    hand.card("two")
    page.locator(CARD.format("three") + " .card-head").click(modifiers=["Shift"])
    page.get_by_role("heading", name="2 selected").wait_for()
    page.keyboard.press("Control+c")
    page.keyboard.press("Control+d")
    page.wait_for_timeout(200)
    assert (count(page, "nodes"), count(page, "edges")) == (6, 3)
    page.keyboard.press("Delete")
    page.wait_for_timeout(200)
    assert count(page, "nodes") == 4
    page.keyboard.press("Control+a")
    page.get_by_role("heading", name="4 selected").wait_for()
    page.on("dialog", lambda dialog: dialog.accept())
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    page.wait_for_timeout(500)
    page = canvas(new_workflow)
    page.locator(".react-flow__pane").click(position={"x": 30, "y": 30})
    page.keyboard.press("Control+v")
    page.wait_for_timeout(200)
    assert (count(page, "nodes"), count(page, "edges")) == (3, 1)


def test_a_block_is_dragged_from_the_palette_found_by_search_and_a_note_is_written(canvas, row) -> None:
    page = canvas(row)
    page.locator(".palette .kind-stop").drag_to(page.locator(".react-flow__pane"), target_position={"x": 600, "y": 400})
    page.wait_for_timeout(300)
    assert count(page, "nodes") == 5
    page.keyboard.press("/")
    page.get_by_label("Find a kind of block").fill("api")
    assert page.locator(".palette .kind").count() == 1
    page.get_by_label("Find a kind of block").fill("")
    page.get_by_role("button", name="Note").click()
    page.locator(".panel textarea").fill("Ask finance before changing this")
    page.locator(".note").get_by_text("Ask finance").wait_for()
    page.get_by_role("button", name="Outline").click()
    page.get_by_label("Find a block", exact=True).fill("thr")
    page.locator(".outline button").click()
    page.get_by_label("Settings of Three").wait_for()
    page.keyboard.press("Control+s")
    page.get_by_text("Saved as v1 (Test).").first.wait_for()
    assert row.versions.get().notes[0]["text"] == "Ask finance before changing this"
    assert not grave(page)


def test_a_variable_is_searched_and_put_in_with_its_sample_and_shown_filled_in(canvas, payments) -> None:
    page = canvas()
    Hand(page).card("customers")
    url = field(page, "url")
    url.fill("https://shop.example/{{")
    page.get_by_label("Find a variable").wait_for()
    page.keyboard.type("customer")
    page.wait_for_timeout(200)
    shot(page, "canvas-variables-1440")
    assert page.locator(".picker").get_by_role("option").first.inner_text().split("\n")[:2] == ["customer_id", "P-42"]
    page.keyboard.press("Enter")
    assert url.input_value() == "https://shop.example/{{ customer_id }}"
    page.get_by_text("https://shop.example/P-42").wait_for()
    page.keyboard.press("Control+z")
    assert url.input_value() == "https://shop.example/{{"
    Hand(page).card("power")
    page.locator(".panel").get_by_label("Insert a variable").first.click()
    page.keyboard.type("which customer")
    page.locator(".picker").get_by_role("option").get_by_text("steps.customers.type").wait_for()
    assert not grave(page)


def test_a_problem_leads_to_its_field_and_goes_when_it_is_mended(canvas, row) -> None:
    page = canvas(row)
    page.get_by_text(" error").first.wait_for()  # nothing leads to “One”
    Hand(page).card("two")
    field(page, "rows.0.name").fill("")
    page.locator(".drawer-tab").first.click()
    problem = page.locator(".problem-list").get_by_text("Values 1 › Name: Fill this in.")
    problem.wait_for()
    assert page.locator('.panel [data-path="rows.0.name"] .wrong').inner_text() == "Fill this in."
    page.get_by_label("Close settings").click()
    problem.click()
    page.wait_for_timeout(400)
    assert page.evaluate("document.activeElement.closest('[data-path]')?.dataset.path") == "rows.0.name"
    shot(page, "canvas-problems-1440")
    page.keyboard.type("b")
    problem.wait_for(state="detached")


def test_groups_of_tests_nest_and_a_removed_branch_takes_its_edge_along(canvas, payments) -> None:
    page = canvas()
    Hand(page).card("status")
    page.get_by_role("button", name="Group", exact=True).first.click()
    page.get_by_role("button", name="Group", exact=True).first.click()
    assert page.locator(".group.depth-3").count() == 1
    shot(page, "canvas-groups-1440")
    edges = count(page, "edges")
    page.get_by_role("button", name="Remove branch 1").click()
    page.wait_for_timeout(100)
    assert count(page, "edges") == edges - 1
    page.keyboard.press("Escape")
    page.locator(".react-flow__node:focus").wait_for()
    page.keyboard.press("Control+z")
    assert count(page, "edges") == edges


def test_one_call_is_tried_and_its_answer_kept_as_the_sample(canvas, payments, outside) -> None:
    outside.answer("/customers", (200, {"type": "rare", "tier": 7}))
    page = canvas()
    Hand(page).card("customers")
    page.get_by_role("button", name="Try this call").click()
    page.get_by_text("Answered 200").wait_for()
    assert outside.got[-1]["path"] == "/customers?customer_id=P-42"
    page.get_by_role("button", name="Keep as the sample").click()
    page.wait_for_timeout(600)
    Hand(page).card("power")
    page.locator(".panel").get_by_label("Insert a variable").first.click()
    page.keyboard.type("tier")
    page.locator(".picker").get_by_role("option").get_by_text("steps.customers.body.tier").wait_for()


def test_a_dry_run_asks_for_an_answer_it_does_not_know(canvas, payments, owner) -> None:
    drawing = json.loads(example.DRAWING.read_text().replace("SHOP_URL", "https://shop.example"))
    for node in drawing["nodes"]:
        if node["kind"] == "http_request":
            node["settings"].pop("sample", None)
    publishing.save(payments, parse_graph(drawing), by=owner, now=timezone.now())
    page = canvas()
    page.get_by_role("button", name="Test", exact=True).click()
    page.get_by_role("button", name="Dry run").click()
    page.get_by_text("What does “Which customer?” get as its answer?").wait_for()
    page.get_by_label("Body").fill('{"type": "regular"}')
    page.get_by_role("button", name="Go on", exact=True).click()
    page.get_by_text("Completed").wait_for()
    page.get_by_role("button", name="Payment link").click()
    page.get_by_text("Your payment for A-1001 failed").wait_for()
    page.wait_for_timeout(300)
    shot(page, "canvas-asked-1440")
    assert not grave(page)


def test_a_trigger_that_checks_senders_wants_a_secret_and_one_is_made_there(canvas, payments, workspace) -> None:
    page = canvas()
    Hand(page).card("start")
    page.locator('.panel [data-path="guard"] select').first.select_option("bearer")
    page.locator(".panel").get_by_text("Pick the secret by which senders are checked").first.wait_for()
    page.get_by_text("1 error").first.wait_for()
    page.get_by_role("button", name="New secret").first.click()
    page.get_by_label("Name", exact=True).last.fill("SHOP_DOOR")
    page.get_by_role("button", name="Generate").click()
    shot(page, "canvas-new-secret-1440")
    assert not grave(page)
    page.get_by_role("button", name="Make it").click()
    page.get_by_text("The secret “SHOP_DOOR” is made.").first.wait_for()
    page.get_by_text("Ready to go live").wait_for()
    page.keyboard.press("Control+s")
    page.get_by_text("Saved as v2 (Test).").first.wait_for()
    assert payments.versions.latest("number").drawing().triggers[0].settings["guard"]["secret"] == "SHOP_DOOR"
    assert len(Secret.objects.of(workspace).get().plain()) == 64


def test_a_step_leads_to_its_block_and_a_run_to_the_canvas_with_its_data(canvas, payments, story, clock) -> None:
    finish(story.webhook_live, clock)
    run = Run.objects.get()
    page = canvas(query=f"?version=1&block=customers&payload={run.event_id}")
    page.get_by_label("Settings of Which customer").or_(page.get_by_label("Settings of customers")).first.wait_for()
    assert run.event.body["order_id"] in page.get_by_label("The payload as JSON").input_value()
    page.get_by_role("button", name="Dry run").click()
    page.get_by_text("Completed").wait_for()
