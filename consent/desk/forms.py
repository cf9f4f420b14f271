"""The question whether a member could have been written to."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.ui.forms import MomentInput
from consent.models import Channel, Purpose

# What is asked about: the class of the message and its purpose.
KINDS = [
    ("MARKETING:MARKETING", Purpose.MARKETING.label),
    ("MARKETING:PROFILING", Purpose.PROFILING.label),
    ("MARKETING:PARTNERS", Purpose.PARTNERS.label),
    ("SURVEY:SURVEYS", Purpose.SURVEYS.label),
    ("SERVICE:", gettext_lazy("Service")),
    ("CODE:", gettext_lazy("One-time code or link")),
]
_CHANNELS = [(each.value, each.label) for each in Channel if each is not Channel.ANY]


class CouldHaveForm(forms.Form):
    """Who, what, how and when."""

    words = forms.CharField(
        label=gettext_lazy("Member"),
        help_text=gettext_lazy("Number, mobile number, e-mail or whole name."),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Message"), choices=KINDS)
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), choices=_CHANNELS)
    at = forms.DateTimeField(
        label=gettext_lazy("When"),
        help_text=gettext_lazy("In the club's time zone."),
        widget=MomentInput(),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )

    def __init__(self, *args: Any, now: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self.now = now

    def clean_at(self) -> datetime:
        """Refuse what is still to come."""
        at: datetime = self.cleaned_data["at"]
        if at > self.now:
            raise forms.ValidationError(_("That has not been yet."))
        return at
