"""People and what they own."""

from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule

from apps.accounts.models import User, WrongPassword
from apps.channels.models import Connection, ConnectionLimiter
from apps.engine.drawing.graph import parse_graph
from apps.workflows import example
from apps.workflows import models as workflows
from apps.workflows.release import publishing
from apps.workspaces import api_keys, invites
from apps.workspaces.models import Membership, Secret, Workspace
from tests.support import draw
from tests.support.clock import Clock, drain
from tests.support.draw import publish
from tests.support.outside import PAYMENT, fire
from tests.support.senders import path_for, source, tell


def at_the_door(person: User, **how: bool) -> Client:
    """A browser in which this person is signed in."""
    client = Client(**how)
    client.force_login(person)
    return client


def secret_of(workspace: Workspace, name: str, plain: str) -> Secret:
    secret = Secret(workspace=workspace, name=name)
    secret.put(plain)
    secret.save()
    return secret


def workspace_owner(workspace: Workspace) -> User:
    return Membership.objects.of(workspace).filter(role="owner").select_related("user").first().user


def known_people(workspace: Workspace) -> None:
    """Two people of whom nobody knows whether they are one; the first with attributes."""
    about = [{"kind": "distinct_id", "path": "customer_id"}, {"kind": "email", "path": "email"}]
    gold = {"name": "plan", "value": {"text": "gold"}}
    url = publish(workspace, draw.update_profile("change", rows=[gold]), trigger={"about": about})
    fire(url, {"customer_id": "c-42", "email": "asha@example.com"})
    fire(url, {"customer_id": "c-43", "email": "asha@example.com"})


def told_of_a_cohort(workspace: Workspace) -> None:
    """A source with a request at its URL, and a cohort that it keeps."""
    made = source(workspace, "mixpanel")
    members = [{"mixpanel_distinct_id": "c-42"}]
    facts = {"mixpanel_cohort_id": "7", "mixpanel_cohort_name": "Gold", "members": members}
    tell(path_for(made), {"action": "add_members", "parameters": facts})
    tell(path_for(source(workspace, "segment")), {"type": "delete", "userId": "c-99"})


def journey(workspace: Workspace) -> None:
    """A workflow that hears of a message, and somebody who entered it."""
    rule = {"event": "payment_link", "identifier": "data.order_id", "reentry": "once"}
    start = {"id": "start", "kind": "notification_event", "settings": rule}
    graph = {"nodes": [start, draw.stop("end")], "edges": [{"source": "start", "target": "end"}]}
    flow = publishing.create(workspace, "Journey")
    now = timezone.now()
    publishing.go_live(publishing.save(flow, parse_graph(graph), by=None, now=now), by=None, now=now)
    to = [{"channel": "sms", "address": {"text": "{{ phone }}"}}]
    fire(publish(workspace, draw.send("say", event="payment_link", to=to, data=[])), PAYMENT)


def fill(workspace: Workspace, story: example.Loaded, clock: Clock) -> None:
    """At least one row of every model."""
    fire(story.webhook_live, PAYMENT, **{"Idempotency-Key": "k"})
    key = {"text": "c-42"}
    url = publish(
        workspace,
        draw.throttle("few", key=key),
        draw.digest("gather", key=key, unit="seconds"),
        draw.wait_for_event("paid", event="paid", match=[{"path": "id", "value": key}]),
    )
    fire(url, PAYMENT)
    known_people(workspace)
    told_of_a_cohort(workspace)
    journey(workspace)
    drain(clock)
    invites.invite(workspace, "new@example.com", "viewer", workspace_owner(workspace), clock.now)
    secret = Secret(workspace=workspace, name="SHOP", hosts="shop.example.com")
    secret.put("c4nary")
    secret.save()
    ConnectionLimiter.objects.create(connection=Connection.objects.of(workspace).first())
    api_keys.make(workspace, "shop")[0].save()
    Group.objects.create(name="Ops")
    workflows.Group.objects.create(workspace=workspace, name="Payments")
    flow = workflows.Workflow.objects.of(workspace).first()
    now = timezone.now()
    workflows.Checklist.objects.create(workspace=workspace, workflow=flow, source="Shop", created_at=now)
    workflows.ApprovalRule.objects.create(workspace=workspace)
    asked = {"version": flow.versions.first(), "required": 1, "asked_at": now}
    request = workflows.LiveRequest.objects.create(workspace=workspace, workflow=flow, **asked)
    workflows.Opinion.objects.create(request=request, approves=True, at=now)
    WrongPassword.objects.create(email="x@example.com", address="127.0.0.1", at=timezone.now())
    interval = IntervalSchedule.objects.create(every=1, period="days")
    PeriodicTask.objects.create(name="t", task="t", interval=interval)
    CrontabSchedule.objects.create()
    ClockedSchedule.objects.create(clocked_time=timezone.now())
    SolarSchedule.objects.create(event="sunrise", latitude=1, longitude=1)
