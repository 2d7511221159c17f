"""A person copies workflows to another workspace: looks what comes of it, works through the checklist, goes live."""

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.channels.models import CapturedMessage
from apps.engine.drawing.graph import parse_graph
from apps.workflows import example
from apps.workflows.models import ApprovalRule, Workflow
from apps.workflows.release import approval_requests, publishing
from apps.workflows.transfer import copying
from apps.workspaces.models import Membership, Role, Workspace
from tests.support import draw
from tests.support.browser import BROWSER, grave, shot, signed_in
from tests.support.clock import drain
from tests.support.draw import calling, drawn, payment
from tests.support.outside import PAYMENT, fire

pytestmark = BROWSER


@pytest.fixture
def branch(owner) -> Workspace:
    place = Workspace.objects.create(name="Branch", test_addresses="asha@example.com\n+919800000001")
    Membership.objects.create(workspace=place, user=owner, role=Role.OWNER)
    return place


@pytest.fixture
def at(quiet_page, live_server, owner, workspace):
    """Open a page of a workspace, signed in as its owner."""

    def go(path: str, place: Workspace | None = None, width: int = 1440):
        page = quiet_page
        page.set_viewport_size({"width": width, "height": 900})
        if page.url == "about:blank":
            signed_in(page, live_server, owner)
        page.goto(f"{live_server.url}/w/{(place or workspace).wsid}/{path}")
        return page

    return go


def copied(page, flow: Workflow, to: str) -> None:
    """By the dialog, from the page of the workflow."""
    page.get_by_text("More", exact=True).click()
    page.get_by_role("link", name="Copy to another workspace").click()
    page.get_by_label("To the workspace").select_option(label=to)
    page.get_by_role("button", name="Preview").click()


def test_the_payment_workflow_is_copied_made_ready_goes_live_and_says_its_message(
    at, payments, branch, owner, clock
) -> None:
    page = at(f"workflows/{payments.slug}")
    copied(page, payments, "Branch")
    page.get_by_text("becomes v1 (Test) of a new workflow").wait_for()
    assert page.get_by_text("missing", exact=True).count() == 7
    shot(page, "copy-missing-1440")
    assert not grave(page)
    page.get_by_role("button", name="Copy to “Branch”").click()
    page.get_by_role("heading", name="Before v1 goes live").wait_for()
    shot(page, "checklist-1440")
    assert not grave(page)
    example.prepare(branch)
    page.get_by_role("button", name="It is done").first.click()
    page.get_by_role("button", name="It is done").first.click()
    page.get_by_role("link", name="Go live with v1").click()
    page.get_by_text("Ready to go live").wait_for()
    page.get_by_role("dialog").get_by_role("button", name="Go live").last.click()
    page.get_by_text("its checklist is not done: fire it once in the test environment").first.wait_for()
    shot(page, "checklist-refused-1440")
    page.said.clear()  # the browser tells each refused call
    flow = Workflow.objects.of(branch).get()
    fire(example.url_of(flow, "test"), PAYMENT)
    drain(clock)
    page = at(f"workflows/{flow.slug}", branch)
    page.get_by_text("All is done: v1 may go live.").wait_for()
    shot(page, "checklist-done-1440")
    page.get_by_role("link", name="Go live with v1").click()
    page.get_by_role("dialog").get_by_role("button", name="Go live").last.click()
    page.get_by_text("is live.").first.wait_for()
    fire(example.url_of(flow, "live"), PAYMENT)
    drain(clock)
    said = CapturedMessage.objects.of(branch).order_by("-id").values_list("address", flat=True)[:2]
    assert set(said) == {"asha@example.com", "+919800000001"}
    page = at(f"workflows/{flow.slug}", branch)
    assert page.get_by_role("heading", name="Before v1 goes live").count() == 0


def test_a_second_copy_after_a_change_is_a_version_to_be_picked(at, payments, branch, owner) -> None:
    page = at(f"workflows/{payments.slug}")
    copied(page, payments, "Branch")
    page.get_by_role("button", name="Copy to “Branch”").click()
    graph = parse_graph(payment(power={"name": "Strong customer?"}))
    changed = publishing.save(payments, graph, by=owner, now=timezone.now())
    page = at(f"workflows/{payments.slug}")
    copied(page, payments, "Branch")
    page.get_by_label("Version").select_option(f"{changed}, test")
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("It becomes v2 of “Payments”").wait_for()
    shot(page, "copy-again-1440")
    page.get_by_role("button", name="Copy to “Branch”").click()
    flow = Workflow.objects.of(branch).get()
    assert (flow.test.number, flow.live) == (1, None)
    page.get_by_role("link", name="Versions").click()
    page.get_by_role("link", name="View on the canvas").first.click()
    page.get_by_text("Strong customer?").first.wait_for()
    page.get_by_role("button", name="Save").first.click()
    page.locator("option", has_text="v2 (Test)").wait_for(state="attached")
    flow.refresh_from_db()
    assert flow.test.number == 2


