"""What is filled in to change how often members are written to."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent import rules
from consent.models import ContactPolicy
from consent.policy.words import LABELS
from stores.models import Programme

MOST_PER_WEEK, MOST_PER_MONTH = 14, 60
LONGEST_GAP, MOST_SURVEYS = 168, 52
OLDEST = 25


class _ClockInput(forms.TimeInput):
    """The browser's own clock, which wants hours and minutes whatever the language."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


def _number(name: str, most: int, help_text: Any = "") -> forms.IntegerField:
    return forms.IntegerField(
        label=LABELS[name],
        min_value=0,
        max_value=most,
        help_text=help_text,
        error_messages={
            "required": _("Enter a number."),
            "invalid": _("Enter a whole number."),
            "min_value": _("Less than none is not possible."),
            "max_value": _("Choose %(limit_value)s at most."),
        },
    )


def _clock(name: str, help_text: Any = "") -> forms.TimeField:
    return forms.TimeField(
        label=LABELS[name],
        widget=_ClockInput(),
        help_text=help_text,
        error_messages={
            "required": _("Enter a time, such as 20:00."),
            "invalid": _("Enter a time, such as 20:00."),
        },
    )


class PolicyForm(forms.Form):
    """The club's bounds."""

    quiet_from = _clock("quiet_from", _("From then on no offers and no surveys."))
    quiet_until = _clock("quiet_until", _("In the club's own time zone."))
    per_week = _number(
        "per_week", MOST_PER_WEEK, _("Offers and surveys, all ways together.")
    )
    per_month = _number("per_month", MOST_PER_MONTH, _("At least those of seven days."))
    gap_hours = _number("gap_hours", LONGEST_GAP, _("None lets two follow at once."))
    surveys_per_year = _number(
        "surveys_per_year", MOST_SURVEYS, _("They count among the messages above too.")
    )
    youngest_years = _number("youngest_years", OLDEST)
    profiling_from_years = _number(
        "profiling_from_years",
        OLDEST,
        _("Children are not profiled: below 18 needs a very good reason."),
    )

    def __init__(self, *args: Any, programme: Programme, **options: Any) -> None:
        super().__init__(*args, **options)
        self.least = rules.least_age(programme.country)
        self.fields["youngest_years"].help_text = gettext(
            "The law asks for %(least)s at least (%(country)s)."
        ) % {"least": self.least, "country": programme.country}

    def clean_youngest_years(self) -> int:
        """Refuse an age below the law's."""
        years: int = self.cleaned_data["youngest_years"]
        if years < self.least:
            raise ValidationError(
                gettext(
                    "The law lets nobody under %(least)s consent for themselves. "
                    "Choose %(least)s or more."
                )
                % {"least": self.least}
            )
        return years

    def clean(self) -> dict[str, Any]:
        """Refuse bounds that contradict each other."""
        chosen = super().clean() or {}
        if {"quiet_from", "quiet_until"} <= chosen.keys() and (
            chosen["quiet_from"] == chosen["quiet_until"]
        ):
            self.add_error(
                "quiet_until",
                gettext("That leaves no time to write. Choose another time."),
            )
        if {"per_week", "per_month"} <= chosen.keys() and (
            chosen["per_month"] < chosen["per_week"]
        ):
            self.add_error(
                "per_month",
                gettext("Fewer in thirty days than in seven cannot be."),
            )
        ages = {"youngest_years", "profiling_from_years"}
        if ages <= chosen.keys() and (
            chosen["profiling_from_years"] < chosen["youngest_years"]
        ):
            self.add_error(
                "profiling_from_years",
                gettext("Choose at least the youngest age, %(age)s.")
                % {"age": chosen["youngest_years"]},
            )
        return chosen

    @staticmethod
    def initial_for(policy: ContactPolicy) -> dict[str, Any]:
        """Return what the form shows of the bounds."""
        return {name: getattr(policy, name) for name in LABELS}
