"""Giving a member a tier by hand."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.periods import add_months
from common.ui.forms import DateInput
from points.terms import Tier
from points.tiers.selectors import name_of
from points.tiers.services import LONGEST_REASON

# Longer than two years is no exception any more, but a rule.
_LONGEST_MONTHS = 24


class GrantForm(forms.Form):
    """Which tier, until when, and why."""

    # Its choices come with the member.
    tier = forms.ChoiceField(label=gettext_lazy("Tier"))
    until = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=DateInput,
        help_text=gettext_lazy(
            "After that the member has what they earned themselves."
        ),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=LONGEST_REASON,
        help_text=gettext_lazy(
            "It stands in the audit trail, and in the member's data."
        ),
    )

    def __init__(self, *args: Any, tiers: list[Tier], today: date, **kw: Any) -> None:
        super().__init__(*args, **kw)
        self.today = today
        self.fields["tier"] = forms.ChoiceField(
            label=_("Tier"), choices=[(tier.key, name_of(tier)) for tier in tiers]
        )

    def clean_until(self) -> date:
        """Refuse a day that has passed, or one so far away that nobody means it."""
        until: date = self.cleaned_data["until"]
        if until < self.today:
            raise forms.ValidationError(_("The day has passed."))
        if until > add_months(self.today, _LONGEST_MONTHS):
            raise forms.ValidationError(_("At most two years from today."))
        return until
