"""The admin shows staff their own workspaces and nothing else: tried on every model that stands in it."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.core import serializers
from django.db.models import Field, ForeignKey, Model
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.channels.models import Connection
from apps.notifications.models import NotificationEvent, Template
from apps.workspaces.models import Membership, Workspace
from tests.support.pages import MODELS


def staff(user: User) -> User:
    """A member of staff with every permission on every model, but no superuser."""
    user.is_staff = True
    user.save()
    user.user_permissions.set(Permission.objects.all())
    return user


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(model: type[Model], name: str, *args: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=args)


def snapshot() -> str:
    return "".join(serializers.serialize("json", m._base_manager.order_by("pk")) for m in MODELS)


@pytest.fixture
def stranger(foreign, outsider) -> User:
    return staff(outsider)


@pytest.fixture
def mine(stranger) -> Workspace:
    return stranger.memberships.get().workspace


def foreign_row(model: type[Model], stranger: User) -> Model:
    """A row that is not the stranger's; fails where the cast has none to try."""
    row = model._base_manager.order_by("pk").first()
    assert row is not None, f"no {model._meta.label} to try: make one in `foreign`"
    return row


def test_staff_of_another_workspace_list_nothing(stranger, mine) -> None:
    own, client = [mine, stranger.memberships.get()], client_of(stranger)
    for model in MODELS:
        answer = client.get(page(model, "changelist"))
        assert answer.status_code in (200, 403), model
        if answer.status_code == 200:
            assert [row for row in answer.context["cl"].result_list if row not in own] == []


def test_staff_of_another_workspace_open_nothing(stranger) -> None:
    client = client_of(stranger)
    for model in MODELS:
        row = foreign_row(model, stranger)
        for name in ("change", "history", "delete"):
            answer = client.get(page(model, name, row.pk))
            assert answer.status_code in (302, 403, 404), (model, name)
            assert answer.status_code != 302 or answer["Location"] == reverse("admin:index")
        if hasattr(model, "history"):
            assert client.get(page(model, "simple_history", row.pk, old_of(row).pk)).status_code in (403, 404), model


def old_of(row: Model) -> Model:
    """A row of its history."""
    return row.history.filter(**{row._meta.pk.attname: row.pk}).first()


def test_staff_of_another_workspace_change_and_delete_nothing(stranger) -> None:
    client, before = client_of(stranger), snapshot()
    for model in MODELS:
        row = foreign_row(model, stranger)
        given = {f.name: "x" for f in model._meta.fields} | {"_save": "1"}
        client.post(page(model, "change", row.pk), given)
        client.post(page(model, "delete", row.pk), {"post": "yes"})
        chosen = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        client.post(page(model, "changelist"), chosen)
        if hasattr(model, "history"):
            client.post(page(model, "simple_history", row.pk, old_of(row).pk), given)
        assert snapshot() == before, model


def test_nothing_foreign_is_offered_by_autocomplete(stranger) -> None:
    client, own = client_of(stranger), {str(stranger.memberships.get().workspace_id)}
    for model, field in ((m, f) for m in MODELS for f in m._meta.fields if isinstance(f, ForeignKey)):
        where = {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": field.name}
        answer = client.get(reverse("admin:autocomplete"), where)
        shown = [r["id"] for r in answer.json()["results"]] if answer.status_code == 200 else []
        assert set(shown) <= own, field


def test_nothing_is_added_that_points_to_something_foreign(stranger, mine) -> None:
    client, before = client_of(stranger), snapshot()
    for model in MODELS:
        given = {f.name: pointing_away(f, mine) for f in model._meta.fields}
        client.post(page(model, "add"), {**given, "settings": "{}", "hosts": "a.example.com", "value": "x"})
        assert snapshot() == before, model


def pointing_away(field: Field, mine: Workspace) -> Any:
    """A value for the field of a form; a foreign row where it points to one."""
    if isinstance(field, ForeignKey):
        row = field.related_model._base_manager.exclude(pk=mine.pk).first()
        return row.pk if row else ""
    return {"role": "owner", "kind": "smtp"}.get(field.name, "x")


def test_a_foreign_template_and_connection_are_not_saved_in_ones_own_event(stranger, mine, owner) -> None:
    theirs, own = Template.objects.latest("pk"), Template.objects.create(workspace=mine, name="own")
    connection = Connection.objects.exclude(workspace=mine).first()
    rows = {"connections-TOTAL_FORMS": 1, "connections-INITIAL_FORMS": 0}
    row = {"connections-0-channel": "sms", "connections-0-connection": connection.pk}
    for user in (stranger, owner):  # a superuser sees both workspaces and must not mix them either
        client = client_of(user)
        for given in ({"template": theirs.pk}, {"template": own.pk, **row}):
            answer = client.post(page(NotificationEvent, "add"), {"workspace": mine.pk, "name": "e", **rows, **given})
            assert answer.status_code == 200 and answer.context["errors"]
    assert not NotificationEvent.objects.of(mine).exists()


def test_a_row_never_moves_to_another_workspace(foreign, owner, outsider) -> None:
    template, other = Template.objects.first(), outsider.memberships.get().workspace
    rows = {"contents-TOTAL_FORMS": 0, "contents-INITIAL_FORMS": 0}
    given = {"name": "renamed", "workspace": other.pk, **rows}
    assert client_of(owner).post(page(Template, "change", template.pk), given).status_code == 302
    template.refresh_from_db()
    assert (template.name, template.workspace) == ("renamed", foreign)


@pytest.mark.parametrize(("role", "renamed"), [("viewer", False), ("editor", True), ("owner", True)])
def test_members_see_their_own_and_editors_change_it(foreign, viewer, role: str, renamed: bool) -> None:
    Membership.objects.filter(user=viewer).update(role=role)
    client, template = client_of(staff(viewer)), Template.objects.latest("pk")
    assert client.get(page(Template, "change", template.pk)).status_code == 200
    client.post(
        page(Template, "change", template.pk),
        {"name": "new", "contents-TOTAL_FORMS": 0, "contents-INITIAL_FORMS": 0},
    )
    assert Template.objects.filter(name="new").exists() == renamed


@pytest.mark.parametrize(("role", "promoted"), [("viewer", False), ("editor", False), ("owner", True)])
def test_only_owners_change_roles(foreign, viewer, owner, role: str, promoted: bool) -> None:
    Membership.objects.filter(user=viewer).update(role=role)
    theirs = Membership.objects.get(user=owner)
    client_of(staff(viewer)).post(page(Membership, "change", theirs.pk), {"role": "editor"})
    assert (Membership.objects.get(pk=theirs.pk).role == "editor") == promoted


def test_a_model_that_says_nothing_about_its_workspace_is_for_superusers() -> None:
    open_to_members = {m._meta.label for m, a in admin.site._registry.items() if getattr(a, "owner", "")}
    assert "accounts.User" not in open_to_members
    assert all(label.split(".")[0] not in ("auth", "django_celery_beat", "accounts") for label in open_to_members)


def test_an_old_state_is_read_and_never_put_back(foreign, owner) -> None:
    template = Template.objects.latest("pk")
    url = page(Template, "simple_history", template.pk, template.history.first().pk)
    assert client_of(owner).get(url).status_code == 200
    assert client_of(owner).post(url, {"name": "back"}).status_code == 404
