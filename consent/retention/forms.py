"""Forms of retention."""

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.retention.periods import YEAR, Period, days_of, in_words


class PeriodForm(forms.Form):
    """How long a kind of data is kept, within what the law and the house allow.

    In years, months or days: whichever says the default whole.
    """

    length = forms.IntegerField(label=gettext_lazy("Kept for"), min_value=1)

    def __init__(self, period: Period, *args: Any, **kwargs: Any) -> None:
        """Start from the period in force."""
        self.period = period
        self.unit = _unit(period)
        super().__init__(*args, **kwargs)
        self.initial = {"length": self._in_unit(period.days)}
        whole = period.kind.whole_years
        self.fields["length"].label = {
            "years": _("Kept for (years)"),
            "months": _("Kept for (months)"),
            "days": _("Kept for (days)"),
        }[self.unit]
        self.fields["length"].help_text = _(
            "%(least)s at least and %(most)s at most; usual is %(default)s."
        ) % {
            "least": in_words(period.least, whole_years=whole),
            "most": in_words(period.kind.most, whole_years=whole),
            "default": in_words(period.default, whole_years=whole),
        }

    def clean_length(self) -> int:
        """Hold the period to its bounds."""
        length = int(self.cleaned_data["length"])
        days = self._in_days(length)
        whole = self.period.kind.whole_years
        if days < self.period.least:
            raise forms.ValidationError(
                _("Keep it for %(least)s at least.")
                % {"least": in_words(self.period.least, whole_years=whole)}
            )
        if days > self.period.kind.most:
            raise forms.ValidationError(
                _("Keep it for %(most)s at most.")
                % {"most": in_words(self.period.kind.most, whole_years=whole)}
            )
        return length

    @property
    def days(self) -> int:
        """Return the chosen period."""
        return self._in_days(int(self.cleaned_data["length"]))

    def _in_unit(self, days: int) -> int:
        if self.unit == "years":
            return -(-days // YEAR)
        return round(days * 12 / YEAR) if self.unit == "months" else days

    def _in_days(self, length: int) -> int:
        if self.unit == "years":
            return length * YEAR
        return days_of(length) if self.unit == "months" else length


def _unit(period: Period) -> str:
    if period.kind.whole_years:
        return "years"
    for days in (period.days, period.default):
        months = round(days * 12 / YEAR)
        if months < 2 or days_of(months) != days:
            return "days"
    return "months"
