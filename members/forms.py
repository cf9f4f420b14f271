"""Forms of the desk's pages about members."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.ui.forms import DateInput
from members import care, phones
from members.models import Member
from stores.models import Store


def reason_field(hint: Any) -> forms.CharField:
    """Return the field in which staff say why; it goes to the audit trail."""
    return forms.CharField(
        label=gettext_lazy("Why?"),
        help_text=hint,
        min_length=4,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class RevealForm(forms.Form):
    """Why somebody needs a member's contact details in the open."""

    reason = reason_field(
        gettext_lazy("Such as: the member asks us to call back. It is kept on record.")
    )


class ExportForm(forms.Form):
    """Why a list of members is to leave the house."""

    # There are too many hits to be sure that all of them are in the file.
    is_refused = False

    reason = reason_field(
        gettext_lazy("What the file is for, and who gets it. It is kept on record.")
    )


class DetailsForm(forms.Form):
    """A member's details, as customer service corrects them.

    Number and address are not shown: an empty field leaves them as they are.
    """

    first_name = forms.CharField(
        label=gettext_lazy("First name"), max_length=60, required=False
    )
    last_name = forms.CharField(
        label=gettext_lazy("Last name"), max_length=60, required=False
    )
    phone = forms.CharField(
        label=gettext_lazy("New mobile number"),
        max_length=phones.LONGEST_TYPED,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    remove_phone = forms.BooleanField(
        label=gettext_lazy("Remove the mobile number"), required=False
    )
    email = forms.EmailField(
        label=gettext_lazy("New e-mail address"),
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    remove_email = forms.BooleanField(
        label=gettext_lazy("Remove the e-mail address"), required=False
    )
    birthday_on = forms.DateField(
        label=gettext_lazy("Birthday"), required=False, widget=DateInput()
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=settings.LANGUAGES
    )
    home_store = forms.ModelChoiceField(
        label=gettext_lazy("Home store"),
        queryset=Store.objects.none(),
        required=False,
        to_field_name="public_id",
    )
    reason = reason_field(
        gettext_lazy("Such as: the member wrote to us. It is kept on record.")
    )

    def __init__(self, *args: Any, member: Member, **options: Any) -> None:
        super().__init__(*args, **options)
        self.member = member
        self.initial = {
            "first_name": member.first_name,
            "last_name": member.last_name,
            "birthday_on": member.birthday_on,
            "language": member.language,
            "home_store": member.home_store and member.home_store.public_id,
        }
        stores = self.fields["home_store"]
        stores.queryset = Store.objects.filter(  # type: ignore[attr-defined]
            programme_id=member.programme_id
        ).order_by("name")
        self._say_what_is_kept()

    def clean(self) -> dict[str, Any]:
        """Refuse to set and to remove in one go."""
        cleaned: dict[str, Any] = super().clean() or {}
        for name in ("phone", "email"):
            if cleaned.get(name) and cleaned.get(f"remove_{name}"):
                self.add_error(name, _("Give a new one or remove it, not both."))
        return cleaned

    def changes(self) -> dict[str, Any]:
        """Return what the services understand."""
        cleaned = self.cleaned_data
        changes = {
            name: cleaned[name]
            for name in (
                "first_name",
                "last_name",
                "birthday_on",
                "language",
                "home_store",
            )
        }
        for name in ("phone", "email"):
            if cleaned.get(name) or cleaned.get(f"remove_{name}"):
                changes[name] = cleaned[name]
        return changes

    def _say_what_is_kept(self) -> None:
        contact = care.masked(self.member)
        for name, shown in (("phone", contact.phone), ("email", contact.email)):
            if not shown:
                del self.fields[f"remove_{name}"]
                continue
            hint = _("Leave it empty to keep %(current)s.") % {"current": shown}
            self.fields[name].help_text = hint
