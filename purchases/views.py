"""A member's purchases at the desk: the panel of their page, and each receipt."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.money import display
from common.templatetags.ui import moment
from members import care
from members.views.frame import answer, member_of, staff_of
from points import rules, words
from points.selectors import value_at, value_of
from purchases import selectors
from purchases.explaining import explain
from purchases.models import Receipt, ReceiptLine

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


@require_safe
def receipt(request: HttpRequest, public_id: UUID, receipt_id: UUID) -> HttpResponse:
    """Show one of a member's receipts: what each line gave, and why."""
    member = member_of(request, public_id)
    found = (
        Receipt.objects.filter(member=member, public_id=receipt_id)
        .select_related("member", "store__programme", "rule")
        .prefetch_related("lines")
        .first()
    )
    if found is None:
        raise Http404
    care.note_view(member=member, staff=staff_of(request), now=timezone.now())
    explained = explain(found)
    rule = value_of(found.rule) if found.rule else None
    lines = sorted(found.lines.all(), key=lambda line: line.number)
    # As it held then: worse terms may have been running down.
    held = value_at(found.rule, found.purchased_at) if found.rule else None
    worth = rules.worth(found.points, held) if held else None
    context = {
        "title": found.store.name,
        "subtitle": f"{moment(found.purchased_at)} · {found.receipt_number}",
        "member": member,
        "member_label": care.label_of(member),
        "receipt": found,
        "lines": [
            (line, explained.lines.get(line.number) or _why_nothing(line))
            for line in lines
        ],
        "missed": explained.missed,
        "rule": words.earning(rule, member.programme.currency) if rule else "",
        "worth": display(worth, member.programme.currency) if worth else "",
    }
    return render(request, "purchases/receipt.html", context)


def _why_nothing(line: ReceiptLine) -> str:
    if line.kind == ReceiptLine.Kind.RETURN:
        return _("Returned")
    return "" if line.is_eligible else _("Gives no points")
