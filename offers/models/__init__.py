"""The tables of this room."""

from offers.models.voucher import Redemption, Voucher, VoucherEvent

__all__ = ["Redemption", "Voucher", "VoucherEvent"]
