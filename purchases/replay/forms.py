"""How far back a replay goes."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from purchases.replay.services import MONTHS


def _choices() -> list[tuple[int, str]]:
    # Asked for with each form: a lazy plural with its number is no longer lazy.
    return [
        (months, ngettext("%(n)s month", "%(n)s months", months) % {"n": months})
        for months in MONTHS
    ]


class ReplayForm(forms.Form):
    """The number of months, this one included."""

    months = forms.TypedChoiceField(
        label=_("Purchases of the last"),
        coerce=int,
        choices=_choices,
        initial=MONTHS[0],
    )
