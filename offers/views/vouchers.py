"""The list of vouchers, and one with its log and what staff may do with it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import django_filters
import django_tables2 as tables2
from django import forms
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from common.ui.tables import DayColumn, SearchFilter, Table, TableView
from common.ui.toasts import toast
from members import care
from offers.models import Voucher
from offers.roles import CHANGE_VOUCHERS
from offers.vouchers import care as changes
from offers.vouchers import selectors, words
from offers.vouchers.validity import why_not
from stores.access import roles_of
from stores.middleware import programme_of
from stores.views.pages import Page, show_form, staff_of

TONES = {
    "ISSUED": "good",
    "RESERVED": "warn",
    "USED": "info",
    "VOID": "bad",
    "LAPSED": "",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A voucher as lists show it."""

    voucher: Voucher
    title: str
    code: str
    last_day: str
    tone: str


def rows_of(vouchers: Iterable[Voucher], zone: ZoneInfo) -> list[Row]:
    """Put together what lists show of vouchers."""
    return [
        Row(
            voucher=each,
            title=words.title(each),
            code=words.code(each),
            last_day=words.last_day(each, zone),
            tone=TONES[each.status],
        )
        for each in vouchers
    ]


class VoucherFilter(django_filters.FilterSet):
    """Which vouchers are shown."""

    q = SearchFilter(method="by_words", label=gettext_lazy("Code or membership number"))
    status = django_filters.ChoiceFilter(
        choices=Voucher.Status.choices,
        label=gettext_lazy("State"),
        empty_label=gettext_lazy("Every state"),
    )
    origin = django_filters.ChoiceFilter(
        choices=Voucher.Origin.choices,
        label=gettext_lazy("Origin"),
        empty_label=gettext_lazy("Wherever from"),
    )
    needs_purchase = django_filters.ChoiceFilter(
        choices=[
            ("true", gettext_lazy("Lower the price of a purchase")),
            ("false", gettext_lazy("Need no purchase")),
        ],
        label=gettext_lazy("For VAT"),
        empty_label=gettext_lazy("With and without purchase"),
    )

    class Meta:
        model = Voucher
        fields = ("q", "status", "origin", "needs_purchase")

    def by_words(
        self, rows: QuerySet[Voucher], _name: str, value: str
    ) -> QuerySet[Voucher]:
        signs = "".join(sign for sign in value.upper() if sign.isalnum())
        # Two look-ups: either alone finds its index, and both together none.
        found = rows.filter(code=words.stored_code(value))
        return found if found.exists() else rows.filter(member__number=signs)


class VoucherTable(Table):
    """Vouchers of all members."""

    code = tables2.Column(verbose_name=gettext_lazy("Voucher"), orderable=False)
    member = tables2.Column(verbose_name=gettext_lazy("Member"), orderable=False)
    status = tables2.Column(verbose_name=gettext_lazy("State"), orderable=False)
    origin = tables2.Column(verbose_name=gettext_lazy("Origin"), orderable=False)
    issued_at = DayColumn(verbose_name=gettext_lazy("Issued"), orderable=False)
    expires_at = tables2.Column(
        verbose_name=gettext_lazy("Valid until"), orderable=False
    )

    caption = gettext_lazy("Vouchers")
    empty_icon = "ticket"
    empty_title = gettext_lazy("No vouchers yet")
    empty_text = gettext_lazy(
        "Vouchers come from points, from stamp cards and from goodwill."
    )

    def render_code(self, record: Voucher) -> SafeString:
        return format_html(
            '<span class="two-line"><b><a href="{}">{}</a></b>'
            '<small class="num">{}</small></span>',
            reverse("offers:voucher-detail", args=[record.public_id]),
            words.title(record),
            words.code(record),
        )

    def value_code(self, record: Voucher) -> str:
        return record.code

    def render_member(self, record: Voucher) -> SafeString | str:
        if record.member.status == record.member.Status.ERASED:
            return _("Erased")
        return format_html(
            '<a href="{}">{}</a>',
            reverse("members:member-detail", args=[record.member.public_id]),
            care.label_of(record.member),
        )

    def value_member(self, record: Voucher) -> str:
        return record.member.number

    def render_status(self, record: Voucher) -> SafeString:
        tone = TONES[record.status]
        return format_html(
            '<span class="pill{}">{}</span>',
            f" pill--{tone}" if tone else "",
            record.get_status_display(),
        )

    def value_status(self, record: Voucher) -> str:
        return record.status

    def render_expires_at(self, record: Voucher) -> str:
        return words.last_day(record, record.programme.zone)


