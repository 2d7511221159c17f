"""Every URL of the resolver as anonymous, outsider, viewer and editor, from one table."""

import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any, NamedTuple

import pytest
import reversion
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from reversion.models import Version as Kept

from apps.accounts.models import User
from apps.channels.models import Connection, Delivery
from apps.notifications.models import NotificationEvent, Template
from apps.people.models import Person
from apps.runs.models import Run
from apps.triggers.models import Source
from apps.workflows.models import LiveRequest, Workflow
from apps.workspaces import api_keys, invites
from apps.workspaces.models import ApiKey, Invite, Membership, Secret
from tests.support import draw
from tests.support.clock import Clock, finish
from tests.support.senders import source
from tests.support.threads import undone


class Case(NamedTuple):
    """Statuses by person; an owner's is the editor's where it is not said. `data` is posted where there is any; as
    JSON where `is_json`."""

    anonymous: int
    outsider: int
    viewer: int
    editor: int
    data: dict[str, Any] | None = None
    is_json: bool = False
    owner: int | None = None

    def of(self, person: str) -> int:
        return self.editor if person == "owner" and self.owner is None else getattr(self, person)


ANYBODY = Case(200, 200, 200, 200)
KEYED = Case(401, 401, 401, 401)  # a session is no key: tests/api/test_api.py
READ = Case(302, 404, 200, 200)
WRITE = Case(302, 404, 403, 302)
KNOWN = Case(302, 200, 200, 200)  # whoever is signed in
SET_UP = Case(302, 404, 403, 200)
OWN = Case(302, 404, 403, 403, owner=200)
OWN_WRITE = Case(302, 404, 403, 403, {"now": "yes"}, owner=302)
ASKED = Case(302, 404, 200, 200, {}, is_json=True)
TOLD = Case(302, 404, 403, 200, {}, is_json=True)
GRAPH = {"nodes": [draw.webhook("start")]}
API = draw.http_request("api", url="http://10.0.0.1/")
CALL = {"graph": {"nodes": [API]}, "node": "api"}
CASES = {
    "favicon.ico": Case(302, 302, 302, 302),
    "": Case(302, 200, 200, 200),
    "sign-in": Case(200, 302, 302, 302),
    "sign-out": Case(302, 302, 302, 302, {"now": "yes"}),
    "health/live": ANYBODY,
    "health/door": ANYBODY,
    "health/ready": ANYBODY,
    "metrics": Case(404, 404, 404, 404),  # a session is no token: tests/runs/test_queue_status.py
    "system": Case(302, 404, 404, 404, owner=200),  # the owner of the example is a superuser
    "profile": KNOWN,
    "new-password": ANYBODY,
    "new-password/asked": ANYBODY,
    "new-password/<uidb64>/<token>": ANYBODY,  # a wrong link says so
    "join/<str:secret>": Case(410, 410, 410, 410),
    "workspaces/new": Case(302, 403, 403, 403, owner=200),
    "w/<slug:wsid>/settings": OWN,
    "w/<slug:wsid>/settings/add-mine": OWN_WRITE,
    "w/<slug:wsid>/settings/members": OWN,
    "w/<slug:wsid>/settings/members/<int:pk>": OWN_WRITE._replace(data={"role": "viewer"}),
    "w/<slug:wsid>/settings/invites/<int:pk>/withdraw": OWN_WRITE,
    "w/<slug:wsid>/settings/connections": SET_UP,
    "w/<slug:wsid>/settings/connections/new/<slug:kind>": SET_UP,
    "w/<slug:wsid>/settings/connections/<int:pk>": SET_UP,
    "w/<slug:wsid>/settings/connections/<int:pk>/try": SET_UP._replace(
        data={"channel": "sms", "address": "+4912345678"}
    ),
    "w/<slug:wsid>/settings/connections/<int:pk>/do": WRITE._replace(data={"verb": "pause"}),
    "w/<slug:wsid>/settings/secrets": SET_UP,
    "w/<slug:wsid>/settings/secrets/new": SET_UP,
    "w/<slug:wsid>/settings/secrets/<int:pk>": SET_UP,
    "w/<slug:wsid>/settings/secrets/<int:pk>/delete": WRITE._replace(data={"now": "yes"}),
    "w/<slug:wsid>/settings/keys": OWN,
    "w/<slug:wsid>/settings/keys/<int:pk>/delete": OWN_WRITE,
    "in/source/<str:token>": Case(404, 404, 404, 404, {"odd": "1"}),
    "in/source/<str:token>/<path:behind>": Case(404, 404, 404, 404, {"odd": "1"}),
    r"^in/(?P<environment>test|live)/(?P<token>[\w-]{20,64})$": Case(202, 202, 202, 202, {"status": "odd"}),
    "api/v1/w/<slug:wsid>/events": KEYED,
    "api/v1/w/<slug:wsid>/runs": KEYED,
    "api/v1/w/<slug:wsid>/runs/<uuid:run_id>": KEYED,
    "w/<slug:wsid>/": READ,
    "w/<slug:wsid>/search": READ,
    "w/<slug:wsid>/workflows": READ,
    "w/<slug:wsid>/workflows/new": WRITE._replace(data={"name": "Another"}),
    "w/<slug:wsid>/workflows/<slug:slug>": READ,
    "w/<slug:wsid>/workflows/<slug:slug>/drawing": READ,
    "w/<slug:wsid>/workflows/<slug:slug>/paused": WRITE._replace(data={"paused": "no"}),
    "w/<slug:wsid>/approvals": READ,
    "w/<slug:wsid>/approvals/rule": Case(302, 404, 403, 403, {"required": "1"})._replace(owner=302),
    "w/<slug:wsid>/approvals/<int:pk>": Case(
        302, 404, 302, 302, {"verb": "approve"}
    ),  # who may: tests/workflows/test_approvals.py
    "w/<slug:wsid>/copy": Case(302, 404, 403, 403, owner=200),
    "w/<slug:wsid>/import": Case(302, 404, 403, 200),
    "w/<slug:wsid>/workflows/<slug:slug>/export": READ,
    "w/<slug:wsid>/groups": WRITE._replace(data={"verb": "add", "name": "Orders"}),
    "w/<slug:wsid>/workflows/<slug:slug>/do": WRITE._replace(data={"verb": "rename", "name": "Other"}),
    "w/<slug:wsid>/workflows/<slug:slug>/versions": READ,
    "w/<slug:wsid>/workflows/<slug:slug>/versions/compare": READ,
    "w/<slug:wsid>/workflows/<slug:slug>/versions/describe": WRITE._replace(data={"version": "1"}),
    "w/<slug:wsid>/workflows/<slug:slug>/log": READ,
    "w/<slug:wsid>/workflows/<slug:slug>/put-back": WRITE._replace(data={"revision": "<kept>"}),
    "w/<slug:wsid>/templates": READ,
    "w/<slug:wsid>/templates/new": READ,
    "w/<slug:wsid>/templates/preview": Case(302, 404, 200, 200, {"sms.on": "yes", "sms.text": "x"}),
    "w/<slug:wsid>/templates/<int:pk>": READ,
    "w/<slug:wsid>/templates/<int:pk>/delete": WRITE._replace(data={"now": "yes"}),
    "w/<slug:wsid>/templates/<int:pk>/log": READ,
    "w/<slug:wsid>/templates/<int:pk>/put-back": WRITE._replace(data={"revision": "<kept>"}),
    "w/<slug:wsid>/events": READ,
    "w/<slug:wsid>/events/new": READ,
    "w/<slug:wsid>/events/<int:pk>": READ,
    "w/<slug:wsid>/events/<int:pk>/delete": WRITE._replace(data={"now": "yes"}),
    "w/<slug:wsid>/events/<int:pk>/log": READ,
    "w/<slug:wsid>/events/<int:pk>/put-back": WRITE._replace(data={"revision": "<kept>"}),
    "w/<slug:wsid>/workflows/<slug:slug>/canvas": READ,
    "w/<slug:wsid>/workflows/<slug:slug>/canvas/check": ASKED._replace(data={"graph": GRAPH}),
    "w/<slug:wsid>/workflows/<slug:slug>/canvas/save": TOLD._replace(data={"graph": GRAPH, "base": {}}),
    "w/<slug:wsid>/workflows/<slug:slug>/canvas/live": TOLD._replace(data={"number": 1}),
    "w/<slug:wsid>/workflows/<slug:slug>/canvas/under-way": ASKED,
    "w/<slug:wsid>/workflows/<slug:slug>/canvas/payloads": ASKED,
    "w/<slug:wsid>/workflows/<slug:slug>/canvas/dry-run": ASKED._replace(data={"graph": GRAPH}),
    "w/<slug:wsid>/workflows/<slug:slug>/canvas/try-call": TOLD._replace(data=CALL),
    "w/<slug:wsid>/workflows/<slug:slug>/canvas/fire": TOLD,
    "w/<slug:wsid>/workflows/<slug:slug>/canvas/make-secret": TOLD._replace(data={"name": "NEW", "value": "x"}),
    "w/<slug:wsid>/runs": READ,
    "w/<slug:wsid>/runs/<uuid:run_id>": READ,
    "w/<slug:wsid>/runs/<uuid:run_id>/live": READ,
    "w/<slug:wsid>/runs/<uuid:run_id>/decide": WRITE._replace(data={"verdict": "cancel"}),
    "w/<slug:wsid>/settings/sources": SET_UP,
    "w/<slug:wsid>/settings/sources/new/<slug:kind>": SET_UP,
    "w/<slug:wsid>/settings/sources/<int:pk>": SET_UP,
    "w/<slug:wsid>/settings/sources/<int:pk>/try": WRITE._replace(data={"environment": "test"}),
    "w/<slug:wsid>/settings/sources/<int:pk>/again": WRITE._replace(data={}),
    "w/<slug:wsid>/settings/sources/<int:pk>/do": WRITE._replace(data={"verb": "rotate-test"}),
    "w/<slug:wsid>/people": READ,
    "w/<slug:wsid>/people/to-erase": READ,
    "w/<slug:wsid>/people/<uuid:pk>": READ,
    "w/<slug:wsid>/messages": READ,
    "w/<slug:wsid>/messages/send-again": WRITE._replace(data={"sure": "yes"}),
    "w/<slug:wsid>/messages/<uuid:pk>": READ,
    "w/<slug:wsid>/messages/<uuid:pk>/decide": WRITE._replace(data={"verdict": "arrived"}),
    "w/<slug:wsid>/runs/<uuid:run_id>/fire": WRITE._replace(data={"data": "{}"}),
    "w/<slug:wsid>/runs/<uuid:run_id>/again": Case(302, 404, 403, 200),
    "w/<slug:wsid>/begun/<uuid:event_id>": Case(302, 404, 302, 302),
    "w/<slug:wsid>/requests": READ,
    "w/<slug:wsid>/test-inbox": READ,
    "w/<slug:wsid>/inbox": Case(302, 302, 302, 302),  # its name of before leads to it
}
PERSONS = ["anonymous", "outsider", "viewer", "editor", "owner"]
ELSEWHERE = ("admin/",)  # the admin's own tests call its pages


