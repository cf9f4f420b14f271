"""What somebody gives to begin: a mobile number, or an address while SMS are paused."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from members import phones
from members import services as members
from messaging import limits
from messaging.services import SmsRefused
from stores.models import Programme


class NumberForm(forms.Form):
    """One thing: the mobile number."""

    phone = forms.CharField(
        label=_("Mobile number"),
        max_length=phones.LONGEST_TYPED,
        error_messages={"required": _("Enter your mobile number.")},
        widget=forms.TextInput(
            attrs={"type": "tel", "autocomplete": "tel", "inputmode": "tel"}
        ),
    )

    def __init__(self, *args: Any, programme: Programme, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.programme = programme

    def clean_phone(self) -> str:
        """Return the number as E.164, if SMS go to its country."""
        number = phones.normalize(
            self.cleaned_data["phone"], country=self.programme.country
        )
        try:
            limits.refuse_number(self.programme, number)
        except SmsRefused as refused:
            raise ValidationError(str(refused), code=refused.code) from None
        return number


class EmailForm(forms.Form):
    """The way round while no SMS go to strangers."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        error_messages={
            "required": _("Enter your e-mail address."),
            "invalid": _("That is not an e-mail address."),
        },
        widget=forms.EmailInput(
            attrs={"autocomplete": "email", "inputmode": "email", "spellcheck": "false"}
        ),
    )

    def clean_email(self) -> str:
        """Return the address as it is stored."""
        return members.clean_email(self.cleaned_data["email"])
