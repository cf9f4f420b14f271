"""What is typed at the till."""

from django import forms
from django.utils.translation import gettext_lazy as _


class EnrolForm(forms.Form):
    """The code that a manager reads out."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        error_messages={"required": _("Enter the code.")},
        widget=forms.TextInput(
            attrs={
                "autocomplete": "off",
                "autocapitalize": "characters",
                "spellcheck": "false",
                "placeholder": "ABCD EFGH",
            }
        ),
    )
