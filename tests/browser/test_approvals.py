"""Three people at a browser: one asks to go live, is refused his own approval, and another gives it."""

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.engine.drawing.graph import parse_graph
from apps.runs.models import Run
from apps.workflows import example
from apps.workflows.release import publishing
from apps.workspaces.models import Membership
from tests.support.browser import BROWSER, grave, shot, signed_in
from tests.support.clock import drain
from tests.support.draw import payment
from tests.support.outside import PAYMENT, fire

pytestmark = BROWSER


def asked(page, canvas: str, width: int) -> None:
    """By the dialog of the canvas."""
    page.goto(f"{canvas}?version=2#live")
    page.get_by_label("What they should know").fill("Power users are called strong customers now.")
    shot(page, f"approvals-asking-{width}")
    assert not grave(page)
    page.get_by_role("dialog").get_by_role("button", name="Ask to go live").click()
    page.get_by_text("Asked: v2 waits for 1 approval.").first.wait_for(state="attached")


@pytest.mark.parametrize("width", [1440, 390])
def test_an_approval_is_refused_to_its_author_given_by_another_and_goes_live(
    quiet_page,
    live_server,
    workspace,
    payments,
    owner,
    clock,
    width: int,
) -> None:
    page, home = quiet_page, f"{live_server.url}/w/{workspace.wsid}"
    page.set_viewport_size({"width": width, "height": 900})
    bob = User.objects.create_user("bob@example.com", "a long password")
    Membership.objects.create(workspace=workspace, user=bob, role="editor")
    graph = parse_graph(payment(power={"name": "Strong customer?"}))
    publishing.save(payments, graph, by=owner, now=timezone.now())
    signed_in(page, live_server, owner)
    page.goto(f"{home}/approvals")
    shot(page, f"approvals-off-{width}")
    page.get_by_label("Approvals needed to go live").fill("1")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("1 approval needed to go live from now on.").wait_for()

    asked(page, f"{home}/workflows/{payments.slug}/canvas", width)
    page.goto(f"{home}/approvals")
    page.get_by_text("You cannot approve it: you asked for it").wait_for()
    assert page.get_by_role("button", name="Approve").count() == 0
    shot(page, f"approvals-author-{width}")

    signed_in(page, live_server, bob)
    page.goto(f"{home}/approvals")
    shot(page, f"approvals-{width}")
    assert not grave(page)
    page.get_by_label("Comment").fill("Looks right.")
    page.get_by_role("button", name="Approve").click()
    page.get_by_text("It is live.").wait_for()
    shot(page, f"approvals-over-{width}")
    payments.refresh_from_db()
    assert payments.live.number == 2
    fire(example.url_of(payments, "live"), PAYMENT)
    drain(clock)
    assert Run.objects.get().version == payments.live
