"""What erasure does to vouchers: what is open is withdrawn, what was used stays."""

from datetime import datetime

from members.models import Member
from offers.models import Voucher, VoucherEvent
from offers.vouchers.log import tell
from offers.vouchers.selectors import OPEN


def withdraw(member: Member, now: datetime) -> None:
    """Withdraw a member's open vouchers; a purchase that is on its way is refused."""
    found = Voucher.objects.select_for_update().filter(member=member, status__in=OPEN)
    for voucher in found.order_by("pk"):
        voucher.status = Voucher.Status.VOID
        voucher.reserved_until = None
        voucher.save(update_fields=["status", "reserved_until"])
        tell(voucher, VoucherEvent.Kind.VOIDED, now=now, value=voucher.worth)
