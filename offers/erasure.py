"""What erasure does to vouchers: what is open is withdrawn, what was used stays."""

from datetime import datetime

from members.models import Member
from offers.models import Voucher


def withdraw(member: Member, now: datetime) -> None:
    """Withdraw a member's open vouchers; nobody is told any more."""
    del now
    Voucher.objects.filter(
        member=member, status__in=[Voucher.Status.ISSUED, Voucher.Status.RESERVED]
    ).update(status=Voucher.Status.VOID, reserved_until=None)
