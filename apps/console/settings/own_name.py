"""A form over a row whose workspace no field holds: its name is the only one there."""

from django import forms


class OwnName(forms.ModelForm):
    def clean_name(self) -> str:
        name, mine = self.cleaned_data["name"], self.instance
        same = type(mine).objects.of(mine.workspace).filter(name=name).exclude(pk=mine.pk)
        if same.exists():
            raise forms.ValidationError(f"There is a “{name}” already: take another name.")
        return str(name)
