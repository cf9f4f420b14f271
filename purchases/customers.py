"""What the rooms below ask of receipts."""

from datetime import datetime
from uuid import UUID

from members.models import Member
from purchases.models import Receipt


def has_bought_since(member: Member, moment: datetime) -> bool:
    """Tell whether a member has bought anything since: a sign of life."""
    return Receipt.objects.filter(member=member, purchased_at__gt=moment).exists()


def when_bought(member: Member, receipt_id: UUID) -> datetime | None:
    """Return when a member made a purchase; None for another's, or for a return."""
    return (
        Receipt.objects.filter(public_id=receipt_id, member=member, total__gt=0)
        .values_list("purchased_at", flat=True)
        .first()
    )
