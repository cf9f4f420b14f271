"""Fields that the programme's forms share."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils import dates
from django.utils.text import capfirst


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


class LinesField(forms.CharField):
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


class CommasField(forms.CharField):
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
