"""Forms of the desk's pages about members."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.ui.forms import DateInput
from common.ui.free_text import FreeText, FreeTextInput
from members import care, phones
from members.likeness import fold
from members.merging import CHOOSABLE
from members.models import DuplicatePair, Identifier, Member
from stores.models import Store


def reason_field(hint: Any) -> forms.CharField:
    """Return the field in which staff say why; it goes to the audit trail."""
    return FreeText(
        label=gettext_lazy("Why?"),
        help_text=hint,
        min_length=4,
        max_length=200,
        widget=FreeTextInput(attrs={"autocomplete": "off"}),
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


class DismissForm(forms.Form):
    """Why two members who look alike are two people."""

    reason = reason_field(
        gettext_lazy("Such as: father and son. It is kept on record.")
    )


class UndoMergeForm(forms.Form):
    """Nothing to fill in; says why a merge cannot be undone."""

    def refuse(self, why: str) -> None:
        """Show why it was refused."""
        self.full_clean()
        self.add_error(None, why)


class CardForm(forms.Form):
    """The number of a further card, typed or scanned."""

    number = forms.CharField(
        label=gettext_lazy("Number on the card"),
        max_length=64,
        help_text=gettext_lazy("Type it or scan its code."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autofocus": True}),
    )


class ReplaceCardForm(forms.Form):
    """Why a member gets another membership number."""

    end = forms.ChoiceField(
        label=gettext_lazy("What happened to the card?"),
        choices=[
            (Identifier.End.LOST, gettext_lazy("It is lost or stolen")),
            (Identifier.End.REPLACED, gettext_lazy("It is worn out or is changed")),
        ],
        widget=forms.RadioSelect,
    )


class EndIdentifierForm(forms.Form):
    """Why something finds the member no more."""

    end = forms.ChoiceField(
        label=gettext_lazy("What happened?"), widget=forms.RadioSelect
    )
    reason = reason_field(
        gettext_lazy("Such as: the member told us. It is kept on record.")
    )

    def __init__(self, *args: Any, identifier: Identifier, **options: Any) -> None:
        super().__init__(*args, **options)
        ends = [Identifier.End.CHANGED, Identifier.End.PASSED_ON]
        if identifier.kind == Identifier.Kind.CARD:
            ends = [Identifier.End.LOST, Identifier.End.REPLACED]
        elif identifier.kind == Identifier.Kind.EXTERNAL:
            ends = [Identifier.End.CHANGED]
        end = self.fields["end"]
        end.choices = [(each.value, each.label) for each in ends]  # type: ignore[attr-defined]


class OtherMemberForm(forms.Form):
    """The membership number of the member with whom another one is to be merged."""

    number = forms.CharField(
        label=gettext_lazy("The other member's membership number"),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )


class MergeForm(forms.Form):
    """Which of two members is kept, and which details where both have their own.

    A field for each detail in which they differ: `first` or `second`, as `kept`.
    """

    SIDES = (("first", "first"), ("second", "second"))

    kept = forms.ChoiceField(choices=SIDES)
    reason = reason_field(
        gettext_lazy("Such as: the member showed both cards. It is kept on record.")
    )

    def __init__(self, *args: Any, pair: DuplicatePair, **options: Any) -> None:
        super().__init__(*args, **options)
        self.members = {"first": pair.first, "second": pair.second}
        # Also what stands in an address somebody made up falls back to it.
        suggested = self.suggested = _suggested(pair)
        if self.initial.get("kept") not in self.members:
            self.initial["kept"] = suggested
        # The button stands beside the form, by what will happen.
        self.fields["reason"].widget.attrs["form"] = "merge"
        for name in CHOOSABLE:
            has_both = all(getattr(member, name) for member in self.members.values())
            if not has_both or not is_different(pair.first, pair.second, name):
                # What only one has, the kept member gets anyway.
                continue
            self.fields[name] = forms.ChoiceField(choices=self.SIDES, required=False)
            if self.initial.get(name) not in self.members:
                self.initial[name] = self.initial["kept"]

    def sides(self) -> tuple[Member, Member]:
        """Return who is kept and who is merged, also before all is filled in."""
        chosen = self["kept"].value()
        if chosen not in self.members:
            chosen = self.suggested
        other = "second" if chosen == "first" else "first"
        return self.members[chosen], self.members[other]

    def choices(self) -> dict[str, str]:
        """Return the details to take from the merged member, as merging wants them."""
        kept = self.cleaned_data["kept"]
        return {
            name: "merged"
            for name in CHOOSABLE
            if self.cleaned_data.get(name) not in (None, "", kept)
        }


def is_different(one: Member, other: Member, name: str) -> bool:
    """Tell whether two members differ in a detail, however it is written."""
    if name == "postcode":
        return fold(one.postcode) != fold(other.postcode)
    return bool(getattr(one, name) != getattr(other, name))


def _suggested(pair: DuplicatePair) -> str:
    """Keep the one who is active, or else came first."""

    def rank(member: Member) -> tuple[bool, Any, int]:
        return member.status != Member.Status.ACTIVE, member.registered_at, member.pk

    return "first" if rank(pair.first) <= rank(pair.second) else "second"


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
