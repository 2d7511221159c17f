"""A person at a real browser: signs in, opens the workflow, fires the example, reads why, reads the inbox."""

import pytest
from django.urls import reverse

from apps.channels.models import Delivery
from apps.runs.models import Run
from apps.runs.worker.poller import poll_once
from apps.workflows import example
from tests.support import draw
from tests.support.browser import BROWSER, grave, shot, signed_in
from tests.support.clock import drain, finish
from tests.support.outside import fire
from tests.support.pages import draw_hostile, poison, urls_of

pytestmark = BROWSER


def sign_in(page, live_server, owner) -> None:
    owner.set_password("a long password")
    owner.save()
    page.goto(live_server.url + "/sign-in")
    page.get_by_label("E-mail").fill(owner.email)
    page.get_by_label("Password").fill("a long password")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("heading", name="Your workspaces").wait_for()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_story_in_a_browser(quiet_page, live_server, story, owner, clock, width: int) -> None:
    page = quiet_page
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, live_server, owner)
    page.get_by_role("link", name="Company ABC").click()
    page.get_by_role("link", name="Payments").click()
    page.get_by_role("heading", name="The drawing").wait_for()
    shot(page, f"workflow-{width}")
    assert "/in/live/" in page.locator("pre.copy").first.inner_text()
    finish(story.webhook_live, clock)
    page.reload()
    page.locator("tbody a").first.click()
    page.get_by_text("power: steps.customers.type").wait_for()
    shot(page, f"run-{width}")
    page.get_by_role("link", name="Test inbox").click()
    page.get_by_text("Order A-1 confirmed").wait_for()
    shot(page, f"inbox-{width}")
    page.get_by_role("link", name="Workflows").click()
    page.get_by_role("link", name="Payments").click()
    page.get_by_role("link", name="as JSON").click()
    shot(page, f"drawing-{width}")
    page.get_by_role("link", name="Admin").click()
    shot(page, f"admin-{width}")


def test_hostile_text_runs_nothing_and_widens_nothing(
    quiet_page, live_server, story, workspace, payments, owner, clock
) -> None:
    page = quiet_page
    page.set_viewport_size({"width": 390, "height": 844})
    finish(story.webhook_live, clock)
    poison(workspace)
    draw_hostile(payments)
    signed_in(page, live_server, owner)
    for url in [url for url in urls_of(workspace) if not url.endswith("/live")]:
        page.goto(live_server.url + url)
        assert page.title() != "owned" and page.locator("img[src=x]").count() == 0, url
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, url


def test_an_open_run_follows_by_itself_and_keeps_what_was_unfolded(
    quiet_page, live_server, workspace, published, owner, clock
) -> None:
    page = quiet_page
    fire(
        published(draw.delay("wait", named="A while", amount=60, unit="days")),
        {"a": 1},
    )
    poll_once(clock)
    run = Run.objects.get()
    signed_in(page, live_server, owner)
    page.goto(live_server.url + reverse("run", args=[workspace.wsid, run.pk]))
    page.get_by_text("It waits until").wait_for()
    page.get_by_text("Its data").click()
    Run.objects.filter(pk=run.pk).update(state="completed", code="done", due_at=None, ended_at=clock.now)
    page.locator(".badge", has_text="completed").wait_for()
    assert page.locator("details[data-key=body]").get_attribute("open") is not None
    assert page.locator("#said").inner_text() == "The run is now completed."


