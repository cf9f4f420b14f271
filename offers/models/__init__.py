"""The tables of this room."""

from offers.models.stamps import MemberCard, Stamp, StampCard
from offers.models.voucher import Redemption, Voucher, VoucherEvent

__all__ = [
    "MemberCard",
    "Redemption",
    "Stamp",
    "StampCard",
    "Voucher",
    "VoucherEvent",
]
