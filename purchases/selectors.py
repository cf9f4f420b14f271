"""Reading receipts."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Max, Prefetch, Q, QuerySet, Sum

from members.models import Member
from purchases.models import Receipt, ReceiptLine


@dataclass(frozen=True, slots=True)
class Purchases:
    """What a member has bought in all, less what came back."""

    receipts: int
    amount: Decimal
    currency: str
    last_at: datetime | None


def list_receipts(member: Member) -> QuerySet[Receipt]:
    """Return a member's receipts with their lines, newest first."""
    return (
        Receipt.objects.filter(member=member)
        .select_related("store")
        .prefetch_related(
            Prefetch("lines", queryset=ReceiptLine.objects.order_by("number"))
        )
        .order_by("-purchased_at", "-id")
    )


def summarize_purchases(member: Member) -> Purchases:
    """Return how many receipts a member has, their sum, and when the last one was."""
    found = Receipt.objects.filter(member=member).aggregate(
        receipts=Count("pk", filter=Q(total__gt=0)),
        amount=Sum("total"),
        last_at=Max("purchased_at"),
    )
    return Purchases(
        receipts=found["receipts"],
        amount=found["amount"] or Decimal(0),
        currency=member.programme.currency,
        last_at=found["last_at"],
    )
