"""A form's field for a JSON object."""

from typing import Any

from django import forms
from django.forms.fields import InvalidJSONInput

from apps.common import bounded_json


class JsonField(forms.JSONField):
    """A JSON document; what is none is shown again, with words."""

    def to_python(self, value: Any) -> Any:
        if value in self.empty_values:
            return {}
        try:
            return bounded_json.loads(str(value).encode("utf-8", "replace"))
        except bounded_json.Malformed as error:
            raise forms.ValidationError(f"{error}. Write a JSON object, for example {{}}.") from None

    def prepare_value(self, value: Any) -> Any:
        return "" if value is None else super().prepare_value(value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        return InvalidJSONInput(data or "")


class ObjectField(JsonField):
    """A JSON object and nothing else."""

    def to_python(self, value: Any) -> dict[str, Any]:
        found = super().to_python(value)
        if not isinstance(found, dict):
            raise forms.ValidationError('Write a JSON object: names with values in { }, for example {"port": 587}.')
        return found