def routes(patterns: list[Any], before: str = "") -> Iterator[str]:
    for pattern in patterns:
        route = before + str(pattern.pattern)
        if route.startswith(ELSEWHERE):
            continue
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif isinstance(pattern, URLPattern):
            yield route


@pytest.fixture
def cast(story, workspace, payments, owner, viewer, outsider, clock: Clock) -> dict[str, Client]:
    finish(story.webhook_live, clock)
    editor = User.objects.create_user("editor@example.com", "a long password")
    Membership.objects.create(workspace=workspace, user=editor, role="editor")
    asked = {"version": payments.live, "required": 1, "asked_at": clock.now}
    LiveRequest.objects.create(workspace=workspace, workflow=payments, **asked)
    Secret.objects.create(workspace=workspace, name="LONE")
    source(workspace, "segment")
    Person.objects.create(workspace=workspace, created_at=clock.now, updated_at=clock.now)
    api_keys.make(workspace, "partner")[0].save()
    invites.invite(workspace, "new@example.com", "viewer", owner, clock.now)
    people = {name: Client() for name in PERSONS}
    for name, user in (("outsider", outsider), ("viewer", viewer), ("editor", editor), ("owner", owner)):
        people[name].force_login(user)
    return people


def kept(row) -> Kept:
    """A revision of the row."""
    with reversion.create_revision():
        reversion.add_to_revision(row)
    return Kept.objects.get_for_object(row).first()


