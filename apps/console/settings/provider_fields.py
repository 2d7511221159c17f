"""A form's fields, drawn from what a provider's settings are made of."""

from typing import Any, Literal, get_args, get_origin

from django import forms
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from apps.adminkit.json_field import JsonField

KEPT = "Stored. Empty keeps it."
MAX_TEXT, MAX_LINES = 2000, 20_000


class LinesField(forms.CharField):
    """One value a line."""

    def __init__(self, numbers: bool, **more: Any) -> None:
        super().__init__(max_length=MAX_LINES, widget=forms.Textarea(attrs={"rows": 3}), **more)
        self.numbers = numbers

    def to_python(self, value: Any) -> Any:
        lines = [line.strip() for line in str(value or "").splitlines() if line.strip()]
        if self.numbers and not all(line.isascii() and line.isdigit() for line in lines):
            raise forms.ValidationError("Write one whole number a line.")
        return [int(line) for line in lines] if self.numbers else lines

    def validate(self, value: Any) -> None:
        """The provider's settings say what is wrong."""

    def run_validators(self, value: Any) -> None:
        """They look at a text; what was read is a list."""

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else "\n".join(str(one) for one in value or ())


class PairsField(LinesField):
    """`Name: value`, one a line."""

    def __init__(self, **more: Any) -> None:
        super().__init__(numbers=False, **more)

    def to_python(self, value: Any) -> Any:
        lines = super().to_python(value)
        if not all(":" in line for line in lines):
            raise forms.ValidationError("Write a name, a colon and a value on each line.")
        pairs = (line.partition(":") for line in lines)
        return {name.strip(): text.strip() for name, _, text in pairs}

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else "\n".join(f"{name}: {text}" for name, text in (value or {}).items())


def field_for(info: FieldInfo, *, is_stored: bool = False) -> forms.Field:
    """`is_stored`: there is a secret already."""
    kind, shared = info.annotation, _shared(info)
    if kind is SecretStr:
        told = f"{KEPT} {info.description}" if is_stored else info.description
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        return forms.CharField(**{**shared, "help_text": told, "initial": ""}, max_length=MAX_TEXT, widget=widget)
    if get_origin(kind) is Literal:
        return forms.ChoiceField(**shared, choices=[(one, _label(info, one)) for one in get_args(kind)])
    if kind is bool:
        return forms.BooleanField(**{**shared, "required": False})
    if kind is int:
        return forms.IntegerField(**shared)
    if kind is float:
        return forms.FloatField(**shared)
    if get_origin(kind) is dict:
        return PairsField(**shared)
    if get_origin(kind) in (tuple, list):
        return LinesField(numbers=get_args(kind)[0] is int, **shared)
    if kind is str:
        return forms.CharField(**shared, max_length=MAX_TEXT)
    return JsonField(**shared, widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}))


def _shared(info: FieldInfo) -> dict[str, Any]:
    default = None if info.default is PydanticUndefined else info.default
    facts = {"label": info.title, "help_text": info.description, "initial": default}
    return {**facts, "required": info.is_required()}


def _label(info: FieldInfo, value: str) -> str:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    labels = extra.get("x-labels")
    return str(labels.get(value, value)) if isinstance(labels, dict) else value
