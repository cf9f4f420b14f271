"""The people who work in the club."""

from datetime import datetime
from typing import Any
from uuid import UUID

import django_filters
import django_tables2 as tables2
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from common.ui.tables import MomentColumn, SearchFilter, Table, TableView, two_lines
from common.ui.toasts import toast
from stores import invitations, selectors, services
from stores.forms import InviteForm, PinForm, StaffForm
from stores.middleware import programme_of
from stores.models import Staff
from stores.roles import Role
from stores.services import Grant
from stores.services.staff import may_change
from stores.views.pages import (
    ConfirmView,
    Crumbs,
    Page,
    Secret,
    explain_refusal,
    show_form,
    show_secret,
    staff_of,
    try_or_show,
)

Text = str | Promise


class StaffFilter(django_filters.FilterSet):
    """Search by name or e-mail; who holds a role; who may sign in."""

    q = SearchFilter(method="search", label=gettext_lazy("Search name or e-mail"))
    role = django_filters.ChoiceFilter(
        field_name="roles__role",
        choices=Role.choices,
        distinct=True,
        label=gettext_lazy("Role"),
        empty_label=gettext_lazy("All roles"),
    )
    is_active = django_filters.ChoiceFilter(
        choices=[("1", gettext_lazy("Open")), ("0", gettext_lazy("Closed"))],
        label=gettext_lazy("Account"),
        empty_label=gettext_lazy("All accounts"),
    )

    class Meta:
        model = Staff
        fields = ("q", "role", "is_active")

    def search(self, rows: QuerySet[Staff], _name: str, value: str) -> QuerySet[Staff]:
        return rows.filter(Q(name__icontains=value) | Q(email__istartswith=value))


class StaffTable(Table):
    """People."""

    name = tables2.Column(verbose_name=gettext_lazy("Name"))
    roles = tables2.Column(
        verbose_name=gettext_lazy("Roles"), orderable=False, empty_values=()
    )
    has_second_factor = tables2.Column(verbose_name=gettext_lazy("Second factor"))
    has_pin = tables2.Column(verbose_name=gettext_lazy("PIN"))
    last_login = MomentColumn(verbose_name=gettext_lazy("Last sign-in"))
    is_active = tables2.Column(verbose_name=gettext_lazy("Account"))

    caption = gettext_lazy("Staff")
    empty_icon = "users"
    empty_title = gettext_lazy("Nobody here yet")
    empty_text = gettext_lazy("Invite the people who work in the club.")

    def render_name(self, record: Staff) -> SafeString:
        return format_html(
            '<a class="row" href="{}">{}</a>',
            reverse("stores:staff-detail", args=[record.public_id]),
            two_lines(record.name, record.email),
        )

    def value_name(self, record: Staff) -> str:
        return f"{record.name} <{record.email}>"

    def render_roles(self, record: Staff) -> str:
        return roles_in_words(record)

    def render_has_second_factor(self, value: bool) -> SafeString:
        return _pill("good", _("On")) if value else _pill("", _("Not yet"))

    def render_has_pin(self, value: bool) -> SafeString:
        return _pill("good", _("Set")) if value else _pill("", _("None"))

    def render_is_active(self, record: Staff) -> SafeString:
        tone, words = account_state(record)
        return _pill(tone, words)

    def value_is_active(self, record: Staff) -> str:
        return str(account_state(record)[1])


class StaffList(TableView):
    """Everybody whom the viewer may see."""

    table_class = StaffTable
    filterset_class = StaffFilter
    template_name = "stores/staff_list.html"
    title = gettext_lazy("Staff")
    subtitle = gettext_lazy("Who works in the club, and what they may do.")

    def get_queryset(self) -> QuerySet[Staff]:
        """Return the people of the club, or of the viewer's stores."""
        return selectors.list_staff(viewer=staff_of(self.request)).order_by("name")


