"""The form of one connection: its name and limits, and what its provider wants to know."""

from typing import Any

from django import forms
from pydantic import ValidationError

from apps.channels.connection_secrets import ELSEWHERE, goes_elsewhere, stored_secrets
from apps.channels.models import Connection
from apps.common.crypto import Undecryptable
from apps.console.settings.own_name import OwnName
from apps.console.settings.provider_fields import field_for
from apps.engine.fault_words import plain_fault
from apps.providers.contract import Provider
from apps.providers.registry import PROVIDERS

UNREADABLE = "What is stored can no longer be read: type it again."


class ConnectionSettingsForm(OwnName):
    """Of an instance whose workspace and kind are set. `put` on a valid form's instance with `whole`, then save."""

    class Meta:
        model = Connection
        fields = ("name", "rate", "rate_period", "at_once")
        labels = {"rate": "At most", "rate_period": "In a", "at_once": "Calls at once"}
        help_texts = {"rate": "Messages in the time beside it; more wait for their turn. Empty: no limit."}

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.provider: type[Provider] = PROVIDERS.all()[self.instance.kind]
        self.secret_names = self.provider.secret_fields()
        self.kept, self.is_unreadable = self._stored()
        for name, info in self.provider.model_fields.items():
            self.fields[self._own(name)] = field_for(info, is_stored=name in self.kept)
            if name in self.instance.settings:
                self.initial[self._own(name)] = self.instance.settings[name]

    @staticmethod
    def _own(name: str) -> str:
        """A provider's setting may be called as one of ours."""
        return f"set-{name}"

    def _stored(self) -> tuple[dict[str, Any], bool]:
        try:
            return stored_secrets(self.instance.pk, self.instance.kind), False
        except Undecryptable:
            return {}, True

    def own_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.Meta.fields if name != "name"]

    def provider_fields(self) -> list[forms.BoundField]:
        return [self[self._own(name)] for name in self.provider.model_fields]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return given
        asked = {name: given[self._own(name)] for name in self.provider.model_fields}
        typed = {name: value for name, value in asked.items() if value not in (None, "")}
        kept = {name: value for name, value in self.kept.items() if name not in typed}
        given["whole"] = {**kept, **typed}
        try:
            made = self.provider.model_validate(given["whole"])
        except ValidationError as error:
            self._tell(error)
            return given
        if kept and goes_elsewhere(self.instance.pk, made):
            for name in kept:
                self.add_error(self._own(name), f"Type it again: {ELSEWHERE}")
        if self.is_unreadable and not any(typed.get(name) for name in self.secret_names):
            self.add_error(self._own(self.secret_names[0]), UNREADABLE)
        return given

    def _tell(self, error: ValidationError) -> None:
        for fault in error.errors(include_url=False, include_input=False, include_context=False):
            field = self._own(str(fault["loc"][0])) if fault["loc"] else ""
            self.add_error(field if field in self.fields else None, plain_fault(fault["type"], fault["msg"]))

    def saved(self) -> Connection:
        connection: Connection = self.instance
        connection.put(self.cleaned_data["whole"])
        connection.save()
        return connection