class VoucherList(TableView):
    """Every voucher of the club, newest first, with what they add up to."""

    table_class = VoucherTable
    filterset_class = VoucherFilter
    template_name = "offers/voucher_list.html"
    title = gettext_lazy("Vouchers")
    subtitle = gettext_lazy("What members got for points, stamps and trouble.")
    exact_count = False

    def get_queryset(self) -> QuerySet[Voucher]:
        """Return the club's vouchers."""
        return selectors.list_of_club(programme_of(self.request))

    def get_context_data(self, **extra: Any) -> dict[str, Any]:
        """Add what all of them come to."""
        programme = programme_of(self.request)
        extra["figures"] = selectors.figures_of(programme)
        extra["currency"] = programme.currency
        return super().get_context_data(**extra)


class ReasonForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=200,
        help_text=gettext_lazy(
            "Stands in the voucher's log, which the member can ask for. Name nobody."
        ),
    )


@require_safe
def voucher_detail(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show a voucher, what happened to it, and what can be done."""
    voucher = _voucher(request, public_id)
    now = timezone.now()
    zone = voucher.programme.zone
    why = why_not(voucher, at=now, now=now)
    may_change = bool(CHANGE_VOUCHERS & roles_of(staff_of(request)))
    is_over = voucher.expires_at <= now
    most = changes.most_reactivations(voucher)
    status = Voucher.Status(voucher.status)
    if status is Voucher.Status.ISSUED and voucher.grace_until <= now:
        # It lapses in the night that follows.
        status = Voucher.Status.LAPSED
    context = {
        "title": words.title(voucher),
        "subtitle": words.code(voucher),
        "crumbs": [(_("Vouchers"), reverse("offers:voucher-list"))],
        "voucher": voucher,
        "last_day": words.last_day(voucher, zone),
        "grace_day": words.day_before(voucher.grace_until, zone)
        if voucher.grace_days
        else "",
        "tone": TONES[status],
        "status": status.label,
        "why_not": words.WHY_NOT[why] if why else "",
        "log": list(selectors.log_of(voucher)),
        "uses": list(voucher.redemptions.select_related("store").order_by("pk")),
        "left": voucher.worth,
        "used": voucher.value - voucher.worth,
        "has_left": voucher.kind == Voucher.Kind.MONEY
        and Decimal(0) < voucher.worth < voucher.value,
        "currency": voucher.currency,
        "member_label": care.label_of(voucher.member),
        "may_void": may_change and voucher.status in selectors.OPEN,
        "may_reactivate": may_change
        and voucher.status in {Voucher.Status.ISSUED, Voucher.Status.LAPSED}
        and is_over
        and voucher.reactivations < most,
        "reactivations_left": max(most - voucher.reactivations, 0),
        "points_stay": voucher.status == Voucher.Status.LAPSED and voucher.points,
    }
    return render(request, "offers/voucher_detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def voucher_void(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Withdraw a voucher with a reason."""
    page = Page(
        title=_("Withdraw the voucher"),
        subtitle=_(
            "It cannot be used any more. Points that it cost do not come back; give"
            " them back by an adjustment if they should."
        ),
        back_url=reverse("offers:voucher-detail", args=[public_id]),
        save_label=_("Withdraw it"),
        crumbs=[(_("Vouchers"), reverse("offers:voucher-list"))],
    )
    return _change(
        request, public_id, changes.void_voucher, page, _("The voucher is withdrawn.")
    )


@require_http_methods(["GET", "HEAD", "POST"])
def voucher_reactivate(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Make a voucher valid again with a reason."""
    page = Page(
        title=_("Make the voucher valid again"),
        subtitle=_("It is then valid for 14 days from today."),
        back_url=reverse("offers:voucher-detail", args=[public_id]),
        save_label=_("Make it valid"),
        crumbs=[(_("Vouchers"), reverse("offers:voucher-list"))],
    )
    return _change(
        request,
        public_id,
        changes.reactivate_voucher,
        page,
        _("The voucher is valid again."),
    )


def _change(
    request: HttpRequest, public_id: UUID, verb: Any, page: Page, done: str
) -> HttpResponse:
    voucher = _voucher(request, public_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            verb(
                voucher=voucher,
                staff=staff_of(request),
                reason=form.cleaned_data["reason"],
                now=timezone.now(),
            )
        except changes.CannotChange as error:
            form.add_error(None, _WHY[error.why])
        else:
            toast(request, done)
            return redirect("offers:voucher-detail", public_id)
    return show_form(request, form, page)


_WHY = {
    "not_open": gettext_lazy("Only a voucher that can still be used is withdrawn."),
    "not_lapsed": gettext_lazy(
        "Only a voucher whose days are over and that was not used is made valid again."
    ),
    "too_often": gettext_lazy(
        "The voucher was made valid again as often as the programme lets."
    ),
}


def _voucher(request: HttpRequest, public_id: UUID) -> Voucher:
    found: Voucher = get_object_or_404(
        Voucher.objects.select_related(
            "member__programme", "programme", "stamp_card", "rule"
        ),
        programme=programme_of(request),
        public_id=public_id,
    )
    return found