@require_http_methods(["GET", "HEAD", "POST"])
def staff_invite(request: HttpRequest) -> HttpResponse:
    """Create an account and show the link that its owner sets a password by."""
    actor = staff_of(request)
    form = InviteForm(request.POST or None, actor=actor)
    page = Page(
        title=gettext_lazy("Invite a person"),
        subtitle=gettext_lazy("They choose their own password by a link."),
        back_url=reverse("stores:staff-list"),
        save_label=gettext_lazy("Create the account"),
        crumbs=_crumbs(),
    )
    if request.method != "POST" or not form.is_valid():
        return show_form(request, form, page)
    staff = try_or_show(
        form,
        lambda: services.invite_staff(
            programme=programme_of(request),
            email=form.cleaned_data["email"],
            name=form.cleaned_data["name"],
            grants=form.grants(),
            actor=actor,
            now=timezone.now(),
        ),
        fields={services.EmailTaken: "email"},
    )
    if staff is None:
        return show_form(request, form, page)
    return _show_link(request, staff)


@require_http_methods(["GET", "HEAD", "POST"])
def staff_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a person, and change their name and roles."""
    actor, staff = staff_of(request), _find(request, public_id)
    can_change = _can_change(actor, staff)
    form = None
    if can_change:
        form = StaffForm(
            request.POST or None, actor=actor, initial=StaffForm.initial_for(staff)
        )
    if request.method == "POST":
        if form is None:
            toast(request, explain_refusal(services.NotYours()), tone="error")
            return redirect("stores:staff-detail", public_id)
        if form.is_valid() and try_or_show(
            form,
            lambda: services.update_staff(
                staff=staff,
                name=form.cleaned_data["name"],
                grants=form.grants(),
                actor=actor,
                now=timezone.now(),
            ),
            fields={},
        ):
            toast(request, _("Saved."))
            return redirect("stores:staff-detail", public_id)
    tone, state = account_state(staff)
    page = Page(
        title=staff.name,
        back_url=reverse("stores:staff-list"),
        save_label=gettext_lazy("Save"),
        crumbs=_crumbs(),
    )
    return show_form(
        request,
        form or StaffForm(actor=actor),
        page,
        template="stores/staff_detail.html",
        person=staff,
        can_change=can_change,
        is_self=staff.pk == actor.pk,
        state=state,
        state_tone=tone,
        roles=roles_in_words(staff),
    )


@require_http_methods(["GET", "HEAD", "POST"])
def staff_pin(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Give a person a PIN for the till."""
    actor, staff = staff_of(request), _find(request, public_id)
    url = reverse("stores:staff-detail", args=[public_id])
    if not _can_change(actor, staff):
        toast(request, explain_refusal(services.NotYours()), tone="error")
        return redirect(url)
    form = PinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        services.set_pin(
            staff=staff, pin=form.cleaned_data["pin"], actor=actor, now=timezone.now()
        )
        toast(request, _("The PIN is set. Tell it to nobody else."))
        return redirect(url)
    page = Page(
        title=gettext_lazy("PIN for the till"),
        subtitle=staff.name,
        back_url=url,
        save_label=gettext_lazy("Set the PIN"),
        crumbs=[*_crumbs(), (staff.name, url)],
    )
    return show_form(request, form, page)


class _StaffConfirm(ConfirmView):
    """A step that concerns one person."""

    def find(self, public_id: UUID) -> Staff:
        return _find(self.request, public_id)

    def back_url(self, row: Staff) -> str:
        return reverse("stores:staff-detail", args=[row.public_id])


class StaffPinClear(_StaffConfirm):
    """Take a PIN away."""

    title = gettext_lazy("Take away the PIN")
    button = gettext_lazy("Take it away")

    def explain(self, row: Staff) -> Text:
        return _("%(name)s can no longer identify at the till.") % {"name": row.name}

    def act(self, row: Staff, actor: Staff, now: datetime) -> Text:
        _check_can_change(actor, row)
        services.clear_pin(staff=row, actor=actor, now=now)
        return _("The PIN is gone.")


