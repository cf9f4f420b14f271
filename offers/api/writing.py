"""How vouchers and cards are written in answers."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from offers.models import Voucher
from offers.stamps.selectors import Progress
from offers.vouchers.validity import Why


def voucher(each: Voucher, *, why: Why | None, zone: ZoneInfo) -> dict[str, Any]:
    """Return a voucher; `why` is what keeps it from being used now."""
    last = (each.expires_at - timedelta(microseconds=1)).astimezone(zone).date()
    return {
        "id": str(each.public_id),
        "code": each.code,
        "kind": each.kind,
        "value": str(each.value),
        "worth": str(each.worth),
        "currency": each.currency,
        "texts": each.texts,
        "origin": each.origin,
        "status": each.status,
        "needsPurchase": each.needs_purchase,
        "validUntil": last.isoformat(),
        "usableNow": why is None,
        "reservedUntil": each.reserved_until.isoformat()
        if each.reserved_until
        else None,
        "usedAt": each.used_at.isoformat() if each.used_at else None,
    }


def card(each: Progress) -> dict[str, Any]:
    """Return how far a member is on a card."""
    return {
        "id": str(each.card.public_id),
        "names": each.card.names,
        "sentence": each.sentence,
        "collected": each.collected,
        "needed": each.needed,
        "nextLapse": each.lapses_at.isoformat() if each.lapses_at else None,
    }
