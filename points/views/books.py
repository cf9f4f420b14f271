"""The books of the ledger: what is owed, closed months, and the proof."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)

from common.money import display
from common.periods import local_day, start_of_day
from common.ui.csv import csv_response
from common.ui.forms import DateInput
from common.ui.toasts import toast
from points import proof
from points.books import closing, liability, panels, proofs
from points.books.liability import Books
from points.models import BreakageAssumption, ClosedMonth, ProofRun
from stores.access import roles_of
from stores.middleware import programme_of
from stores.models import Staff
from stores.roles import Role
from stores.views.pages import Page, show_form, staff_of

_SHOWN_PROOFS = 10
MAY_CLOSE = frozenset({Role.OWNER})


class AsOfForm(forms.Form):
    """Which day the books are asked for."""

    until = forms.DateField(
        label=gettext_lazy("As of the end of"), required=False, widget=DateInput
    )


class AssumptionForm(forms.Form):
    """From when on which share of points is expected to be used, and why."""

    valid_from = forms.DateField(label=gettext_lazy("Valid from"), widget=DateInput)
    used_share = forms.DecimalField(
        label=gettext_lazy("Share of points that will be used, percent"),
        min_value=Decimal("0.01"),
        max_value=Decimal(100),
        max_digits=5,
        decimal_places=2,
        help_text=gettext_lazy("What the rest is worth is not shown as owed."),
    )
    because = forms.CharField(
        label=gettext_lazy("Ground"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy(
            "What it rests on, such as the share used of earlier years' points."
        ),
    )


@require_safe
def liability_page(request: HttpRequest) -> HttpResponseBase:
    """Say what the club owes in points as of the end of a day, or as a file."""
    programme = programme_of(request)
    today = local_day(timezone.now(), programme.zone)
    form = AsOfForm(request.GET or None)
    asked = form.cleaned_data.get("until") if form.is_valid() else None
    day: date = min(asked or today, today)
    books = liability.books_at(
        programme=programme,
        until=start_of_day(day + timedelta(days=1), programme.zone),
    )
    if request.GET.get("format") == "csv":
        return csv_response(_lines(books), name=f"liability-{day.isoformat()}.csv")
    open_month = closing.next_month(programme)
    context = {
        "title": _("What we owe in points"),
        "subtitle": _("By the month in which the points were earned."),
        "day": day,
        "today": today,
        "form": form,
        "books": books,
        "owed": display(books.total.liability, programme.currency, ore=False),
        "currency": programme.currency,
        "closed": list(
            ClosedMonth.objects.filter(programme=programme)
            .select_related("closed_by")
            .order_by("-month")[:24]
        ),
        "open_month": open_month,
        "can_close": open_month is not None and open_month < today.replace(day=1),
        "may_close": bool(MAY_CLOSE & roles_of(staff_of(request))),
        "panels": panels.places(),
    }
    return render(request, "points/liability.html", context)


@require_POST
def month_close(request: HttpRequest) -> HttpResponse:
    """Close the next month."""
    programme = programme_of(request)
    try:
        month = date.fromisoformat(request.POST.get("month", ""))
        closed = closing.close_month(
            programme=programme,
            month=month,
            staff=staff_of(request),
            now=timezone.now(),
        )
    except closing.CannotClose as error:
        toast(request, str(error), tone="error")
    except ValueError:
        toast(request, _("There is no such month."), tone="error")
    else:
        toast(
            request,
            _("Closed: %(month)s. Nothing is booked in it any more.")
            % {"month": f"{closed.month:%Y-%m}"},
        )
    return redirect("points:liability")


@require_http_methods(["GET", "HEAD", "POST"])
def assumption_add(request: HttpRequest) -> HttpResponse:
    """Write down an assumption on breakage."""
    programme = programme_of(request)
    form = AssumptionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            taken = BreakageAssumption.objects.filter(
                programme=programme, valid_from=given["valid_from"]
            )
            if taken.exists():
                form.add_error("valid_from", _("There is one from that day already."))
            else:
                closing.write_assumption(
                    programme=programme,
                    staff=staff_of(request),
                    now=timezone.now(),
                    **given,
                )
                toast(request, _("The assumption is written down."))
                return redirect("points:liability")
        except closing.CannotClose as error:
            form.add_error("valid_from", str(error))
    page = Page(
        title=_("How much of the points will be used"),
        subtitle=_(
            "The part that is never used is not owed, as far as there is ground for "
            "thinking so (IFRS 15 B39 to B42)."
        ),
        back_url=_liability_url(),
        save_label=_("Write it down"),
        crumbs=[(_("What we owe in points"), _liability_url())],
    )
    return show_form(request, form, page)


@require_safe
def proof_page(request: HttpRequest) -> HttpResponse:
    """Show whether the ledger adds up, law by law."""
    runs = list(
        ProofRun.objects.select_related("started_by").order_by("-started_at")[
            :_SHOWN_PROOFS
        ]
    )
    last = runs[0] if runs else None
    broken = {each["law"]: each["rows"] for each in last.details} if last else {}
    context = {
        "title": _("Proof of the ledger"),
        "subtitle": _("Every night all of it is worked out again and compared."),
        "last": last,
        "laws": [(_(law), broken.get(law, [])) for law in proof.laws()],
        "runs": runs,
        "may_run": bool(MAY_CLOSE & roles_of(staff_of(request))),
    }
    return render(request, "points/proof.html", context)


@require_POST
def proof_run(request: HttpRequest) -> HttpResponse:
    """Prove the ledger now."""
    staff: Staff = staff_of(request)
    found = proofs.run(clock=timezone.now, staff=staff)
    if found.differences:
        text = ngettext(
            "The ledger does not add up: %(n)s row differs.",
            "The ledger does not add up: %(n)s rows differ.",
            found.differences,
        )
        toast(request, text % {"n": found.differences}, tone="error")
    else:
        toast(request, _("The ledger adds up."))
    return redirect("points:proof")


def _lines(books: Books) -> Iterator[list[Any]]:
    yield [
        _("Month"),
        _("Earned"),
        _("Used"),
        _("Taken back"),
        _("Expired"),
        _("Outstanding"),
        _("Sales"),
        _("Worth"),
        _("Liability"),
    ]
    for each in books.cohorts:
        yield [
            f"{each.month:%Y-%m}",
            each.issued,
            each.used,
            each.taken_back,
            each.expired,
            each.outstanding,
            each.sales,
            each.worth,
            each.liability,
        ]


def _liability_url() -> str:
    return reverse("points:liability")