class StaffLink(_StaffConfirm):
    """Give a new link for the password."""

    title = gettext_lazy("New link for the password")
    button = gettext_lazy("Make the link")
    icon = "link"

    def explain(self, row: Staff) -> Text:
        return _(
            "The password of %(name)s ends now, wherever they are signed in. They "
            "choose a new one by the link."
        ) % {"name": row.name}

    def act(self, row: Staff, actor: Staff, now: datetime) -> HttpResponse:
        staff = services.renew_invitation(staff=row, actor=actor, now=now)
        return _show_link(self.request, staff)


class StaffDeactivate(_StaffConfirm):
    """Close an account."""

    title = gettext_lazy("Close the account")
    button = gettext_lazy("Close the account")
    icon = "user-x"

    def explain(self, row: Staff) -> Text:
        return _(
            "%(name)s is signed out everywhere at once, and PIN and password end. "
            "What they did stays in the audit trail."
        ) % {"name": row.name}

    def act(self, row: Staff, actor: Staff, now: datetime) -> Text:
        services.deactivate_staff(staff=row, actor=actor, now=now)
        return _("The account is closed.")


class StaffReactivate(_StaffConfirm):
    """Open a closed account."""

    title = gettext_lazy("Open the account again")
    button = gettext_lazy("Open the account")
    icon = "user-check"
    is_dangerous = False

    def explain(self, row: Staff) -> Text:
        return _(
            "%(name)s gets their roles back and chooses a new password by a link."
        ) % {"name": row.name}

    def act(self, row: Staff, actor: Staff, now: datetime) -> HttpResponse:
        staff = services.reactivate_staff(staff=row, actor=actor, now=now)
        return _show_link(self.request, staff)


class StaffSecondFactor(_StaffConfirm):
    """Take a lost second factor away."""

    title = gettext_lazy("Reset the second factor")
    button = gettext_lazy("Reset it")
    icon = "shield-lock"

    def explain(self, row: Staff) -> Text:
        return _(
            "Do this when %(name)s has lost the phone, and only when you are sure who "
            "is asking. They set up a new one at the next sign-in."
        ) % {"name": row.name}

    def act(self, row: Staff, actor: Staff, now: datetime) -> Text:
        services.reset_second_factor(staff=row, actor=actor, now=now)
        return _("The second factor is gone; a new one is set up at sign-in.")


def roles_in_words(staff: Staff) -> str:
    """Write a person's roles, those of stores with the store's name."""
    words = []
    for grant in staff.roles.all():
        label = str(Role(grant.role).label)
        words.append(f"{label} ({grant.store.name})" if grant.store else label)
    return ", ".join(sorted(words))


def account_state(staff: Staff) -> tuple[str, Text]:
    """Return the tone and the words for where an account stands."""
    if not staff.is_active:
        return "bad", _("Closed")
    if not staff.has_usable_password():
        return "info", _("Invited")
    return "good", _("Open")


def _find(request: HttpRequest, public_id: UUID) -> Staff:
    visible = selectors.list_staff(viewer=staff_of(request))
    return get_object_or_404(visible, public_id=public_id)


def _can_change(actor: Staff, staff: Staff) -> bool:
    return may_change(
        actor, [Grant(Role(grant.role), grant.store) for grant in staff.roles.all()]
    )


def _check_can_change(actor: Staff, staff: Staff) -> None:
    if not _can_change(actor, staff):
        raise services.NotYours


def _show_link(request: HttpRequest, staff: Staff) -> HttpResponse:
    url = reverse("stores:staff-detail", args=[staff.public_id])
    return show_secret(
        request,
        Secret(
            title=_("Link for %(name)s") % {"name": staff.name},
            explain=_(
                "Send it to the person yourself. It is shown only now, works once and "
                "for three days; opening it changes nothing."
            ),
            label=_("Link to choose a password"),
            value=request.build_absolute_uri(invitations.path_for(staff)),
            back_url=url,
            crumbs=[*_crumbs(), (staff.name, url)],
        ),
    )


def _crumbs() -> Crumbs:
    return [(gettext_lazy("Staff"), reverse("stores:staff-list"))]


def _pill(tone: str, words: Any) -> SafeString:
    css = f"pill pill--{tone}" if tone else "pill"
    return format_html('<span class="{}">{}</span>', css, words)
