"""Forms that the admin and the pages share."""

from typing import Any

from django import forms

from apps.workspaces.models import Secret
from apps.workspaces.owned_admin import OwnedForm


class SecretForm(OwnedForm):
    value = forms.CharField(
        widget=forms.PasswordInput(), required=False, help_text="Never shown again. Empty keeps the stored one."
    )

    class Meta:
        model = Secret
        fields = ("workspace", "name", "hosts")

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if not self.instance.sealed and not given.get("value"):
            self.add_error("value", "A new secret needs a value.")
        if self.instance.pk and not given.get("value") and "name" in self.changed_data:
            self.add_error("value", "A renamed secret needs its value again.")
        if self.instance.pk and not given.get("value") and self._may_go_further(given):
            self.add_error(
                "value", "Type the value again: the stored one was given for the hosts that stood here before."
            )
        return given

    def _may_go_further(self, given: dict[str, Any]) -> bool:
        before = Secret.objects.get(pk=self.instance.pk).hosts.split()
        return bool({line.lower() for line in given.get("hosts", "").split()} - {line.lower() for line in before})
