"""A person at the canvas: draws, connects, is refused, undoes, saves, goes live."""

import json

import pytest
from django.utils import timezone

from apps.channels.models import Delivery
from apps.engine.drawing.graph import parse_graph
from apps.runs.models import Run
from apps.workflows import example
from apps.workflows.release import publishing
from tests.support import draw
from tests.support.browser import BROWSER, grave, shot, signed_in
from tests.support.canvas import Hand, field, saved_by_another
from tests.support.clock import drain
from tests.support.outside import PAYMENT, fire

pytestmark = BROWSER


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


def test_group(path: str, name: str) -> str:
    return f"branches.{path}.when.items.0.{name}"


test_group.__test__ = False


def draw_payments(hand: Hand, shop: str) -> None:
    """The payment story, from an empty canvas."""
    page = hand.page
    hand.write("Sample", json.dumps({**PAYMENT, "status": "success"}))
    page.get_by_text("Ready to go live").or_(page.get_by_text(" error")).first.wait_for()
    hand.add("condition")
    for number, status in enumerate(["success", "failed"]):
        if number:
            hand.click(page.get_by_role("button", name="Add branch"))
        hand.type(field(page, f"branches.{number}.name"), status)
        hand.type(field(page, test_group(str(number), "field")), "status")
        hand.type(field(page, test_group(str(number), "value")), status)
    hand.add("send")
    hand.choose(field(page, "event"), "payment_received")
    hand.card("condition")
    hand.add("http_request")
    hand.type(field(page, "url"), shop + "/customers?customer_id={{ customer_id }}")
    hand.click(page.get_by_role("button", name="Add name"))
    hand.type(field(page, "save.0.name"), "type")
    hand.type(field(page, "save.0.path"), "type")
    hand.add("condition")
    hand.type(field(page, "branches.0.name"), "power")
    hand.type(field(page, test_group("0", "field")), "steps.http_request.type")
    hand.type(field(page, test_group("0", "value")), "power")
    hand.add("http_request")
    hand.choose(field(page, "method"), "PUT")
    hand.type(field(page, "url"), shop + "/orders/{{ customer_id }}")
    hand.choose(field(page, "body"), "json")
    hand.write("Body", '{"order_id": "{{ order_id }}", "payment": "cod"}')
    hand.add("send")
    hand.choose(field(page, "event"), "order_confirmed")
    hand.card("condition_2")
    hand.add("send")
    hand.choose(field(page, "event"), "payment_link")


def test_the_payment_workflow_is_drawn_by_mouse_in_forty_actions(canvas, new_workflow, outside, clock) -> None:
    page = canvas(new_workflow)
    hand = Hand(page)
    draw_payments(hand, outside.url)
    page.get_by_text("Ready to go live").wait_for()
    hand.click(page.get_by_role("button", name="Test", exact=True))
    hand.click(page.get_by_role("button", name="Send for real to the test list"))
    page.get_by_role("link", name="Open the run").wait_for()
    drain(clock)
    assert Delivery.objects.get(channel="email").content["text"] == "We received 1499.5 for order A-1."
    print("actions from an empty canvas to a message:", hand.actions)
    assert hand.actions <= 40
    hand.click(page.get_by_role("button", name="Dry run"))
    page.get_by_text("Completed").wait_for()
    page.wait_for_timeout(300)
    shot(page, "canvas-dry-run-1440")
    assert page.locator(".card.mark-passed").count() == 3
    page.get_by_role("button", name="Tidy up").click()
    page.get_by_role("button", name="Go live", exact=True).click()
    shot(page, "canvas-go-live-1440")
    assert not grave(page)
    page.get_by_role("dialog").get_by_role("button", name="Go live").last.click()
    page.get_by_text("is live.").first.wait_for()
    new_workflow.refresh_from_db()
    assert new_workflow.live.number == new_workflow.versions.order_by("-number").first().number
    fire(example.url_of(new_workflow, "live"), PAYMENT)
    drain(clock)
    assert Run.objects.latest("id").code == "done"
    assert [got["path"] for got in outside.got][-1] == "/orders/c-42"


class Keys:
    """A person without a mouse."""

    def __init__(self, page) -> None:
        self.page = page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def here(self) -> str:
        """The name of what has the focus, also inside an editor."""
        return self.page.evaluate(
            """() => { let at = document.activeElement;
            while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
            const label = at?.labels?.[0]?.textContent ?? "";
            return at?.getAttribute("aria-label") || label || at?.textContent || ""; }"""
        )

    def tab_to(self, name: str, most: int = 90, back: bool = False) -> None:
        for _ in range(most):
            self.press("Shift+Tab" if back else "Tab")
            if self.here().startswith(name):
                return
        raise AssertionError(f"{name!r} is not reached by Tab; the focus is on {self.here()!r}")

    def type(self, text: str) -> None:
        self.press("Control+a")
        self.page.keyboard.insert_text(text)

    def add(self, kind: str) -> None:
        """By the search of the palette: its focus goes on to the name of the new block."""
        self.press("/")
        self.type(kind)
        self.tab_to(kind)
        self.press("Enter")
        self.until("Block name")

    def to_card(self) -> None:
        self.press("Escape")
        self.page.locator(".react-flow__node:focus").wait_for()

    def until(self, name: str) -> None:
        for _ in range(40):
            if self.here() == name:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(f"the focus did not come to {name!r}; it is on {self.here()!r}")


