"""What people fill in at the desk about stores, staff, devices and keys."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib.auth.password_validation import (
    password_validators_help_texts,
    validate_password,
)
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.ui.forms import DateInput
from stores import rules, selectors
from stores.access import grantable_roles
from stores.models import Staff, Store, Till
from stores.roles import STORE_ROLES, Role, Scope
from stores.services import Grant

# Above this many stores, ticking boxes is slower than writing codes.
TICKABLE_STORES = 40


class StoreCodesField(forms.CharField):
    """Stores by their codes, for chains with too many to tick."""

    widget = forms.Textarea(attrs={"rows": 3, "spellcheck": "false"})

    def __init__(self, *, stores: QuerySet[Store], **options: Any) -> None:
        super().__init__(**options)
        self.stores = stores

    def clean(self, value: Any) -> list[Store]:
        """Return the stores.

        Raises:
            ValidationError: a code belongs to no store.
        """
        codes = super().clean(value).replace(",", " ").replace(";", " ").split()
        found = {store.code: store for store in self.stores.filter(code__in=codes)}
        unknown = [code for code in codes if code not in found]
        if unknown:
            raise ValidationError(
                _("No store has the code %(codes)s."),
                params={"codes": ", ".join(unknown)},
            )
        return list(found.values())

    def prepare_value(self, value: Any) -> Any:
        """Write stores as their codes."""
        if isinstance(value, str) or value is None:
            return value
        return " ".join(store.code for store in value)


def stores_field(
    *, stores: QuerySet[Store], label: Any, help_text: Any = ""
) -> forms.Field:
    """Return a field for any number of stores, fit for how many there are."""
    stores = stores.order_by("name")
    if stores.count() > TICKABLE_STORES:
        return StoreCodesField(
            stores=stores,
            label=label,
            required=False,
            help_text=help_text or _("The stores' codes, with spaces between them."),
        )
    return forms.ModelMultipleChoiceField(
        queryset=stores,
        to_field_name="public_id",
        label=label,
        required=False,
        help_text=help_text,
        widget=forms.CheckboxSelectMultiple,
    )


class StaffForm(forms.Form):
    """A person's name and roles."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)

    def __init__(self, *args: Any, actor: Staff, **options: Any) -> None:
        super().__init__(*args, **options)
        allowed = grantable_roles(actor)
        stores = selectors.list_managed_stores(viewer=actor)
        chain = [
            (role.value, role.label)
            for role in Role
            if role in allowed and role not in STORE_ROLES
        ]
        if chain:
            self.fields["roles"] = forms.MultipleChoiceField(
                label=_("Roles in the whole club"),
                choices=chain,
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )
        if Role.STORE_MANAGER in allowed:
            self.fields["manages"] = stores_field(
                stores=stores, label=_("Store manager of")
            )
        self.fields["works_in"] = stores_field(
            stores=stores,
            label=_("Works in"),
            help_text=_("Store staff identify with a PIN at these stores' tills."),
        )

    def clean(self) -> dict[str, Any]:
        """Ask for at least one role: without any, a person may open nothing."""
        cleaned = super().clean() or {}
        if not self.errors and not self.grants():
            raise ValidationError(_("Give the person at least one role."))
        return cleaned

    def grants(self) -> list[Grant]:
        """Return the chosen roles."""
        chosen = self.cleaned_data
        return [
            *(Grant(Role(role)) for role in chosen.get("roles", [])),
            *(Grant(Role.STORE_MANAGER, store) for store in chosen.get("manages", [])),
            *(Grant(Role.STORE_STAFF, store) for store in chosen.get("works_in", [])),
        ]

    @staticmethod
    def initial_for(staff: Staff) -> dict[str, Any]:
        """Return what the form shows of a person."""
        grants = list(staff.roles.select_related("store"))
        return {
            "name": staff.name,
            "roles": [grant.role for grant in grants if grant.store is None],
            "manages": _stores(grants, Role.STORE_MANAGER),
            "works_in": _stores(grants, Role.STORE_STAFF),
        }


class InviteForm(StaffForm):
    """A new person."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        help_text=gettext_lazy("They sign in with it."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )

    field_order = ("name", "email")


class PinForm(forms.Form):
    """A PIN, typed twice."""

    pin = forms.CharField(
        label=gettext_lazy("New PIN"),
        help_text=gettext_lazy("Four to six digits that nobody would guess."),
        max_length=6,
        widget=forms.PasswordInput(
            attrs={"inputmode": "numeric", "autocomplete": "new-password"}
        ),
    )
    again = forms.CharField(
        label=gettext_lazy("The same PIN again"),
        max_length=6,
        widget=forms.PasswordInput(
            attrs={"inputmode": "numeric", "autocomplete": "new-password"}
        ),
    )

    def clean_pin(self) -> str:
        """Refuse what is no PIN, or too easy."""
        pin: str = self.cleaned_data["pin"]
        if not rules.is_pin(pin):
            raise ValidationError(_("A PIN is four to six digits."))
        if rules.is_trivial(pin):
            raise ValidationError(
                _("This PIN is among the first anybody would try. Choose another.")
            )
        return pin

    def clean(self) -> dict[str, Any]:
        """Refuse two that differ."""
        cleaned = super().clean() or {}
        if cleaned.get("pin") and cleaned.get("again") != cleaned["pin"]:
            self.add_error("again", _("The two are not the same."))
        return cleaned


class PasswordForm(forms.Form):
    """The password that an invitation asks for."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=gettext_lazy("The same password again"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, staff: Staff, **options: Any) -> None:
        super().__init__(*args, **options)
        self.staff = staff
        self.fields["password"].help_text = " ".join(password_validators_help_texts())

    def clean_password(self) -> str:
        """Refuse what the validators refuse."""
        password: str = self.cleaned_data["password"]
        validate_password(password, self.staff)
        return password

    def clean(self) -> dict[str, Any]:
        """Refuse two that differ."""
        cleaned = super().clean() or {}
        if cleaned.get("password") and cleaned.get("again") != cleaned["password"]:
            self.add_error("again", _("The two are not the same."))
        return cleaned


