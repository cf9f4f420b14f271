"""What members type."""

import re

from django import forms
from django.conf import settings
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from portal.identifiers import Identifier, IdentifierInvalid, read_identifier
from portal.rules import CODE_DIGITS


class SignInForm(forms.Form):
    """Who is signing in."""

    identifier = forms.CharField(
        label=_("Mobile number or e-mail"),
        max_length=254,
        error_messages={"required": _("Enter your mobile number or e-mail address.")},
        widget=forms.TextInput(
            attrs={
                "autocomplete": "username",
                "autocapitalize": "none",
                "spellcheck": "false",
            }
        ),
    )
    next = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)

    def __init__(self, *args: object, country: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.country = country

    def clean_identifier(self) -> Identifier:
        """Read the number or address."""
        try:
            return read_identifier(
                self.cleaned_data["identifier"], country=self.country
            )
        except IdentifierInvalid as error:
            raise forms.ValidationError(error.message) from error


class CodeForm(forms.Form):
    """The code that was sent."""

    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        error_messages={"required": _("The code has six digits.")},
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "inputmode": "numeric",
                "class": "code",
            }
        ),
    )

    def clean_code(self) -> str:
        """Take the digits, however they were spaced."""
        code = re.sub(r"[\s-]", "", self.cleaned_data["code"])
        if not re.fullmatch(rf"[0-9]{{{CODE_DIGITS}}}", code, re.ASCII):
            raise forms.ValidationError(gettext("The code has six digits."))
        return code


class DetailsForm(forms.Form):
    """A member's own details, less what they sign in with."""

    first_name = forms.CharField(
        label=_("First name"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label=_("Last name"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    language = forms.ChoiceField(label=_("Language"))

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        field = self.fields["language"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared above
        field.choices = [
            (code, get_language_info(code)["name_local"].capitalize())
            for code, _name in settings.LANGUAGES
        ]
