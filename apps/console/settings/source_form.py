"""The form of one source: its name, what its kind wants to know, and by what its people are known."""

from typing import Any

from django import forms
from pydantic import ValidationError

from apps.common.crypto import Undecryptable
from apps.console.settings.own_name import OwnName
from apps.console.settings.provider_fields import field_for
from apps.engine.about import MAX_ABOUT, IdentityAt
from apps.engine.fault_words import plain_fault
from apps.engine.values.identities import KIND_WORDS
from apps.sources.doors import Door
from apps.sources.registry import DOORS
from apps.triggers.models import Source
from apps.workspaces.deletion_guards import keepers_of

ROWS_TO_FILL = 2


class SourceForm(OwnName):
    """Of an instance whose workspace and kind are set."""

    class Meta:
        model = Source
        fields = ("name",)

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self.door: type[Door] = DOORS.all()[self.instance.kind]
        self.kept = self._stored()
        for name, info in self.door.model_fields.items():
            self.fields[self._own(name)] = field_for(info, is_stored=name in self.kept)
            if name in self.instance.settings:
                self.initial[self._own(name)] = self.instance.settings[name]

    @staticmethod
    def _own(name: str) -> str:
        return f"set-{name}"

    def _stored(self) -> dict[str, str]:
        try:
            return self.instance.secrets() if self.instance.pk else {}
        except Undecryptable:
            return {}

    def door_fields(self) -> list[forms.BoundField]:
        return [self[self._own(name)] for name in self.door.model_fields]

    def clean_name(self) -> str:
        """A new name would be another source to the drawings that say the old one."""
        name = super().clean_name()
        old = Source.objects.filter(pk=self.instance.pk).first() if self.instance.pk else None
        users = keepers_of([old]) if old is not None and old.name != name else []
        if users:
            raise forms.ValidationError(f"It is used under its name by {', '.join(users[:5])}: make a new one instead.")
        return name

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if self.errors:
            return given
        asked = {name: given[self._own(name)] for name in self.door.model_fields}
        typed = {name: value for name, value in asked.items() if value not in (None, "")}
        given["whole"] = {**self.kept, **typed}
        try:
            self.door.model_validate(given["whole"])
        except ValidationError as error:
            for fault in error.errors(include_url=False, include_input=False, include_context=False):
                self.add_error(self._own(str(fault["loc"][0])), plain_fault(fault["type"], fault["msg"]))
        return given

    def saved(self, about: list[dict[str, str]]) -> Source:
        source: Source = self.instance
        source.put(self.cleaned_data["whole"])
        source.about = about
        source.save()
        return source


class AboutForm(forms.Form):
    """By one thing that a person is known."""

    kind = forms.ChoiceField(label="Known by", required=False, choices=[("", "–"), *KIND_WORDS.items()])
    path = forms.CharField(label="Path", required=False, max_length=200)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(given.get("kind")) != bool(given.get("path", "").strip()):
            raise forms.ValidationError("Choose what it is and say where it stands, or leave both empty.")
        return given


AboutForms = forms.formset_factory(AboutForm, extra=ROWS_TO_FILL, max_num=MAX_ABOUT + ROWS_TO_FILL, validate_max=True)


def about_forms(source: Source, data: Any = None) -> Any:
    """The rows as they stand, with some to fill in."""
    first = [row.model_dump() for row in DOORS.all()[source.kind].first_about]
    return AboutForms(data, initial=source.about if source.pk else first, prefix="about")


def about_of(rows: Any) -> list[dict[str, str]]:
    """What valid rows say, without the empty ones."""
    found = [row.cleaned_data for row in rows if row.cleaned_data.get("kind")]
    return [IdentityAt(kind=row["kind"], path=row["path"].strip()).model_dump() for row in found]
