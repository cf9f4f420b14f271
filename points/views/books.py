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
from django.utils.translation import gettext_lazy
from django.views.decorators.http import (
    require_http_methods,
    require_POST,
    require_safe,
)
from django_q.tasks import async_task

from common.money import display
from common.periods import local_day, start_of_day
from common.ui.csv import csv_response
from common.ui.forms import DateInput
from common.ui.toasts import toast
from points import proof
from points.books import closing, liability, panels, proofs
from points.books.figures import Books, together
from points.models import BreakageAssumption, ClosedMonth
from stores.access import roles_of
from stores.middleware import programme_of
from stores.models import Programme
from stores.roles import Role
from stores.views.pages import Page, show_form, staff_of

_SHOWN_PROOFS = 10
# Months that a page shows one by one; the ones before stand in one row.
_SHOWN_MONTHS = 6
MAY_CLOSE = frozenset({Role.OWNER})
PROOF_TASK = "points.tasks.prove_now"


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


def day_of(request: HttpRequest, programme: Programme) -> tuple[AsOfForm, date]:
    """Return what was asked for, and as of the end of which day: today if of none."""
    today = local_day(timezone.now(), programme.zone)
    form = AsOfForm(request.GET if "until" in request.GET else None)
    asked = form.cleaned_data.get("until") if form.is_valid() else None
    return form, min(asked or today, today)


@require_safe
def liability_page(request: HttpRequest) -> HttpResponseBase:
    """Say what the club owes in points as of the end of a day, or as a file."""
    programme = programme_of(request)
    today = local_day(timezone.now(), programme.zone)
    form, day = day_of(request, programme)
    until = start_of_day(day + timedelta(days=1), programme.zone)
    books = liability.books_at(programme=programme, until=until)
    if request.GET.get("format") == "csv":
        return csv_response(_lines(books), name=f"liability-{day.isoformat()}.csv")
    open_month = closing.next_month(programme)
    closed = list(
        ClosedMonth.objects.filter(programme=programme, liability__isnull=False)
        .select_related("closed_by")
        .order_by("-month")[:24]
    )
    months = sorted({each.month for each in books.cohorts})
    earlier = set(months[:-_SHOWN_MONTHS])
    shows_all = request.GET.get("months") == "all"
    folded = [each for each in books.cohorts if each.month in earlier and not shows_all]
    context = {
        "title": _("What we owe in points"),
        "subtitle": _("By the month in which the points were earned."),
        "day": day,
        "today": today,
        "form": form,
        "books": books,
        "cohorts": books.cohorts[len(folded) :],
        "folded": together(folded) if folded else None,
        "folded_months": len(earlier),
        "can_fold": bool(earlier),
        "first_months": f":{_SHOWN_MONTHS}",
        "further_months": f"{_SHOWN_MONTHS}:",
        "closed_on": next((each for each in closed if each.ends_at == until), None),
        "owed": display(books.liability, programme.currency, ore=False),
        "owed_beside": display(books.beside.total, programme.currency, ore=False),
        "currency": programme.currency,
        "closed": closed,
        "open_month": open_month,
        "can_close": open_month is not None and open_month < today.replace(day=1),
        "may_close": bool(MAY_CLOSE & roles_of(staff_of(request))),
        "panels": panels.places(day),
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
    """Show whether the club's ledger adds up, law by law."""
    programme = programme_of(request)
    runs = list(
        proofs.list_ended(programme).select_related("started_by")[:_SHOWN_PROOFS]
    )
    last = runs[0] if runs else None
    broken = {each["law"]: each["rows"] for each in last.details} if last else {}
    context = {
        "title": _("Proof of the ledger"),
        "subtitle": _("Every night all of it is worked out again and compared."),
        "last": last,
        "laws": [(_(law), broken.get(law, [])) for law in proof.laws()],
        "runs": runs,
        "waiting": proofs.find_waiting(programme, timezone.now()),
        "may_run": bool(MAY_CLOSE & roles_of(staff_of(request))),
    }
    return render(request, "points/proof.html", context)


@require_POST
def proof_run(request: HttpRequest) -> HttpResponse:
    """Have the ledger proven now and not only tonight."""
    asked = proofs.ask(
        programme=programme_of(request), staff=staff_of(request), now=timezone.now()
    )
    async_task(PROOF_TASK, asked.pk)
    toast(request, _("The proof has begun. Its outcome is here when it is through."))
    return redirect("points:proof")


def _lines(books: Books) -> Iterator[list[Any]]:
    yield [
        _("Month"),
        _("Caused by"),
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
            _("Purchases") if each.by_receipt else _("Other than purchases"),
            each.issued,
            each.used,
            each.taken_back,
            each.expired,
            each.outstanding,
            each.sales,
            each.worth,
            each.liability,
        ]
    nothing = [""] * 6
    for cause, amount in (
        (_("Open vouchers that lower a price"), books.beside.with_purchase),
        (_("Open vouchers that need no purchase"), books.beside.without_purchase),
    ):
        yield ["", cause, *nothing, amount, amount]
    yield ["", _("In all"), *nothing, "", books.liability]


def _liability_url() -> str:
    return reverse("points:liability")