class StoreForm(forms.Form):
    """A store."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        help_text=gettext_lazy(
            "The number or short name by which the till system knows the store."
        ),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=Store.Kind.choices)
    city = forms.CharField(label=gettext_lazy("City"), max_length=60, required=False)


class StoreEditForm(StoreForm):
    """A store that exists: it can be closed too."""

    is_active = forms.BooleanField(
        label=gettext_lazy("The store is open"),
        required=False,
        help_text=gettext_lazy(
            "Receipts and devices of a closed store are refused. Nothing is deleted."
        ),
    )


class TillForm(forms.Form):
    """A till point."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=60)
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=40,
        help_text=gettext_lazy("As receipts name it."),
    )


class _TillField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, till: Till) -> str:
        return f"{till.store.name} · {till.name}"


class DeviceForm(forms.Form):
    """A device to enrol."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        help_text=gettext_lazy("How people in the store call it, such as iPad 2."),
    )
    store = forms.ModelChoiceField(
        label=gettext_lazy("Store"),
        queryset=Store.objects.none(),
        to_field_name="public_id",
        empty_label=gettext_lazy("Choose a store"),
    )
    till = _TillField(
        label=gettext_lazy("Till"),
        queryset=Till.objects.none(),
        to_field_name="public_id",
        required=False,
        empty_label=gettext_lazy("No till of its own"),
    )

    def __init__(self, *args: Any, actor: Staff, **options: Any) -> None:
        super().__init__(*args, **options)
        stores = selectors.list_managed_stores(viewer=actor).filter(is_active=True)
        tills = selectors.list_tills(viewer=actor).order_by("store__name", "name")
        self.fields["store"].queryset = stores.order_by("name")  # type: ignore[attr-defined]
        self.fields["till"].queryset = tills  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Refuse a till of another store."""
        cleaned = super().clean() or {}
        till, store = cleaned.get("till"), cleaned.get("store")
        if till and store and till.store_id != store.pk:
            self.add_error("till", _("This till stands in another store."))
        return cleaned


class _ExpiryForm(forms.Form):
    """Until when a key is good: a day in the programme's calendar."""

    expires_on = forms.DateField(
        label=gettext_lazy("Good until"),
        widget=DateInput(),
        help_text=gettext_lazy("At most 400 days from today."),
    )

    def __init__(self, *args: Any, now: datetime, **options: Any) -> None:
        super().__init__(*args, **options)
        self.now = now
        self.initial.setdefault(
            "expires_on", timezone.localdate(now) + timedelta(days=365)
        )

    def clean_expires_on(self) -> date:
        """Refuse a day that is over, or too far away."""
        day: date = self.cleaned_data["expires_on"]
        ends = end_of(day)
        if ends <= self.now:
            raise ValidationError(_("The day is over already."))
        if ends > self.now + rules.LONGEST_KEY_LIFE:
            raise ValidationError(_("A key lives at most 400 days."))
        return day

    def expires_at(self) -> datetime:
        """Return the moment at which the chosen day ends."""
        return end_of(self.cleaned_data["expires_on"])


class KeyForm(_ExpiryForm):
    """A new API key."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=60,
        help_text=gettext_lazy("Which system uses it, such as Till system."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
    )

    field_order = ("name", "scopes", "stores", "expires_on")

    def __init__(self, *args: Any, actor: Staff, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["stores"] = stores_field(
            stores=selectors.list_managed_stores(viewer=actor),
            label=_("For which stores"),
            help_text=_("None chosen: every store, also those to come."),
        )
        self.order_fields(self.field_order)


class RotateForm(_ExpiryForm):
    """A key that takes over from another."""

    OVERLAPS = (
        (0, gettext_lazy("It ends now")),
        (1, gettext_lazy("For one more day")),
        (7, gettext_lazy("For one more week")),
        (30, gettext_lazy("For 30 more days")),
    )

    overlap = forms.TypedChoiceField(
        label=gettext_lazy("The old key"),
        choices=OVERLAPS,
        coerce=int,
        initial=7,
        help_text=gettext_lazy("Both work until then, so that nothing stops."),
    )

    field_order = ("overlap", "expires_on")

    def old_until(self) -> datetime:
        """Return until when the old key works."""
        return self.now + timedelta(days=self.cleaned_data["overlap"])


def end_of(day: date) -> datetime:
    """Return the first instant after a day of the active time zone."""
    zone = timezone.get_current_timezone()
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=zone)


def _stores(grants: Iterable[Any], role: Role) -> list[Store]:
    return [grant.store for grant in grants if grant.role == role and grant.store]
