"""The reply box of the simulator's phones."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from conversation.words import LONGEST_TEXT
from members import phones


class SimulatedForm(forms.Form):
    """A text, and the number of the phone that it is written on."""

    number = forms.CharField(label=_("Mobile number"), max_length=phones.LONGEST_TYPED)
    text = forms.CharField(label=_("Your text"), max_length=LONGEST_TEXT)

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = country

    def clean_number(self) -> str:
        """Return the number in E.164."""
        return phones.normalize(self.cleaned_data["number"], country=self.country)
