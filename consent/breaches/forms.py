"""Forms of the breach log."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.ui.forms import MomentInput, RadioCards
from common.ui.free_text import FreeText, FreeTextArea
from consent.breaches.services import FIELDS
from consent.models import Breach


def moment(
    label: Any, hint: Any = "", *, required: bool = False
) -> forms.DateTimeField:
    """Return a field for a day and a time."""
    return forms.DateTimeField(
        label=label,
        help_text=hint,
        required=required,
        widget=MomentInput(),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )


def words(label: Any, hint: Any = "", *, rows: int = 3) -> FreeText:
    """Return a field for some lines in staff's own words."""
    return FreeText(
        label=label,
        help_text=hint,
        required=False,
        max_length=4000,
        widget=FreeTextArea(attrs={"rows": rows}),
    )


class BreachForm(forms.Form):
    """What is known, and what was decided."""

    title = FreeText(
        label=gettext_lazy("What happened, in a line"),
        max_length=120,
        help_text=gettext_lazy("Name nobody."),
    )
    aware_at = moment(
        gettext_lazy("When we became aware"),
        gettext_lazy("From here the clock runs."),
        required=True,
    )
    happened_at = moment(
        gettext_lazy("When it happened"), gettext_lazy("If it is known.")
    )
    description = words(
        gettext_lazy("What happened"),
        gettext_lazy("How, through what, whom it touched. Name nobody."),
        rows=4,
    )
    data_touched = words(
        gettext_lazy("Kinds of data"),
        gettext_lazy("Such as: names, mobile numbers, purchases."),
        rows=2,
    )
    members_touched = forms.IntegerField(
        label=gettext_lazy("Members touched, about"),
        min_value=0,
        max_value=2_000_000_000,
        required=False,
    )
    consequences = words(gettext_lazy("Likely consequences"))
    measures = words(
        gettext_lazy("What was done"),
        gettext_lazy("To stop it, to make up for it, so that it does not come again."),
    )
    risk = forms.ChoiceField(
        label=gettext_lazy("Risk to the members"),
        choices=Breach.Risk.choices,
        initial=Breach.Risk.UNKNOWN,
        widget=RadioCards(
            explanations={
                Breach.Risk.NONE: gettext_lazy("Nobody is told; write the grounds."),
                Breach.Risk.RISK: gettext_lazy("Told to the authority in time."),
                Breach.Risk.HIGH: gettext_lazy(
                    "Told to the authority, and to the members without delay."
                ),
            }
        ),
    )
    grounds = words(
        gettext_lazy("Grounds"),
        gettext_lazy("Why nobody has to be told, or why the authority was told late."),
        rows=2,
    )
    authority_told_at = moment(gettext_lazy("The authority was told"))
    authority_reference = forms.CharField(
        label=gettext_lazy("The authority's number of the case"),
        max_length=60,
        required=False,
    )
    members_told_at = moment(gettext_lazy("The members were told"))
    note = words(
        gettext_lazy("Note for the log"),
        gettext_lazy("What is new, and why. It stays."),
        rows=2,
    )

    def __init__(self, *args: Any, now: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self.now = now

    def clean(self) -> dict[str, Any]:
        """Refuse what has not been yet, and what came before its cause."""
        cleaned: dict[str, Any] = super().clean() or {}
        for name in ("aware_at", "happened_at", "authority_told_at", "members_told_at"):
            at = cleaned.get(name)
            if at is not None and at > self.now:
                self.add_error(name, _("That has not been yet."))
        aware_at, happened_at = cleaned.get("aware_at"), cleaned.get("happened_at")
        if aware_at and happened_at and happened_at > aware_at:
            self.add_error(
                "happened_at", _("It cannot have happened after we became aware.")
            )
        return cleaned

    def fields_given(self) -> dict[str, Any]:
        """Return what the services understand."""
        return {name: self.cleaned_data[name] for name in FIELDS}


class NoteForm(forms.Form):
    """A line for the log."""

    note = FreeText(
        label=gettext_lazy("Note for the log"),
        max_length=4000,
        widget=FreeTextArea(attrs={"rows": 3}),
    )