def test_a_url_is_copied(quiet_page, live_server, story, workspace, payments, owner, context) -> None:
    page = quiet_page
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    signed_in(page, live_server, owner)
    page.goto(live_server.url + reverse("workflow", args=[workspace.wsid, payments.slug]))
    page.get_by_role("button", name="Copy the live URL").click()
    page.get_by_text("Copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == story.webhook_live
    assert page.evaluate("document.querySelector('.picture').getBoundingClientRect().width") >= 900


def test_a_problem_leads_to_its_place_in_the_text(quiet_page, live_server, story, workspace, payments, owner) -> None:
    page = quiet_page
    signed_in(page, live_server, owner)
    page.goto(live_server.url + reverse("drawing", args=[workspace.wsid, payments.slug]))
    page.get_by_label("Drawing").fill(
        '{"nodes": [{"id": "start", "kind": "webhook"},\n {"id": "lost", "kind": "stop"}]}'
    )
    page.get_by_role("button", name="Save as Test").click()
    page.get_by_text("Saved as v2 (Test).").wait_for()
    page.get_by_role("button", name="Show lost in the text").first.click()
    at = page.evaluate("(t => t.value.slice(t.selectionStart, t.selectionEnd))(document.querySelector('textarea'))")
    assert '"lost"' in at


@pytest.mark.parametrize("width", [1440, 390])
def test_what_only_a_person_can_tell_is_asked_at_the_top_of_the_run(
    quiet_page, live_server, story, workspace, published, owner, outside, clock, width: int
) -> None:
    page = quiet_page
    page.set_viewport_size({"width": width, "height": 844})
    said = {"event": "payment_link", "to": [{"channel": "sms", "address": {"text": "{{ phone }}"}}]}
    pay = {"method": "POST", "url": {"text": f"{outside.url}/pay"}}
    url = published(
        draw.send("say", named="Payment link", **said),
        draw.http_request("pay", named="Book the payment", **pay),
    )
    example.load(outside.url, clock.now, f"{outside.url}/sms")
    outside.answer("/pay", (0, None))
    outside.answer("/sms", (500, {}))
    told = finish(url, clock)
    clock.forward(minutes=3)
    poll_once(clock)
    signed_in(page, live_server, owner)
    page.goto(f"{live_server.url}/w/{workspace.wsid}/search?q={told.request_id}")
    page.locator("tbody a").first.click()
    asked = page.get_by_label("To be decided")
    asked.first.wait_for()
    assert asked.count() == 2
    shot(page, f"decide-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert grave(page) == []
    page.get_by_role("button", name="It did not, send it again").last.click()
    page.get_by_text("Decided.").wait_for()
    page.get_by_role("button", name="It arrived, go on").click()
    page.locator("h1 .badge", has_text="about to run").or_(page.locator("h1 .badge", has_text="completed")).wait_for()
    assert Run.objects.get().state == "completed"
    outside.answer("/sms", (200, {}))
    drain(clock)
    page.reload()
    page.locator(".message .badge", has_text="sent").wait_for()
    assert page.get_by_label("To be decided").count() == 0


@pytest.mark.parametrize("width", [1440, 390])
def test_a_waiting_run_is_shown_as_it_is_and_its_event_is_fired_from_there(
    quiet_page, live_server, workspace, published, owner, clock, width: int
) -> None:
    page = quiet_page
    page.set_viewport_size({"width": width, "height": 844})
    match = [{"path": "cart_id", "value": {"text": "{{ cart }}"}}]
    wait = draw.wait_for_event(
        "wait", named="Ordered within the hour?", at={"x": 320, "y": 0}, event="order_placed", match=match
    )
    ends = [draw.stop(name, at={"x": 700, "y": y}, code=name) for name, y in (("ordered", -80), ("late", 80))]
    edges = [("start", "next", "wait"), ("wait", "next", "ordered"), ("wait", "timeout", "late")]
    graph = [{"source": a, "outlet": outlet, "target": b} for a, outlet, b in edges]
    fire(published(wait, *ends, edges=graph), {"cart": "C-1"})
    poll_once(clock)
    signed_in(page, live_server, owner)
    page.goto(live_server.url + reverse("run", args=[workspace.wsid, Run.objects.get().pk]))
    page.get_by_text("the event order_placed").wait_for()
    assert page.locator(".picture .edge.passed").count() == 1 and page.locator(".picture .now").count() == 1
    page.get_by_text("Fire this event").click()
    shot(page, f"run-waiting-{width}")
    assert not grave(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Fire order_placed").click()
    page.get_by_text("order_placed is fired").wait_for()
    drain(clock)
    page.locator("h1 .badge", has_text="completed").wait_for()
    assert page.locator(".picture .edge.passed").count() == 2
    shot(page, f"run-after-{width}")
    page.get_by_role("link", name="Run again").click()
    page.get_by_role("heading", name="Run it again?").wait_for()
    shot(page, f"run-again-{width}")
    assert not grave(page)
    page.get_by_role("button", name="Run again").click()
    page.get_by_text("A new run begins").wait_for()


@pytest.mark.parametrize("width", [1440, 390])
def test_messages_that_did_not_arrive_are_ticked_looked_at_and_sent_again(
    quiet_page, live_server, story, workspace, owner, clock, width: int
) -> None:
    page = quiet_page
    page.set_viewport_size({"width": width, "height": 844})
    finish(story.webhook_live, clock)
    Delivery.objects.update(state="failed", reason="the provider was down")
    signed_in(page, live_server, owner)
    page.goto(live_server.url + reverse("workspace", args=[workspace.wsid]))
    page.get_by_text("2 messages not delivered").wait_for()
    shot(page, f"home-look-{width}")
    page.get_by_role("link", name="All messages that need a look").click()
    if width > 500:
        page.get_by_label("Tick all that were not delivered").check()
    else:
        for box in page.locator("tbody input[type=checkbox]").all():
            box.check()
    shot(page, f"messages-ticked-{width}")
    page.get_by_role("button", name="Send the ticked ones again").click()
    page.get_by_role("heading", name="Send 2 messages again?").wait_for()
    shot(page, f"send-again-{width}")
    assert not grave(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Send them again").click()
    page.get_by_text("2 messages are on the way again.").wait_for()
    drain(clock)
    assert set(Delivery.objects.filter(again_of__isnull=False).values_list("state", flat=True)) == {"sent"}
