"""How far back a replay goes."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from purchases.replay.services import MONTHS


class ReplayForm(forms.Form):
    """The number of months, this one included."""

    months = forms.TypedChoiceField(
        label=_("Purchases of the last"),
        coerce=int,
        choices=[
            (
                months,
                ngettext_lazy("%(n)s month", "%(n)s months", months) % {"n": months},
            )
            for months in MONTHS
        ],
        initial=MONTHS[0],
    )
