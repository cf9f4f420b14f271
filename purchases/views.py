"""The panel of purchases on a member's page."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from members.views.frame import answer, member_of
from purchases import selectors

_SHOWN = 8


@require_safe
def member_panel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Answer with a member's latest receipts and what they gave."""
    member = member_of(request, public_id)
    context = {
        "purchases": selectors.summarize_purchases(member),
        "receipts": list(selectors.list_receipts(member)[:_SHOWN]),
    }
    return answer(
        request, member, "purchases/_member_panel.html", context, title=_("Purchases")
    )
