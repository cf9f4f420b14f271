"""Personal data in this room: vouchers, and stamps on cards."""

from consent.erasure import register_hook
from consent.registry import (
    Basis,
    DataClass,
    Erase,
    Export,
    Field,
    Retention,
    Use,
    each,
    register,
)
from offers import erasure
from offers.models import (
    MemberCard,
    Redemption,
    Stamp,
    StampCard,
    Voucher,
    VoucherEvent,
)

# Vouchers are a debt of the club and stand in its books, as points do.
_VOUCHER = Field(
    DataClass.POINTS,
    Use.POINTS,
    Basis.CONTRACT,
    Retention.LEDGER,
    Export.YES,
    Erase.KEEP,
)
_KEY = Field(
    DataClass.KEY,
    Use.POINTS,
    Basis.CONTRACT,
    Retention.LEDGER,
    Export.NO,
    Erase.KEEP,
)
# What staff wrote is emptied; the line of the log stays.
_REASON = Field(
    DataClass.POINTS,
    Use.POINTS,
    Basis.INTEREST,
    Retention.MEMBERSHIP,
    Export.YES,
    Erase.BLANK,
)
# Who made a card, gave a voucher or withdrew one.
_WORK = Field(
    DataClass.WORK,
    Use.WORK,
    Basis.INTEREST,
    Retention.EMPLOYMENT,
    Export.NO,
    Erase.KEEP,
)


def register_all() -> None:
    """Register the models; called once, when the room is ready."""
    register(
        Voucher,
        {
            **each(_KEY, "id", "public_id", "programme", "member", "entry", "rule"),
            **each(_KEY, "stamp_card", "caused_by", "key", "reserved_key"),
            **each(_KEY, "used_receipt", "reserved_store", "used_store", "goods"),
            **each(_VOUCHER, "code", "kind", "value", "worth", "currency", "texts"),
            **each(_VOUCHER, "needs_purchase", "origin", "points", "status"),
            **each(_VOUCHER, "issued_at", "valid_from", "expires_at", "grace_days"),
            **each(_VOUCHER, "grace_until", "reminded_at", "reactivations"),
            **each(_VOUCHER, "reserved_until", "used_at"),
        },
    )
    register(
        Redemption,
        {
            **each(_KEY, "id", "public_id", "voucher", "member", "receipt", "store"),
            **each(_KEY, "key"),
            **each(_VOUCHER, "at", "recorded_at", "value", "amount", "quantity"),
            **each(_VOUCHER, "returned_amount", "returned_quantity", "given_back"),
            **each(_VOUCHER, "is_undone"),
            **each(_KEY, "lines"),
        },
    )
    register(
        VoucherEvent,
        {
            **each(_KEY, "id", "voucher", "member", "receipt", "store"),
            **each(_VOUCHER, "kind", "at", "recorded_at", "value"),
            **each(_REASON, "reason"),
            **each(_WORK, "staff"),
        },
    )
    register(
        Stamp,
        {
            **each(_KEY, "id", "member", "card", "receipt", "line_number", "purchase"),
            **each(_VOUCHER, "kind", "number", "quantity", "at", "recorded_at"),
            **each(_VOUCHER, "expires_at", "remaining"),
        },
    )
    register(
        MemberCard,
        {
            **each(_KEY, "id", "member", "card"),
            **each(_VOUCHER, "stamps", "rewards", "lapses_at", "changed_at"),
            **each(_VOUCHER, "settled_until"),
        },
    )
    register(
        StampCard,
        {
            **each(_WORK, *[field.name for field in StampCard._meta.concrete_fields]),
        },
    )
    register_hook(erasure.withdraw)