def test_the_payment_workflow_is_drawn_by_keyboard_alone(canvas, new_workflow, outside, clock) -> None:
    page = canvas(new_workflow)
    keys = Keys(page)
    keys.tab_to("Block name")
    keys.tab_to("Sample")
    keys.press("Enter")  # opens the fold, if it is one
    keys.tab_to("Sample") if keys.here() != "Sample" else None
    keys.type(json.dumps({**PAYMENT, "status": "success"}))
    page.wait_for_timeout(600)
    keys.to_card()
    keys.add("Condition")
    keys.tab_to("Branch")
    keys.type("success")
    keys.tab_to("Field")
    keys.type("status")
    keys.tab_to("Value")
    keys.type("success")
    keys.to_card()
    keys.add("Send")
    keys.tab_to("Notification event")
    keys.press("p", "p")  # payment_link, payment_received
    page.wait_for_timeout(100)
    assert field(page, "event").input_value() == "payment_received"
    keys.to_card()
    keys.press("Control+ArrowLeft")
    page.wait_for_timeout(500)
    keys.press("Enter")
    keys.until("Block name")
    keys.tab_to("else")
    keys.press("ArrowDown")
    assert page.locator(".canvas").get_attribute("data-edges") == "3"
    keys.to_card()
    keys.press("Control+z")
    assert page.locator(".canvas").get_attribute("data-edges") == "2"
    keys.press("Control+s")
    page.get_by_text("Saved as v1 (Test).").first.wait_for()
    fire(example.url_of(new_workflow, "test"), {**PAYMENT, "status": "success"})
    drain(clock)
    assert Run.objects.latest("id").state == "completed"


def test_a_reload_in_mid_edit_loses_nothing_and_a_step_back_takes_it_away(canvas, payments) -> None:
    page = canvas()
    Hand(page).card("power")
    page.get_by_label("Block name").fill("Strong customer?")
    page.wait_for_timeout(600)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    page.get_by_text("your unsaved changes").first.wait_for()
    assert page.locator('.react-flow__node[data-id="power"]').get_by_text("Strong customer?").count() == 1
    page.get_by_text("Unsaved changes", exact=True).wait_for()
    page.keyboard.press("Control+z")
    page.get_by_text("All saved").wait_for()
    assert payments.versions.count() == 1


