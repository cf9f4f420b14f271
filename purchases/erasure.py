"""What erasure does to receipts: the books keep them, and they are nobody's."""

from datetime import datetime

from django.db import connection

from common import blind
from members.models import Member
from purchases.models import Receipt, ReceiptLine
from purchases.rules import ContactKind

# Vouchers and stamps stay in the books, too: they do not say of which receipt.
_OFFERS = """
SELECT offers_cut_loose(array_agg(r.public_id), ARRAY[%s::bigint])
FROM purchases_receipt r WHERE r.member_id = %s
"""


def cut_loose(member: Member, _now: datetime) -> None:
    """Take a member from their receipts, and from those they could still claim."""
    with connection.cursor() as cursor:
        cursor.execute(_OFFERS, [member.pk, member.pk])
    # Lines first: they are found by their receipt, which has the index.
    ReceiptLine.objects.filter(receipt__member=member).update(member=None)
    Receipt.objects.filter(member=member).update(member=None, contact_index=None)
    known_by = [
        (ContactKind.NUMBER, member.number),
        (ContactKind.PHONE, member.phone),
        (ContactKind.EMAIL, member.email.lower()),
    ]
    Receipt.objects.filter(
        programme=member.programme_id,
        contact_index__in=[blind.index(kind, value) for kind, value in known_by],
    ).update(contact_index=None)
