"""The home page of the desk."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from loyalty import overview
from stores.access import roles_of, stores_of
from stores.middleware import programme_of
from stores.roles import Role
from stores.views.pages import staff_of


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show how the club is doing and what waits for somebody."""
    staff = staff_of(request)
    if roles_of(staff) <= {Role.STORE_STAFF}:
        # Whoever stands at the till works there; turnover is not theirs to see.
        return render(request, "loyalty/home_till.html", {"title": _("Welcome")})
    period = overview.read_period(request.GET.get("period", ""))
    summary = overview.summarize(
        programme=programme_of(request),
        store_ids=stores_of(staff),
        roles=roles_of(staff),
        days=period,
        now=timezone.now(),
    )
    context = {
        "title": _("Overview"),
        "summary": summary,
        "period": str(period),
        "periods": overview.PERIODS,
    }
    return render(request, "loyalty/home.html", context)
