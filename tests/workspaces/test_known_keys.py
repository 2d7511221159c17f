"""Keys that a process lacks: it does not start, and what it cannot read goes back."""

from io import StringIO

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.utils import timezone

from apps.channels.models import Attempt, Connection, Delivery
from apps.common import crypto
from apps.egress import reach
from apps.runs.models import Run
from apps.runs.worker import start_check
from apps.workflows import example
from apps.workspaces import known_keys
from apps.workspaces.models import EncryptionKey, Secret
from fynoflow.env import kept_secret
from tests.support import draw
from tests.support.clock import Clock, drain
from tests.support.outside import Outside, fire


def test_a_message_whose_secret_cannot_be_read_here_waits_and_uses_no_attempt(outside: Outside, clock, settings, db):
    loaded = example.load(outside.url, timezone.now(), f"{outside.url}/send")
    gateway = Connection.objects.get(kind="http_gateway")
    gateway.put({**gateway.settings, "token": "t0ken"})
    gateway.save()
    keys, settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS, ["of another host"]
    outside.answer("/customers", (200, {"type": "power"}))
    outside.answer("/orders/c-42", (200, {"status": "confirmed"}))
    outside.answer("/send", (200, {}))
    fire(loaded.webhook_live)
    drain(clock)
    assert {(d.state, d.attempt) for d in Delivery.objects.all()} == {("ready", 0)} and not Attempt.objects.exists()
    assert "cannot be decrypted" in Delivery.objects.first().reason and crypto.lately_failed()
    settings.ENCRYPTION_KEYS = keys
    reach.forget()
    drain(clock)
    assert {(d.state, d.attempt) for d in Delivery.objects.all()} == {("sent", 1)}


def test_a_call_whose_secret_cannot_be_read_here_waits_and_uses_no_try(
    published, workspace, outside: Outside, clock: Clock, settings
) -> None:
    secret = Secret(workspace=workspace, name="SHOP", hosts="127.0.0.1")
    secret.put("c4nary")
    secret.save()
    auth = {"type": "bearer", "secret": {"secret": "SHOP"}}
    call = {"url": {"text": f"{outside.url}/customers"}, "auth": auth}
    url = published(draw.http_request("ask", **call))
    keys, settings.ENCRYPTION_KEYS = settings.ENCRYPTION_KEYS, ["of another host"]
    fire(url)
    drain(clock)
    run = Run.objects.get()
    assert (run.state, run.attempt, run.steps.count()) == ("ready", 0, 0) and "cannot be decrypted" in run.error
    settings.ENCRYPTION_KEYS = keys
    reach.forget()
    drain(clock)
    run.refresh_from_db()
    assert run.state == "completed" and run.error == ""


@pytest.mark.django_db(transaction=True)
def test_keys_of_another_installation_do_not_start(settings) -> None:
    now = timezone.now()
    settings.ENCRYPTION_KEYS = ["old"]
    old = crypto.first_key()
    assert known_keys.missing(now) == [] and start_check.found() == ""
    settings.ENCRYPTION_KEYS = ["strange"]
    assert known_keys.missing(now) == [old] and f"encrypts with the key {old}" in start_check.found()
    settings.ENCRYPTION_KEYS = ["new", "old"]
    assert known_keys.missing(now) == []
    settings.ENCRYPTION_KEYS = ["old"]
    assert known_keys.missing(now), "new belongs to it, too, from the first start with it"
    call_command("rotate_keys", forget=known_keys.missing(now)[0], stdout=StringIO())
    assert known_keys.missing(now) == []


def test_an_installation_from_before_goes_by_the_keys_of_its_secrets(workspace, settings) -> None:
    settings.ENCRYPTION_KEYS = ["old"]
    secret = Secret(workspace=workspace, name="SHOP", hosts="a.example.com")
    secret.put("c4nary")
    secret.save()
    old = crypto.first_key()
    settings.ENCRYPTION_KEYS = ["strange"]
    assert known_keys.missing(timezone.now()) == [old] and not EncryptionKey.objects.exists()
    settings.ENCRYPTION_KEYS = ["new", "old"]
    assert known_keys.missing(timezone.now()) == []
    assert {row.key_id for row in EncryptionKey.objects.all()} == set(crypto.key_ids())


def test_with_a_database_url_no_key_is_made_up(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.delenv("ENCRYPTION_KEYS", raising=False)
    monkeypatch.setenv("DATABASE_URL", "postgresql://u@h/n")
    with pytest.raises(ImproperlyConfigured, match="ENCRYPTION_KEYS is not set"):
        kept_secret("ENCRYPTION_KEYS")
    (tmp_path / "encryption_keys.key").write_text("from before\n")
    assert kept_secret("ENCRYPTION_KEYS") == "from before"
    monkeypatch.setenv("DATABASE_URL", "")
    monkeypatch.setenv("DATA_DIR", str(tmp_path / "embedded"))
    assert kept_secret("ENCRYPTION_KEYS") == kept_secret("ENCRYPTION_KEYS") != ""
