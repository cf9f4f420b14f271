"""A field for free text, which warns of personal identity numbers.

Staff type them without thinking; we have no ground to keep them. The form comes back
with the warning and a box to tick: whoever means it ticks, everybody else removes it.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from common import identity_numbers

_BOX = "-as-is"


class _WithBox(forms.Widget):
    """Draws the box below the control once there is something to confirm."""

    # What the box stands for: a mark of the numbers that were warned of.
    asked = ""
    ticked = ""

    def value_from_datadict(
        self, data: Mapping[str, Any], files: Any, name: str
    ) -> Any:
        self.ticked = str(data.get(name + _BOX, ""))
        return super().value_from_datadict(data, files, name)

    def render(self, name: str, value: Any, *args: Any, **options: Any) -> SafeString:
        control = super().render(name, value, *args, **options)
        if not self.asked:
            return control
        context = {
            "name": name + _BOX,
            "value": self.asked,
            "is_ticked": self.ticked == self.asked,
            # The control may stand outside its form, and so must the box.
            "form": self.attrs.get("form", ""),
        }
        box = render_to_string("components/_identity_number.html", context)
        return mark_safe(control + box)  # noqa: S308  # both are rendered templates


class FreeTextInput(_WithBox, forms.TextInput):
    """One line."""


class FreeTextArea(_WithBox, forms.Textarea):
    """Many lines."""


class FreeText(forms.CharField):
    """Text in staff's own words, without anybody's identity number unless meant."""

    widget = FreeTextInput

    def clean(self, value: Any) -> Any:
        """Return the text.

        Raises:
            ValidationError: it is invalid as text, or holds what looks like a personal
                identity number and the box is not ticked for just that one.
        """
        text = super().clean(value)
        found = identity_numbers.find(text or "", today=timezone.localdate())
        if not found:
            return text
        widget = cast("_WithBox", self.widget)
        widget.asked = _mark(found)
        if widget.ticked == widget.asked:
            return text
        shown = ", ".join(each.masked for each in found)
        raise ValidationError(
            _(
                "This looks like a personal identity number: %(number)s Remove it, or "
                "confirm below that it is to stay."
            ),
            code="identity_number",
            params={"number": shown},
        )


def _mark(found: list[identity_numbers.Found]) -> str:
    """Return a short mark of the numbers, so that a tick is for these alone."""
    return sha256("|".join(each.text for each in found).encode()).hexdigest()[:16]
