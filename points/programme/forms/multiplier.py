"""One multiplier: how many times the points, on what, where, when and for whom."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from common.ui.forms import DateInput, Switch
from points.programme.checking import LONGEST_KEY
from points.programme.forms.fields import (
    WEEKDAYS,
    PlainDecimalField,
    Ticks,
    in_our_time,
)
from points.programme.goods import named_in, read
from points.terms import Birthday, Goods, Ladder, Multiplier, When
from stores.models import Programme, Store

BIRTHDAYS = [
    ("", _("any day")),
    (Birthday.DAY.value, _("on the birthday")),
    (Birthday.WEEK.value, _("in the week of the birthday")),
    (Birthday.MONTH.value, _("in the month of the birthday")),
]


class TimeInput(forms.TimeInput):
    """The browser's own picker of a time."""

    input_type = "time"

    def __init__(self) -> None:
        super().__init__(format="%H:%M")


class Weekdays(Ticks):
    """Days of a week, of which there are seven for ever."""

    def validate(self, value: Any) -> None:
        """Refuse what is no day."""
        forms.MultipleChoiceField.validate(self, value)


class MultiplierForm(forms.Form):
    """What a multiplier asks for; what is left empty is not asked."""

    factor = PlainDecimalField(
        label=_("Times the points"),
        max_digits=5,
        decimal_places=2,
        help_text=_("2 for double, 1.5 for half as many again."),
    )
    weekdays = Weekdays(
        label=_("Weekdays"),
        choices=[(str(day), name) for day, name in WEEKDAYS.items()],
    )
    from_hour = forms.TimeField(label=_("From"), required=False, widget=TimeInput)
    to_hour = forms.TimeField(label=_("Until"), required=False, widget=TimeInput)
    stores = Ticks(label=_("Stores"))
    channels = Ticks(label=_("Channels"), choices=Store.Kind.choices)
    tiers = Ticks(label=_("Tiers"))
    first_purchase = forms.BooleanField(
        label=_("Only the first purchase"), required=False, widget=Switch
    )
    birthday = forms.ChoiceField(label=_("Birthday"), choices=BIRTHDAYS, required=False)
    starts_on = forms.DateField(
        label=_("First day"),
        required=False,
        widget=DateInput,
        validators=[in_our_time],
    )
    ends_on = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=DateInput,
        validators=[in_our_time],
    )
    least_total = PlainDecimalField(
        label=_("When the goods cost at least"),
        max_digits=10,
        decimal_places=2,
        required=False,
    )

    def __init__(
        self,
        *args: Any,
        programme: Programme,
        ladder: Ladder | None,
        multiplier: Multiplier | None = None,
        **options: Any,
    ) -> None:
        options["initial"] = (
            _initial(multiplier.factor, multiplier.when)
            if multiplier
            else {"factor": Decimal(2)}
        )
        super().__init__(*args, **options)
        self.multiplier = multiplier
        self._choose("stores", _stores_of(programme), multiplier)
        self._choose("tiers", _tiers_of(ladder), multiplier)
        if not self.choices_of("tiers"):
            del self.fields["tiers"]

    def goods(self) -> Goods:
        """Return the goods that are ticked."""
        if self.is_bound and hasattr(self.data, "getlist"):
            return read(self.data.getlist("goods"))
        return self.multiplier.when.goods if self.multiplier else Goods()

    def clean(self) -> dict[str, Any]:
        """Ask for both hours or none."""
        given: dict[str, Any] = super().clean() or {}
        if (given.get("from_hour") is None) != (given.get("to_hour") is None):
            missing = "from_hour" if given.get("from_hour") is None else "to_hour"
            if missing not in self.errors:
                self.add_error(missing, _("Say from when until when."))
        return given

    def when(self) -> When:
        """Return the conditions."""
        given = self.cleaned_data
        hours = (
            (given["from_hour"], given["to_hour"])
            if given["from_hour"] is not None
            else None
        )
        return When(
            goods=self.goods(),
            stores=tuple(given["stores"]),
            channels=tuple(given["channels"]),
            weekdays=tuple(sorted(int(day) for day in given["weekdays"])),
            hours=hours,
            tiers=tuple(given.get("tiers", ())),
            first_purchase=given["first_purchase"],
            birthday=Birthday(given["birthday"]) if given["birthday"] else None,
            starts_on=given["starts_on"],
            ends_on=given["ends_on"],
            least_total=given["least_total"],
        )

    def value(self, taken: set[str]) -> Multiplier:
        """Return the multiplier; a new one gets a key of its own."""
        key = self.multiplier.key if self.multiplier else self._new_key(taken)
        return Multiplier(key, self.cleaned_data["factor"], self.when())

    def choices_of(self, name: str) -> list[tuple[Any, Any]]:
        """Return what can be ticked."""
        field = self.fields.get(name)
        return list(field.choices) if isinstance(field, Ticks) else []  # type: ignore[arg-type]

    def _new_key(self, taken: set[str]) -> str:
        """Return a key that says something, such as `kaffe-2`."""
        words = [each.name for each in named_in(self.goods())[:1]] or ["multiplier"]
        start = slugify("-".join(words))[: LONGEST_KEY - 4].strip("-") or "multiplier"
        start = start.replace("_", "-")
        number = 1
        while (key := start if number == 1 else f"{start}-{number}") in taken:
            number += 1
        return key

    def _choose(
        self, name: str, known: list[tuple[str, str]], multiplier: Multiplier | None
    ) -> None:
        """Offer what there is, and what the multiplier names that is gone."""
        field = self.fields[name]
        named = getattr(multiplier.when, name) if multiplier else ()
        gone = [(key, key) for key in named if key not in dict(known)]
        if isinstance(field, Ticks):
            field.choices = [*known, *gone]


def _initial(factor: Decimal, when: When) -> dict[str, Any]:
    begins, ends = when.hours or (None, None)
    return {
        "factor": factor,
        "weekdays": [str(day) for day in when.weekdays],
        "from_hour": begins,
        "to_hour": ends,
        "stores": list(when.stores),
        "channels": list(when.channels),
        "tiers": list(when.tiers),
        "first_purchase": when.first_purchase,
        "birthday": when.birthday.value if when.birthday else "",
        "starts_on": when.starts_on,
        "ends_on": when.ends_on,
        "least_total": when.least_total,
    }


def _stores_of(programme: Programme) -> list[tuple[str, str]]:
    rows = programme.stores.filter(is_active=True).order_by("name")
    return list(rows.values_list("code", "name"))


def _tiers_of(ladder: Ladder | None) -> list[tuple[str, str]]:
    language = (get_language() or "en")[:2]
    return [
        (tier.key, tier.names.get(language) or tier.key)
        for tier in (ladder.tiers if ladder else ())
    ]