@pytest.mark.parametrize("width", [1440, 390])
def test_two_editors_choose_what_collides_and_the_rest_is_put_together(canvas, payments, owner, width: int) -> None:
    page = canvas()
    Hand(page).card("power")
    page.get_by_label("Block name").fill("Strong customer?")
    theirs = saved_by_another(payments, owner, power="Power buyer?", cod="Pay on delivery")
    page.get_by_role("button", name="Save", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Power buyer?", exact=True).wait_for()
    page.set_viewport_size({"width": width, "height": 844})
    page.wait_for_timeout(200)
    shot(page, f"canvas-conflict-{width}")
    assert not grave(page)
    assert payments.versions.count() == theirs.number == 2
    dialog.get_by_text("Theirs", exact=True).click()
    dialog.get_by_text("Yours", exact=True).click()
    dialog.get_by_role("button", name="Merge and save").click()
    page.get_by_text("Saved as v2 (Test).").first.wait_for()
    names = {n.id: n.name for n in payments.versions.get(number=2).drawing().nodes}
    assert (names["power"], names["cod"]) == ("Strong customer?", "Pay on delivery")


def test_what_does_not_collide_is_put_together_and_moved_blocks_ask_nothing(canvas, payments, owner) -> None:
    page = canvas()
    saved_by_another(payments, owner)
    drawing = payments.versions.get(number=1).drawn().model_dump(mode="json")
    next(node for node in drawing["nodes"] if node["id"] == "start")["position"] = {"x": 9, "y": 9}
    publishing.save(payments, parse_graph(drawing), by=owner, now=timezone.now())
    Hand(page).card("power")
    page.get_by_label("Block name").fill("Strong customer?")
    page.keyboard.press("Control+s")
    page.get_by_text("Saved as v2 (Test).").first.wait_for()
    version = payments.versions.get(number=2)
    assert version.layout["start"] == {"x": 9, "y": 9}
    assert version.drawing().node("power").name == "Strong customer?"


def test_a_session_that_is_over_is_told_and_the_work_is_saved_after_signing_in_again(canvas, payments, owner) -> None:
    page = canvas()
    Hand(page).card("power")
    page.get_by_label("Block name").fill("Strong customer?")
    page.wait_for_timeout(600)
    cookies = page.context.cookies()
    page.context.clear_cookies()
    page.keyboard.press("Control+s")
    page.get_by_text("You are signed out").wait_for()
    shot(page, "canvas-signed-out-1440")
    page.context.add_cookies(cookies)
    page.get_by_role("button", name="Save again").click()
    page.get_by_text("Saved as v2 (Test).").first.wait_for()
    page.said[:] = [line for line in page.said if "403" not in line]  # what told that the session is over


def test_a_viewer_sees_the_drawing_and_can_change_nothing(canvas, live_server, workspace, payments, viewer) -> None:
    page = canvas()
    page.context.clear_cookies()
    signed_in(page, live_server, viewer)
    page.goto(f"{live_server.url}/w/{workspace.wsid}/workflows/{payments.slug}/canvas")
    page.get_by_text("You have view-only access.").wait_for()
    assert page.get_by_role("button", name="Save").count() == 0
    Hand(page).card("status")
    assert field(page, "branches.0.name").is_disabled()
    page.locator('.react-flow__node[data-id="status"]').focus()
    page.keyboard.press("Delete")
    page.keyboard.press("Control+s")
    assert page.locator(".canvas").get_attribute("data-nodes") == str(len(payments.live.drawing().nodes))
    shot(page, "canvas-viewer-1440")
    assert not grave(page)


def test_a_change_while_a_run_waits_is_a_new_version_and_the_run_keeps_its_own(canvas, workspace, owner, clock) -> None:
    workflow = publishing.create(workspace, "Waits")
    nodes = [
        draw.webhook("start", at={"x": 0, "y": 0}),
        draw.delay("wait", named="Wait", at={"x": 300, "y": 0}, amount=1),
        draw.stop("end", named="End", at={"x": 600, "y": 0}, code="first"),
    ]
    edges = [{"source": "start", "target": "wait"}, {"source": "wait", "target": "end"}]
    version = publishing.save(workflow, parse_graph({"nodes": nodes, "edges": edges}), by=owner, now=timezone.now())
    publishing.go_live(version, by=owner, now=timezone.now())
    workflow.refresh_from_db()
    fire(example.url_of(workflow, "live"), {})
    drain(clock)
    page = canvas(workflow)
    Hand(page).card("end")
    field(page, "code").fill("second")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved as v2 (Test).").first.wait_for()
    page.get_by_label("Back to Waits").click()
    page.get_by_role("link", name="Go live with v2").click()
    page.get_by_text("Runs under way keep the version they began with: 1 on v1.").wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Go live").last.click()
    page.get_by_text("v2 is live.").first.wait_for()
    clock.forward(hours=2)
    drain(clock)
    assert Run.objects.get().code == "first"
    page.get_by_label("Version").select_option("1")
    page.wait_for_url("**version=1")
    page.locator(".react-flow__node").first.wait_for()
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_text("Saved as v1 (Test).").first.wait_for()
    workflow.refresh_from_db()
    assert (workflow.test.number, workflow.live.number, workflow.versions.count()) == (1, 2, 2)


@pytest.mark.parametrize("width", [1440, 390])
def test_what_differs_is_drawn_on_the_canvas(canvas, payments, owner, width: int) -> None:
    drawing = payments.live.drawn().model_dump(mode="json")
    drawing["nodes"] = [node for node in drawing["nodes"] if node["id"] != "other"]
    drawing["edges"] = [edge for edge in drawing["edges"] if edge["target"] != "other"]
    next(node for node in drawing["nodes"] if node["id"] == "power")["name"] = "Strong customer?"
    wait = {"id": "wait", "kind": "delay", "name": "A day", "settings": {}, "position": {"x": 900, "y": 420}}
    drawing["nodes"].append(wait)
    publishing.save(payments, parse_graph(drawing), by=owner, now=timezone.now())
    page = canvas(query="?version=2&compare=1", width=width)
    page.get_by_text("Name: “Power user?” → “Strong customer?”").wait_for()
    page.get_by_role("button", name="Show all").click()
    page.wait_for_timeout(500)
    shot(page, f"canvas-difference-{width}")
    marks = [page.locator(f".card.mark-{mark}").count() for mark in ("added", "changed", "removed")]
    assert marks == [1, 1, 1]
    assert page.get_by_role("button", name="Save").count() == 0
    assert not grave(page)