@pytest.mark.parametrize("width", [1440, 390])
def test_three_are_copied_at_once_and_one_lacks_a_secret(at, workspace, branch, payments, width: int) -> None:
    example.prepare(branch)
    drawn(workspace, "Calls the shop", calling("SHOP_TOKEN"))
    drawn(workspace, "Other", {"nodes": [draw.webhook("start")], "edges": []})
    page = at("workflows", width=width)
    shot(page, f"copy-list-{width}")
    for name in ("Payments", "Calls the shop", "Other"):
        page.get_by_label(f"Copy {name}").check()
    page.get_by_role("button", name="Copy the ticked ones").click()
    page.get_by_text("v1, live").wait_for()
    assert page.get_by_text("v1, test").count() == 2
    page.get_by_label("To the workspace").select_option(label="Branch")
    page.get_by_role("button", name="Preview").click()
    page.get_by_text("1 missing").wait_for()
    assert page.get_by_text("missing", exact=True).count() == 1
    shot(page, f"copy-three-{width}")
    assert not grave(page)
    page.get_by_role("button", name="Copy to “Branch”").click()
    page.get_by_text("“Other” is in “Branch” as v1").wait_for()
    assert Workflow.objects.of(branch).count() == 3


@pytest.mark.parametrize("width", [1440, 390])
def test_exported_deleted_and_imported_it_runs(at, workspace, payments, clock, tmp_path, width: int) -> None:
    page = at(f"workflows/{payments.slug}", width=width)
    page.get_by_text("More", exact=True).click()
    with page.expect_download() as got:
        page.get_by_role("link", name="Export").click()
    file = tmp_path / got.value.suggested_filename
    got.value.save_as(file)
    assert file.name == "payments-v1.json"
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("More", exact=True).click()
    page.get_by_role("button", name="Delete").click()
    shot(page, f"confirm-{width}")
    assert not grave(page)
    page.get_by_role("button", name="Delete it").click()
    page.get_by_text("“Payments” is deleted.").wait_for()

    page.get_by_role("link", name="Import").click()
    page.get_by_label("Or paste the document").fill('{"format": "other"}')
    page.get_by_role("button", name="Look at it").click()
    page.get_by_text("it is no workflow document").wait_for()
    shot(page, f"import-refused-{width}")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Look at it").click()
    page.get_by_text("becomes v1 (Test) of a new workflow").wait_for()
    shot(page, f"import-{width}")
    assert not grave(page)
    page.get_by_role("button", name="Import").click()
    page.get_by_role("heading", name="Before v1 goes live").wait_for()
    shot(page, f"imported-{width}")
    flow = Workflow.objects.of(workspace).get()
    fire(example.url_of(flow, "test"), PAYMENT)
    drain(clock)
    page.reload()
    page.get_by_text("completed").first.wait_for()


@pytest.mark.parametrize("width", [1440, 390])
def test_the_longest_names_widen_no_page(at, workspace, owner, payments, width: int) -> None:
    place = Workspace.objects.create(name=("Branch of the company in " * 4).strip())
    Membership.objects.create(workspace=place, user=owner, role=Role.OWNER)
    bob = User.objects.create_user("bob.with.a.very.long.address@subdomain.example.com", "a long password")
    Membership.objects.create(workspace=workspace, user=bob, role=Role.EDITOR)
    ApprovalRule.objects.create(workspace=workspace, required=1)
    Workflow.objects.filter(pk=payments.pk).update(name="W" * 100)
    flow = drawn(workspace, "Reminder of an order that is not paid " * 2, calling("S" * 100))
    changed = publishing.save(payments, parse_graph(payment(power={"name": "N" * 100})), by=bob, now=timezone.now())
    approval_requests.ask(changed, by=bob, now=timezone.now(), comment="W" * 500)
    pick = copying.Pick(slug=flow.slug, state="test")
    (done,) = copying.copy(workspace, [pick], place, by=owner, now=timezone.now())
    pages = {
        "copy": (f"copy?flow={flow.slug}&flow={payments.slug}&to={place.wsid}", workspace),
        "approvals": ("approvals", workspace),
        "workflow": (f"workflows/{payments.slug}", workspace),
        "checklist": (f"workflows/{done.version.workflow.slug}", place),
    }
    for name, (path, where) in pages.items():
        page = at(path, where, width)
        shot(page, f"long-{name}-{width}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, name
