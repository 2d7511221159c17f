"""Company ABC's payments: the workspace everybody starts from. Loading it twice changes nothing."""

import json
import os
import secrets
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.urls import reverse

from apps.accounts.models import User
from apps.channels.models import Connection
from apps.common.values import Value
from apps.engine.drawing.graph import parse_graph
from apps.notifications.models import Content, EventConnection, NotificationEvent, Template
from apps.workflows.models import Workflow
from apps.workflows.release import publishing
from apps.workspaces.models import Membership, Role, Workspace

DRAWING = Path(__file__).parent / "examples" / "payment.json"
OWNER = "owner@example.com"
WORDS = {
    "payment_received": {
        "email": (
            "We got your payment",
            "We received {{ amount }} for order {{ order_id }}.",
        ),
        "sms": ("", "Payment of {{ amount }} for order {{ order_id }} received. Thank you!"),
    },
    "order_confirmed": {
        "email": (
            "Order {{ order_id }} confirmed",
            "Your order {{ order_id }} comes cash on delivery.",
        ),
        "sms": ("", "Order {{ order_id }} is confirmed, cash on delivery: {{ amount }}."),
    },
    "payment_link": {
        "sms": (
            "",
            "Your payment for {{ order_id }} failed. Try again: https://pay.example.com/{{ order_id }}",
        ),
    },
}


class Loaded(Value):
    """What to do next. `password` is set only when the owner was made just now."""

    webhook_live: str
    webhook_test: str
    workspace: str
    owner_email: str
    test_inbox_url: str
    password: str = ""


def load(shop_url: str, now: datetime, gateway_url: str = "") -> Loaded:
    """Make what is missing of the example and publish it. Its messages go to the gateway, else to the test inbox."""
    password = _owner()
    owner = User.objects.get(email=OWNER)
    workspace = workspace_of(owner)
    prepare(workspace)
    if gateway_url:
        _send_by_gateway(workspace, gateway_url)
    workflow = Workflow.objects.of(workspace).filter(name="Payments").first()
    if workflow is None:
        workflow = publishing.create(workspace, "Payments")
        graph = parse_graph(_drawing(shop_url))
        publishing.go_live(publishing.save(workflow, graph, by=owner, now=now), by=owner, now=now)
    return Loaded(
        webhook_live=url_of(workflow, "live"),
        webhook_test=url_of(workflow, "test"),
        workspace=workspace.wsid,
        owner_email=OWNER,
        test_inbox_url=settings.PUBLIC_URL + reverse("test-inbox", args=[workspace.wsid]),
        password=password,
    )


def draw(workflow: Workflow, by: User, now: datetime) -> None:
    """The example's drawing in another workflow, as v1 (Test); what it says is made where it is missing."""
    prepare(workflow.workspace)
    publishing.save(workflow, parse_graph(_drawing(shop_url())), by=by, now=now)


def prepare(workspace: Workspace) -> None:
    """Make what the example's drawing needs, where it is missing."""
    connection = Connection.objects.of(workspace).filter(kind="capture").first() or Connection.objects.create(
        workspace=workspace, name="Test inbox", kind="capture"
    )
    for name, contents in WORDS.items():
        _event(workspace, connection, name, contents)


def shop_url() -> str:
    """Where the example's shop answers: beside our own port unless SHOP_URL says otherwise."""
    return os.environ.get("SHOP_URL", f"http://127.0.0.1:{int(settings.PORT) + 1}")


def _send_by_gateway(workspace: Workspace, url: str) -> None:
    """All messages of the workspace leave as JSON to this URL."""
    gateway, _ = Connection.objects.get_or_create(workspace=workspace, name="Gateway", kind="http_gateway")
    body = {part: f"{{{{ {part} }}}}" for part in ("channel", "address", "subject", "text")}
    gateway.put({"url": url, "body": body, "id_path": "message_id"})
    gateway.save()
    EventConnection.objects.filter(event__workspace=workspace).update(connection=gateway)


def url_of(workflow: Workflow, environment: str) -> str:
    """The public URL of a workflow's endpoint."""
    return settings.PUBLIC_URL + reverse("webhook", args=[environment, workflow.trigger.token_of(environment)])


def _drawing(shop_url: str) -> Any:
    return json.loads(DRAWING.read_text().replace("SHOP_URL", shop_url))


def _owner() -> str:
    if User.objects.filter(email=OWNER).exists():
        return ""
    password = secrets.token_urlsafe(12)
    User.objects.create_superuser(OWNER, password)
    return password


def workspace_of(owner: User) -> Workspace:
    member = Membership.objects.filter(user=owner, workspace__name="Company ABC").select_related("workspace").first()
    if member is not None:
        return member.workspace
    workspace = Workspace.objects.create(name="Company ABC", test_addresses="asha@example.com\n+919800000001")
    Membership.objects.create(workspace=workspace, user=owner, role=Role.OWNER)
    return workspace


def _event(workspace: Workspace, connection: Connection, name: str, contents: dict[str, tuple[str, str]]) -> None:
    template, _ = Template.objects.get_or_create(workspace=workspace, name=name.replace("_", " ").capitalize())
    event, _ = NotificationEvent.objects.get_or_create(workspace=workspace, name=name, defaults={"template": template})
    for channel, (subject, text) in contents.items():
        html = f"<p>{text}</p>" if channel == "email" else ""
        words = {"subject": subject, "text": text, "html": html}
        Content.objects.get_or_create(template=template, channel=channel, defaults=words)
        EventConnection.objects.get_or_create(event=event, channel=channel, defaults={"connection": connection})
