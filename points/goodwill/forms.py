"""What owners and marketers fill in about goodwill."""

from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.ui.forms import Switch
from points.goodwill.rules import Allowance
from points.goodwill.upkeep import AMOUNTS
from points.models import GoodwillReason

_NAMES = {
    "sv": _("Name in Swedish"),
    "da": _("Name in Danish"),
    "en": _("Name in English"),
}
_LONGEST_NAME = 60
_MOST = Decimal(1_000_000)


class ReasonForm(forms.Form):
    """What a reason is called, in every language of staff and members."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for language, _label in settings.LANGUAGES:
            self.fields[f"name_{language}"] = forms.CharField(
                label=_NAMES[language],
                max_length=_LONGEST_NAME,
                widget=forms.TextInput(attrs={"autocomplete": "off"}),
                error_messages={
                    "required": gettext("Members who read it need a name too.")
                },
            )

    @property
    def names(self) -> dict[str, str]:
        """Return the names by language, spaces tidied."""
        return {
            language: " ".join(self.cleaned_data[f"name_{language}"].split())
            for language, _label in settings.LANGUAGES
        }

    def refuse_name(self, language: str) -> None:
        """Say that another reason has the name."""
        self.add_error(
            f"name_{language}", gettext("Another reason has this name. Use that one.")
        )


class ReasonEditForm(ReasonForm):
    """A reason that is there already."""

    is_active = forms.BooleanField(
        label=_("In use"),
        help_text=_("Staff can choose it at the till."),
        required=False,
        widget=Switch,
    )

    @staticmethod
    def initial_for(reason: GoodwillReason) -> dict[str, Any]:
        """Return what the form shows of a reason."""
        return {
            **{f"name_{language}": name for language, name in reason.names.items()},
            "is_active": reason.is_active,
        }


def _amount(label: Any) -> forms.DecimalField:
    return forms.DecimalField(
        label=label,
        min_value=Decimal(0),
        max_value=_MOST,
        max_digits=9,
        decimal_places=2,
        localize=True,
    )


class AllowanceForm(forms.Form):
    """How much may be given at once, in a day and in a month."""

    staff_one_grant = _amount(_("Staff, at most at once"))
    staff_per_day = _amount(_("Staff, in a day"))
    staff_per_month = _amount(_("Staff, in a month"))
    manager_one_grant = _amount(_("Managers, at most at once"))
    manager_per_day = _amount(_("Managers, in a day"))
    manager_per_month = _amount(_("Managers, in a month"))
    store_per_day = _amount(_("The store, in a day"))
    store_per_month = _amount(_("The store, in a month"))

    def clean(self) -> dict[str, Any]:
        """See to it that longer times and higher posts have no less."""
        given = super().clean() or {}
        for who in ("staff", "manager", "store"):
            day, month = given.get(f"{who}_per_day"), given.get(f"{who}_per_month")
            if day is not None and month is not None and month < day:
                self.add_error(
                    f"{who}_per_month",
                    gettext("A month cannot have less than a day."),
                )
            at_once = given.get(f"{who}_one_grant")
            if at_once is not None and day is not None and at_once > day:
                self.add_error(
                    f"{who}_one_grant",
                    gettext("At once cannot be more than in a day."),
                )
        return given

    @property
    def amounts(self) -> dict[str, Decimal]:
        """Return the amounts by the names of the model's fields."""
        return {name: self.cleaned_data[name] for name in AMOUNTS}

    @staticmethod
    def initial_for(allowance: Allowance) -> dict[str, Decimal]:
        """Return what the form shows of an allowance."""
        found = {
            f"{who}_{what}": getattr(person, what)
            for who, person in (
                ("staff", allowance.staff),
                ("manager", allowance.manager),
            )
            for what in ("one_grant", "per_day", "per_month")
        }
        found["store_per_day"] = allowance.store_per_day
        found["store_per_month"] = allowance.store_per_month
        return {name: _plain(amount) for name, amount in found.items()}


def _plain(amount: Decimal) -> Decimal:
    """Leave out decimals that say nothing."""
    whole = amount.to_integral_value()
    return whole if whole == amount else amount
