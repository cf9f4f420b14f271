"""Fields that the programme's forms share."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import ProhibitNullCharactersValidator
from django.utils import dates
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

# More than any version may say, and still a number of days before the year 9999.
LARGEST = 1_000_000
# Of a number of rows, of which there are some tens at most.
_DIGITS = 4
# Nobody means a day of any other.
_YEARS = range(2000, 2200)
prohibit_null = ProhibitNullCharactersValidator()


class PlainDecimalField(forms.DecimalField):
    """A number written with a comma or a point, as people do."""

    def __init__(self, **options: Any) -> None:
        options.setdefault(
            "widget",
            forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
        )
        super().__init__(**options)

    def to_python(self, value: object) -> Any:
        """Read a number of any language."""
        if isinstance(value, str):
            value = re.sub(r"[\s\u00a0\u202f]", "", value).replace(",", ".")
        return super().to_python(value)

    def prepare_value(self, value: object) -> object:
        """Write a number without zeros that say nothing."""
        return plain(value) if isinstance(value, Decimal) else value


class WholeField(forms.IntegerField):
    """A whole number that no column and no calendar is too small for.

    What a version may say is said by its check; a draft may say more.
    """

    def __init__(self, **options: Any) -> None:
        options.setdefault("min_value", 0)
        options.setdefault("max_value", LARGEST)
        super().__init__(**options)


class SeveralField(forms.CharField):
    """Several texts in one; what holds for a text holds for each of them."""

    def run_validators(self, value: Any) -> None:
        """Look at each text by itself."""
        for each in value:
            super().run_validators(each)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Leave out the length, which is that of one text."""
        attrs = super().widget_attrs(widget)
        attrs.pop("maxlength", None)
        return attrs


class LinesField(SeveralField):
    """Several texts, a line each."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("required", False)
        options.setdefault("widget", forms.Textarea(attrs={"rows": 3}))
        super().__init__(**options)

    def to_python(self, value: object) -> Any:
        """Return the lines that say something."""
        text = super().to_python(value)
        return [line.strip() for line in str(text or "").splitlines() if line.strip()]

    def prepare_value(self, value: object) -> object:
        """Write texts a line each."""
        return "\n".join(value) if isinstance(value, (list, tuple)) else value

    def has_changed(self, initial: object, data: object) -> bool:
        """Compare lines with lines; none is what a new row has."""
        found: list[str] = self.to_python(data)
        return found != list(initial if isinstance(initial, (list, tuple)) else ())


class CommasField(SeveralField):
    """Several names with commas between them."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("required", False)
        super().__init__(**options)

    def to_python(self, value: object) -> Any:
        """Return the names, each once."""
        text = super().to_python(value)
        names = [part.strip() for part in str(text or "").split(",")]
        return list(dict.fromkeys(filter(None, names)))

    def prepare_value(self, value: object) -> object:
        """Write names with commas."""
        return ", ".join(value) if isinstance(value, (list, tuple)) else value


class LaterField(forms.CharField):
    """A text that is needed in the end, and may be missing while a draft is written."""

    def validate(self, value: object) -> None:
        """Leave it to the check of the whole version."""


class Ticks(forms.MultipleChoiceField):
    """Some of a few; drawn as small switches side by side."""

    def __init__(self, *, label: Any, choices: Sequence[tuple[Any, Any]] = ()) -> None:
        super().__init__(
            label=label,
            choices=choices,
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )

    def validate(self, value: Any) -> None:
        """Accept a name that is gone, so that the check can say so at its place."""
        for each in value:
            prohibit_null(each)


def in_our_time(day: date) -> None:
    """Refuse a day around which there is no calendar, such as one of the year 9999."""
    if not _YEARS[0] <= day.year <= _YEARS[-1]:
        words = {"first": str(_YEARS[0]), "last": str(_YEARS[-1])}
        raise forms.ValidationError(
            _("Choose a day in the years %(first)s to %(last)s."), params=words
        )


def count_in(data: Mapping[str, Any], part: str) -> int:
    """Return how many rows of a part were sent; none where it is no number."""
    total = str(data.get(f"{part}-TOTAL_FORMS", ""))
    return int(total) if total.isdecimal() and len(total) < _DIGITS else 0


def plain(value: Decimal) -> str:
    """Write a number as a form shows it: `1.5`, `2`, `500`."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def blame(form: forms.BaseForm, field: str | None, message: str) -> None:
    """Put a message at a field, also of a form that shows what is stored."""
    if not form.is_bound:
        form.full_clean()
        form.cleaned_data = getattr(form, "cleaned_data", {})
    form.add_error(field if field in form.fields else None, message)


# Django's own names; ours would take their place in every date that is written.
MONTHS: Mapping[int, Any] = {
    number: capfirst(name) for number, name in dates.MONTHS.items()
}
# From 1 for Monday, as people and rules count them.
WEEKDAYS: Mapping[int, Any] = {
    number + 1: capfirst(name) for number, name in dates.WEEKDAYS.items()
}
