"""What members type."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import Q
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from common.ui.forms import DateInput, RadioCards
from common.ui.free_text import FreeText, FreeTextArea
from consent.models import Channel
from enrolment.rules import is_plausible_birthday
from members import phones
from members.models import Member
from messaging.limits import SmsRefused, refuse_number
from portal.identifiers import (
    Identifier,
    IdentifierInvalid,
    read_email,
    read_identifier,
)
from portal.rules import CODE_DIGITS
from stores.models import Store


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


class NumberForm(forms.Form):
    """The number on a member's card."""

    number = forms.CharField(
        label=_("Membership number"),
        help_text=_("Twelve digits: on your card, and in the welcome message."),
        max_length=24,
        error_messages={"required": _("The membership number has twelve digits.")},
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "inputmode": "numeric", "class": "num"}
        ),
    )

    def clean_number(self) -> str:
        """Take the digits, however they were spaced."""
        number = re.sub(r"[\s-]", "", self.cleaned_data["number"])
        if not re.fullmatch(r"[0-9]{12}", number, re.ASCII):
            raise forms.ValidationError(
                gettext("The membership number has twelve digits.")
            )
        return number


class WhereForm(forms.Form):
    """Where a code shall go: to the member's number or to their address."""

    channel = forms.ChoiceField(label=_("Send the code to"))
    next = forms.CharField(required=False, max_length=500, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, channels: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        first = channels[0][0] if channels else ""
        self.fields["channel"] = forms.ChoiceField(
            label=self.fields["channel"].label,
            choices=list(channels),
            initial=first,
            widget=RadioCards(
                explanations={
                    "SMS": gettext("By SMS"),
                    "EMAIL": gettext("By e-mail"),
                }
            ),
        )


class PhoneForm(forms.Form):
    """The mobile number that a member wants to be reached by."""

    value = forms.CharField(
        label=_("New mobile number"),
        max_length=40,
        error_messages={"required": _("Enter a mobile number.")},
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member

    def clean_value(self) -> Identifier:
        """Read the number; one that gets no SMS could not be proven."""
        programme = self.member.programme
        try:
            number = phones.normalize(
                self.cleaned_data["value"], country=programme.country
            )
            refuse_number(programme, number)
        except phones.PhoneInvalid as error:
            raise forms.ValidationError(error.messages[0]) from error
        except SmsRefused as refused:
            raise forms.ValidationError(str(refused)) from refused
        if number == self.member.phone:
            raise forms.ValidationError(gettext("You have that number already."))
        return Identifier(Channel.SMS, number)


class EmailForm(forms.Form):
    """The address that a member wants to be reached by."""

    value = forms.CharField(
        label=_("New e-mail address"),
        max_length=254,
        error_messages={"required": _("Enter an e-mail address.")},
        widget=forms.EmailInput(
            attrs={"autocomplete": "email", "inputmode": "email", "spellcheck": "false"}
        ),
    )

    def __init__(self, *args: Any, member: Member, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member = member

    def clean_value(self) -> Identifier:
        """Read the address."""
        try:
            identifier = read_email(self.cleaned_data["value"])
        except IdentifierInvalid as error:
            raise forms.ValidationError(error.message) from error
        if identifier.value == self.member.email.lower():
            raise forms.ValidationError(gettext("You have that address already."))
        return identifier


class DetailsForm(forms.Form):
    """A member's own details, less what they are reached by."""

    first_name = forms.CharField(
        label=_("First name"),
        max_length=60,
        error_messages={"required": _("Enter your first name.")},
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label=_("Last name"),
        max_length=60,
        error_messages={"required": _("Enter your last name.")},
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    birthday_on = forms.DateField(
        label=_("Birthday"),
        required=False,
        widget=DateInput(attrs={"autocomplete": "bday"}),
    )
    postcode = forms.CharField(
        label=_("Postcode"),
        max_length=10,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "postal-code"}),
    )
    language = forms.ChoiceField(
        label=_("Language"), help_text=_("The one we write to you in.")
    )
    home_store = forms.ModelChoiceField(
        label=_("Home store"),
        queryset=Store.objects.none(),
        required=False,
        empty_label=_("None in particular"),
        to_field_name="public_id",
    )

    def __init__(self, *args: Any, member: Member, today: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = today
        language = self.fields["language"]
        home_store = self.fields["home_store"]
        assert isinstance(language, forms.ChoiceField)  # noqa: S101 - declared above
        assert isinstance(home_store, forms.ModelChoiceField)  # noqa: S101 - as well
        language.choices = [
            (code, get_language_info(code)["name_local"].capitalize())
            for code, _name in settings.LANGUAGES
        ]
        # Also the one they have, if it has closed since.
        home_store.queryset = Store.objects.filter(
            Q(is_active=True) | Q(pk=member.home_store_id),
            programme=member.programme_id,
        ).order_by("name", "pk")

    def clean_birthday_on(self) -> date | None:
        """Refuse days on which nobody alive was born."""
        born: date | None = self.cleaned_data["birthday_on"]
        if born and not is_plausible_birthday(born, today=self.today):
            raise forms.ValidationError(gettext("That cannot be a birthday."))
        return born

    def clean_postcode(self) -> str:
        """Take letters and digits as they are; what is neither was a slip."""
        postcode = " ".join(self.cleaned_data["postcode"].split()).upper()
        if postcode and not re.fullmatch(r"[0-9A-Z][0-9A-Z -]{2,9}", postcode):
            raise forms.ValidationError(gettext("That is not a postcode."))
        return postcode


class RightsForm(forms.Form):
    """What a member asks for about their data, in their words."""

    words = FreeText(
        label=_("In your own words"),
        help_text=_(
            "Please leave out your personal identity number: we do not need it."
        ),
        max_length=2000,
        widget=FreeTextArea(attrs={"rows": 6}),
        error_messages={"required": _("Tell us what it is about.")},
    )


class EraseForm(forms.Form):
    """That a member has understood what erasing means; starts unticked."""

    understood = forms.BooleanField(
        label=_("I have read what I lose, and want my data erased"),
        error_messages={"required": _("Tick it if you want your data erased.")},
    )
