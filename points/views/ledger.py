"""A member's ledger: every entry with its reason, and what they had on any day."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import django_filters
import django_tables2 as tables2
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.periods import start_of_day
from common.ui.forms import DateInput
from common.ui.tables import (
    MomentColumn,
    NumberColumn,
    Table,
    TableView,
    two_lines,
)
from members import care
from members.models import Member
from members.views.frame import member_of, staff_of
from points import rules, selectors, words
from points.models import Entry


class LedgerFilter(django_filters.FilterSet):
    """What kind of entry, and as of which day."""

    kind = django_filters.ChoiceFilter(
        choices=Entry.Kind.choices,
        label=gettext_lazy("Kind of entry"),
        empty_label=gettext_lazy("All kinds of entries"),
    )
    until = django_filters.DateFilter(
        method="as_of",
        label=gettext_lazy("As of the end of"),
        widget=DateInput(attrs={"aria-label": gettext_lazy("As of the end of")}),
    )

    class Meta:
        model = Entry
        fields = ("kind", "until")

    def as_of(self, rows: QuerySet[Entry], _name: str, value: date) -> QuerySet[Entry]:
        return rows.filter(at__lt=self.until_of(value))

    def until_of(self, day: date) -> datetime:
        """Return the first moment after a day of the club."""
        member: Member = self.request.points_member
        # The calendar has an end, and what is asked for does not.
        last = min(day, date.max - timedelta(days=1))
        return start_of_day(last + timedelta(days=1), member.programme.zone)


class LedgerTable(Table):
    """Entries."""

    at = tables2.Column(verbose_name=gettext_lazy("Counts from"))
    kind = tables2.Column(verbose_name=gettext_lazy("What"), orderable=False)
    reason = tables2.Column(
        verbose_name=gettext_lazy("Why"),
        empty_values=(),
        orderable=False,
        attrs={"td": {"class": "wrap wrap--s"}},
    )
    points = NumberColumn(verbose_name=gettext_lazy("Points"))
    balance_after = NumberColumn(
        verbose_name=gettext_lazy("Balance after"), orderable=False
    )
    left = NumberColumn(
        verbose_name=gettext_lazy("Left of it"),
        accessor="lot__remaining",
        orderable=False,
    )
    expires_at = tables2.Column(
        verbose_name=gettext_lazy("Until"),
        accessor="lot__expires_at",
        empty_values=(),
        orderable=False,
    )
    posted_at = MomentColumn(
        verbose_name=gettext_lazy("Booked"), orderable=False, visible=False
    )

    caption = gettext_lazy("Entries of the ledger")
    empty_icon = "coin"
    empty_title = gettext_lazy("No points yet")
    empty_text = gettext_lazy("The first purchase makes the first entry.")

    def render_at(self, record: Entry) -> SafeString:
        booked = _("booked %(at)s") % {"at": _moment(record.posted_at)}
        return two_lines(_moment(record.at), booked)

    def value_at(self, value: datetime) -> datetime:
        return timezone.localtime(value)

    def render_points(self, value: int, record: Entry) -> str:
        if record.moved:
            # Between parts of the balance, which stays as it is.
            return f"({words.number(record.moved)})"
        return f"+{words.number(value)}" if value > 0 else words.number(value)

    def value_points(self, value: int) -> int:
        return value

    def render_left(self, record: Entry, value: int) -> str:
        shown = words.number(value)
        return (
            _("%(points)s, waiting") % {"points": shown}
            if (record.lot.is_pending)
            else shown
        )

    def render_reason(self, record: Entry) -> str:
        return words.why(record)

    def render_expires_at(self, record: Entry) -> str:
        lot = getattr(record, "lot", None)
        if lot is None:
            return str(self.default)
        if lot.expires_at is None:
            return _("Never expires")
        return words.last_day_of(lot.expires_at, record.member.programme.zone)


def _worth(points: int, rule: rules.EarningRule | None) -> Decimal:
    return rules.worth(points, rule) if rule else Decimal(0)


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "DATETIME_FORMAT")


class MemberLedger(TableView):
    """The ledger of one member, newest first."""

    table_class = LedgerTable
    filterset_class = LedgerFilter
    template_name = "points/member_ledger.html"
    csv_name = "ledger"
    per_page = 50

    member: Member

    def get(self, request: HttpRequest, public_id: UUID) -> HttpResponseBase:  # type: ignore[override]
        """Answer for a member; that it was looked at is noted."""
        self.member = member_of(request, public_id)
        request.points_member = self.member  # type: ignore[attr-defined]
        self.title = _("Ledger of %(name)s") % {"name": care.label_of(self.member)}
        self.subtitle = _("Every entry there is; none is ever changed.")
        care.note_view(member=self.member, staff=staff_of(request), now=timezone.now())
        return super().get(request)

    def get_queryset(self) -> QuerySet[Entry]:
        """Return the member's entries, those of merged memberships too."""
        return selectors.entries(self.member).select_related(
            "rule", "lot", "member__programme"
        )

    def get_context_data(self, **extra: Any) -> dict[str, Any]:
        """Add what the member had at the end of the day asked for."""
        form = extra["filterset"].form
        day = form.cleaned_data.get("until") if form.is_valid() else None
        now = timezone.now()
        until = extra["filterset"].until_of(day) if day else now
        balance = selectors.balance_as_of(self.member, until)
        rule = selectors.find_rule(programme_id=self.member.programme_id, at=until)
        return super().get_context_data(
            member=self.member,
            day=day,
            balance=balance,
            worth=_worth(balance.available, rule),
            pending_worth=_worth(balance.pending, rule),
            owed_worth=_worth(balance.owed, rule),
            currency=self.member.programme.currency,
            **extra,
        )
