"""What staff type about requests."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.ui.forms import DateInput
from common.ui.free_text import FreeText, FreeTextArea
from consent.models import AnswerTemplate, RightsRequest
from consent.rights import wording
from members import phones
from members.forms import reason_field
from members.models import Member
from members.selectors import find_by_email, find_by_number, find_by_phone
from stores.models import Programme

_Source = RightsRequest.Source
_LONGEST = 4000


def _text(
    label: Any, *, hint: Any = "", required: bool = True, rows: int = 5
) -> FreeText:
    return FreeText(
        label=label,
        help_text=hint,
        max_length=_LONGEST,
        required=required,
        widget=FreeTextArea(attrs={"rows": rows}),
    )


class ReceiveForm(forms.Form):
    """A request that came by letter, e-mail, phone or in a store."""

    who = forms.CharField(
        label=gettext_lazy("Member"),
        help_text=gettext_lazy(
            "Membership number, mobile number or e-mail address, as they gave it."
        ),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What is asked for"), choices=RightsRequest.Kind.choices
    )
    source = forms.ChoiceField(
        label=gettext_lazy("How it came"),
        choices=[each for each in _Source.choices if each[0] != _Source.PORTAL],
    )
    received_on = forms.DateField(
        label=gettext_lazy("When it came"),
        help_text=gettext_lazy("The month to answer runs from this day."),
        widget=DateInput(),
    )
    words = _text(
        gettext_lazy("What was asked, in their words"), required=False, rows=4
    )

    def __init__(
        self, *args: Any, programme: Programme, today: Any, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.programme, self.today = programme, today
        self.fields["received_on"].initial = today

    def clean_who(self) -> Member:
        """Find the member."""
        typed = self.cleaned_data["who"]
        found = (
            find_by_number(programme=self.programme, number=typed)
            or self._by_phone(typed)
            or find_by_email(programme=self.programme, email=typed)
        )
        if found is None:
            raise forms.ValidationError(_("No member is known by this."))
        return found

    def clean_received_on(self) -> Any:
        """Refuse a day that has not come."""
        day = self.cleaned_data["received_on"]
        if day > self.today:
            raise forms.ValidationError(_("This day has not come yet."))
        return day

    def _by_phone(self, typed: str) -> Member | None:
        try:
            phone = phones.normalize(typed, country=self.programme.country)
        except phones.PhoneInvalid:
            return None
        return find_by_phone(programme=self.programme, phone=phone)


class WayForm(forms.Form):
    """Where the code goes."""

    channel = forms.ChoiceField(label=gettext_lazy("Send the code to"))

    def __init__(self, *args: Any, ways: list[tuple[str, str]], **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["channel"] = forms.ChoiceField(
            label=self.fields["channel"].label, choices=ways
        )


class ToldCodeForm(WayForm):
    """The code that the member says."""

    code = forms.CharField(
        label=gettext_lazy("The code that the member says"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "inputmode": "numeric", "class": "num"}
        ),
    )

    def clean_code(self) -> str:
        """Take the digits, however they were spaced."""
        return "".join(each for each in self.cleaned_data["code"] if each.isdigit())


class SeenForm(forms.Form):
    """How staff saw who it is."""

    reason = reason_field(
        gettext_lazy(
            "Such as: showed the card and an identity card in the store. Take no copy."
        )
    )


class ExtendForm(forms.Form):
    """Why it takes longer."""

    because = _text(
        gettext_lazy("Why it takes longer"),
        hint=gettext_lazy(
            "The member reads it: such as, there are very many receipts."
        ),
        rows=3,
    )


class NoteForm(forms.Form):
    """A line for the log."""

    text = _text(gettext_lazy("Note"), rows=3)


class AnswerForm(forms.Form):
    """The answer, and how it goes out."""

    text = _text(gettext_lazy("Answer"), rows=8)
    by = forms.ChoiceField(
        label=gettext_lazy("How it goes out"),
        choices=[
            ("message", gettext_lazy("By e-mail and on the member's pages")),
            ("letter", gettext_lazy("By letter: I print it")),
        ],
    )


class RefuseForm(forms.Form):
    """Why a request is turned down."""

    because = _text(
        gettext_lazy("Why it is refused"),
        hint=gettext_lazy(
            "The member reads it. Say also that they can complain to the authority."
        ),
        rows=4,
    )


class ReasonForm(forms.Form):
    """Why staff do what cannot be undone."""

    reason = reason_field(gettext_lazy("It is kept on record."))


class TemplateForm(forms.Form):
    """Words that answer a kind of request."""

    kind = forms.ChoiceField(
        label=gettext_lazy("For"), choices=RightsRequest.Kind.choices
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=settings.LANGUAGES
    )
    title = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    body = _text(gettext_lazy("Text"), rows=12)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["body"].help_text = _("Filled in by itself: %(names)s") % {
            "names": ", ".join(f"{{{name}}}" for name in wording.PLACEHOLDERS)
        }

    def clean_body(self) -> str:
        """Refuse what nothing would fill in."""
        body: str = self.cleaned_data["body"]
        unknown = wording.unknown_placeholders(body)
        if unknown:
            raise forms.ValidationError(
                _("Nothing fills in %(names)s.") % {"names": ", ".join(unknown)}
            )
        return body

    def say_taken(self) -> None:
        """Say that there is one of this name already."""
        self.add_error("title", _("There is one of this name already."))


def template_values(template: AnswerTemplate) -> dict[str, str]:
    """Return what the form shows of a template."""
    return {
        "kind": template.kind,
        "language": template.language,
        "title": template.title,
        "body": template.body,
    }
