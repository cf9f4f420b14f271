"""Widgets and helpers for forms.

How a field looks is decided by `templates/django/forms/`, which Django's own rendering
finds: `{{ form }}` gives an error summary and every field with its hint and errors.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.functional import Promise


class SearchInput(forms.TextInput):
    """A search box."""

    input_type = "search"


class Switch(forms.CheckboxInput):
    """A tick box drawn as a switch: takes effect for itself, such as a consent."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"class": "switch", "role": "switch", **(attrs or {})})


class RadioCards(forms.RadioSelect):
    """One of a few, each with a line of explanation by its value."""

    template_name = "django/forms/widgets/radio_cards.html"

    def __init__(
        self,
        attrs: dict[str, Any] | None = None,
        choices: Any = (),
        *,
        explanations: Mapping[str, str | Promise] | None = None,
    ) -> None:
        super().__init__(attrs, choices)
        self.explanations = explanations or {}

    def create_option(self, *args: Any, **options: Any) -> dict[str, Any]:
        """Add the explanation to what the template gets."""
        option = super().create_option(*args, **options)
        option["explanation"] = self.explanations.get(str(option["value"]), "")
        return option


class DateInput(forms.DateInput):
    """The browser's own date picker, which wants ISO dates whatever the language."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


class MomentInput(forms.DateTimeInput):
    """The browser's own picker of day and time, in the zone that is active."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")


@dataclass(frozen=True, slots=True)
class ErrorLink:
    """One message of the error summary and the field it belongs to."""

    text: str
    label: str
    anchor: str


def error_links(form: forms.BaseForm) -> list[ErrorLink]:
    """List every message of a form, those of the whole form first."""
    links = [
        ErrorLink(text=str(text), label="", anchor="")
        for text in form.non_field_errors()
    ]
    for name, messages in form.errors.items():
        if name == NON_FIELD_ERRORS:
            continue
        bound = form[name]
        links += [
            ErrorLink(text=str(text), label=str(bound.label), anchor=_anchor(bound))
            for text in messages
        ]
    return links


def _anchor(bound: forms.BoundField) -> str:
    """Return the id of the control, of the first one in a group of ticks or dots."""
    if bound.id_for_label or not bound.auto_id:
        return str(bound.id_for_label)
    return f"{bound.auto_id}_0"
