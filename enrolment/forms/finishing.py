"""What a new member fills in."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from common.ui.forms import DateInput, RadioCards
from consent.models import MESSAGE_CHANNELS, Channel, Text
from enrolment import rules

YES, NO = "yes", "no"


class FinishForm(forms.Form):
    """A new member's details, the terms, and a yes or no for each channel.

    Takes the texts that the page shows, `terms` and one for each channel. Their ids
    travel with the form: a yes to a text that was replaced meanwhile is not a yes to
    the new one. Without `asks_email` the link came by e-mail, and that is the address;
    `has_email` says that we know one already.
    """

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
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(
            attrs={"autocomplete": "email", "inputmode": "email", "spellcheck": "false"}
        ),
    )
    birthday = forms.DateField(
        label=_("Birthday"),
        required=False,
        help_text=_("If you would like us to remember it."),
        widget=DateInput(attrs={"autocomplete": "bday"}),
    )
    language = forms.ChoiceField(
        label=_("Language"), help_text=_("The one we write to you in.")
    )
    shown = forms.CharField(widget=forms.HiddenInput, required=False, max_length=400)
    accepts_terms = forms.BooleanField(
        label=_("I accept the membership terms"),
        error_messages={"required": _("Without the terms there is no membership.")},
    )

    def __init__(
        self,
        *args: Any,
        texts: Mapping[str, Text],
        today: date,
        asks_email: bool = True,
        has_email: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.has_email = has_email
        if not asks_email:
            del self.fields["email"]
        self.texts = texts
        self.today = today
        self.fields["shown"].initial = self._shown_now()
        self.fields["language"].choices = [  # type: ignore[attr-defined]
            (code, get_language_info(code)["name_local"].capitalize())
            for code, _name in settings.LANGUAGES
        ]
        for channel in MESSAGE_CHANNELS:
            self.fields[channel.value] = forms.ChoiceField(
                label=texts[channel].title,
                choices=[(YES, _("Yes please")), (NO, _("No thanks"))],
                # Neither is chosen beforehand: a yes is something one does.
                widget=RadioCards,
                error_messages={"required": _("Choose yes or no.")},
            )
        # As on the page, so that a list of errors follows it.
        self.order_fields([name for name in self.fields if name != "accepts_terms"])

    @property
    def channel_fields(self) -> list[tuple[forms.BoundField, Text]]:
        """Return each channel's field with the text that it asks about."""
        return [
            (self[channel.value], self.texts[channel]) for channel in MESSAGE_CHANNELS
        ]

    @property
    def choices_made(self) -> dict[str, bool]:
        """Return the yes or no of each channel."""
        return {
            channel.value: self.cleaned_data[channel.value] == YES
            for channel in MESSAGE_CHANNELS
        }

    def clean_birthday(self) -> date | None:
        """Refuse days to come, and people below the club's age."""
        born: date | None = self.cleaned_data["birthday"]
        if born is None:
            return None
        if not rules.is_plausible_birthday(born, today=self.today):
            raise forms.ValidationError(gettext("That cannot be a birthday."))
        if not rules.is_old_enough(born, today=self.today):
            raise forms.ValidationError(
                gettext("Members are %(years)d or older.")
                % {"years": rules.YOUNGEST_YEARS}
            )
        return born

    def clean(self) -> dict[str, Any]:
        """Hold the answers against each other and against the texts in force."""
        cleaned: dict[str, Any] = super().clean() or {}
        wants_email = cleaned.get(Channel.EMAIL.value) == YES
        has_email = self.has_email or cleaned.get("email")
        if wants_email and not has_email and "email" not in self.errors:
            self.add_error(
                "email", gettext("You said yes to e-mail: enter your address.")
            )
        if cleaned.get("shown") != self._shown_now():
            self._show_new_texts()
            self.add_error(
                None,
                gettext(
                    "The texts changed while you read. Please read and choose again."
                ),
            )
        return cleaned

    def _shown_now(self) -> str:
        return ",".join(
            str(self.texts[name].public_id) for name in ("terms", *MESSAGE_CHANNELS)
        )

    def _show_new_texts(self) -> None:
        """Bind the form to the texts in force, with the old choices undone."""
        undone = {"accepts_terms", *(channel.value for channel in MESSAGE_CHANNELS)}
        kept = {name: value for name, value in self.data.items() if name not in undone}
        self.data = {**kept, "shown": self._shown_now()}
