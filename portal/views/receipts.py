"""A member's receipts: the list, and one of them line by line."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from portal import receipts as reading
from portal.guards import member_of
from portal.overview import worth_of_a_point

_PER_PAGE = 20


@require_safe
def receipts(request: HttpRequest) -> HttpResponse:
    """List the member's receipts, newest first."""
    member = member_of(request)
    pages = Paginator(reading.list_receipts(member), _PER_PAGE)
    found = pages.get_page(request.GET.get("page"))
    rows = [reading.row_of(receipt) for receipt in found]
    context = {
        "page": "receipts",
        "found": found,
        "rows": rows,
        "worth": worth_of_a_point(member, now=timezone.now()),
    }
    return render(request, "portal/receipts.html", context)


@require_safe
def receipt(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Show one receipt of the member's own; anybody else's is not found."""
    found = reading.find_receipt(member_of(request), public_id)
    if found is None:
        raise Http404
    context = {"page": "receipts", "slip": reading.slip_of(found)}
    return render(request, "portal/receipt.html", context)
