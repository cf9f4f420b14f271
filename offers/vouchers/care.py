"""What customer service does with a voucher: withdraw it, or make it valid again."""

from datetime import datetime, timedelta

from django.db import transaction

from common.periods import local_day, start_of_day
from offers.models import Voucher, VoucherEvent
from offers.vouchers.log import tell
from offers.vouchers.validity import hold
from points.selectors import find_rule
from stores import audit
from stores.models import Staff

VOIDED = "offers.voucher_voided"
REACTIVATED = "offers.voucher_reactivated"
# How long a voucher is valid that was made valid again.
VALID_AGAIN_DAYS = 14


class CannotChange(Exception):
    """Raised when staff would void or reactivate what cannot be; `why` says why."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def void_voucher(
    *, voucher: Voucher, staff: Staff, reason: str, now: datetime
) -> Voucher:
    """Withdraw a voucher that nobody has used, for a reason; points stay used.

    Raises:
        CannotChange: it was used, withdrawn or has lapsed.
    """
    with transaction.atomic():
        voucher = _held(voucher)
        if voucher.status not in {Voucher.Status.ISSUED, Voucher.Status.RESERVED}:
            raise CannotChange("not_open")
        voucher.status = Voucher.Status.VOID
        voucher.reserved_until = None
        voucher.save(update_fields=["status", "reserved_until"])
        tell(
            voucher,
            VoucherEvent.Kind.VOIDED,
            now=now,
            value=voucher.worth,
            staff=staff,
            reason=reason,
        )
        _audit(voucher, VOIDED, staff=staff, reason=reason, now=now)
    return voucher


def reactivate_voucher(
    *, voucher: Voucher, staff: Staff, reason: str, now: datetime
) -> Voucher:
    """Make a voucher valid again that was not used in time, for fourteen days.

    Raises:
        CannotChange: it is still valid, was used or withdrawn, or was made valid as
            often as its version of the programme lets.
    """
    with transaction.atomic():
        voucher = _held(voucher)
        open_ = {Voucher.Status.ISSUED, Voucher.Status.LAPSED}
        if voucher.status not in open_ or voucher.expires_at > now:
            raise CannotChange("not_lapsed")
        if voucher.reactivations >= most_reactivations(voucher):
            raise CannotChange("too_often")
        zone = voucher.programme.zone
        today = local_day(now, zone)
        ends_on = today + timedelta(days=VALID_AGAIN_DAYS + 1)
        voucher.status = Voucher.Status.ISSUED
        voucher.expires_at = start_of_day(ends_on, zone)
        voucher.grace_until = start_of_day(
            ends_on + timedelta(days=voucher.grace_days), zone
        )
        voucher.reminded_at = None
        voucher.reactivations += 1
        voucher.save(
            update_fields=[
                "status",
                "expires_at",
                "grace_until",
                "reminded_at",
                "reactivations",
            ]
        )
        tell(
            voucher,
            VoucherEvent.Kind.REACTIVATED,
            now=now,
            value=voucher.worth,
            staff=staff,
            reason=reason,
        )
        _audit(voucher, REACTIVATED, staff=staff, reason=reason, now=now)
    return voucher


def most_reactivations(voucher: Voucher) -> int:
    """Return how often a voucher may be made valid again: as its version says.

    Vouchers that follow no version, of stamps and goodwill: by the one in force.
    """
    rule = find_rule(programme_id=voucher.programme_id)
    if voucher.rule is not None:
        stored = voucher.rule.terms.get("vouchers", {}).get("reactivations")
        if stored is not None:
            return int(stored)
    return rule.terms.vouchers.reactivations if rule else 1


def _held(voucher: Voucher) -> Voucher:
    found = hold(programme_id=voucher.programme_id, code=voucher.code)
    # Codes never change, and vouchers go with their member's books only.
    return Voucher.objects.get(pk=voucher.pk) if found is None else found


def _audit(
    voucher: Voucher, action: str, *, staff: Staff, reason: str, now: datetime
) -> None:
    audit.record(
        programme=voucher.programme,
        actor=staff,
        action=action,
        now=now,
        member_id=voucher.member.public_id,
        subject=str(voucher.public_id),
        reason=reason,
        data={"value": str(voucher.worth)},
    )