def test_each_route_has_a_case() -> None:
    assert set(routes(get_resolver().url_patterns)) == set(CASES)


@pytest.mark.parametrize("person", PERSONS)
def test_a_page_opens_to_whom_it_should(cast, workspace, payments, person: str) -> None:
    known = {
        "wsid": workspace.wsid,
        "slug": payments.slug,
        "run_id": str(Run.objects.get().pk),
        "event_id": str(Run.objects.get().event_id),
        "environment": "live",
        "token": payments.trigger.live_token,
        "uidb64": "MQ",
        "secret": "none-of-ours",
        "behind": "v1/batch",
        "kind": "smtp",
    }
    answers, cookies = {}, dict(cast[person].cookies)
    for route, case in CASES.items():
        with undone():
            cast[person].cookies = SimpleCookie({name: cookie.value for name, cookie in cookies.items()})
            answers[route] = asked(cast[person], route, case, known, payments)
    assert answers == {route: case.of(person) for route, case in CASES.items()}


def asked(client: Client, route: str, case: Case, known: dict[str, str], payments: Workflow) -> int:
    """The status of the answer to one route."""
    rows = {"templates": Template, "events": NotificationEvent, "approvals": LiveRequest}
    rows |= {"messages": Delivery, "members": Membership, "invites": Invite, "connections": Connection}
    rows |= {"secrets": Secret, "keys": ApiKey, "people": Person, "sources": Source}
    sort = route.removeprefix("w/<slug:wsid>/").removeprefix("settings/").split("/")[0]
    row = rows[sort].objects.order_by("pk").last() if ":pk>" in route else payments
    known = {**known, "kind": "segment"} if sort == "sources" else known
    plain = re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", route).strip("^$")
    url = "/" + re.sub(r"<(?:\w+:)?(\w+)>", lambda found: {**known, "pk": str(row.pk)}[found[1]], plain)
    if case.data is None:
        return client.get(url).status_code
    data = {**case.data, "revision": str(kept(row).pk)} if "revision" in case.data else case.data
    kind = {"content_type": "application/json"} if case.is_json else {}
    return client.post(url, data, **kind).status_code


def test_a_viewer_saves_no_drawing(cast, workspace, payments) -> None:
    url = f"/w/{workspace.wsid}/workflows/{payments.slug}/drawing"
    assert cast["viewer"].post(url, {"graph": '{"nodes": [], "edges": []}'}).status_code == 200
    assert cast["outsider"].post(url, {"graph": '{"nodes": [], "edges": []}'}).status_code == 404
    assert payments.versions.count() == 1
