"""How long vouchers and stamps of erased members are kept: as the books of points."""

from typing import Any

from django.db import connection
from django.utils.translation import gettext_lazy as _

from consent.registry import Retention
from consent.retention.kinds import Due, register
from offers.models import MemberCard, Redemption, Stamp, Voucher, VoucherEvent

_YEARS = {"": 7 * 365, "DK": 5 * 365, "NO": 5 * 365}
_DUE = """
FROM consent_erasure e
JOIN members_member m ON m.public_id = e.member_id AND m.status = 'ERASED'
WHERE e.programme_id = %(programme)s AND e.at < %(before)s AND (
    EXISTS (SELECT FROM offers_voucher v WHERE v.member_id = m.id)
    OR EXISTS (SELECT FROM offers_membercard c WHERE c.member_id = m.id))
"""
_COUNT = f"SELECT count(*) {_DUE}"
_NEXT = f"SELECT m.id {_DUE} ORDER BY m.id LIMIT %(limit)s"
_DROP = """
DELETE FROM offers_voucherevent WHERE voucher_id IN (
    SELECT v.id FROM offers_voucher v WHERE v.member_id = ANY (%(members)s));
DELETE FROM offers_redemption WHERE voucher_id IN (
    SELECT v.id FROM offers_voucher v WHERE v.member_id = ANY (%(members)s));
DELETE FROM offers_voucher WHERE member_id = ANY (%(members)s);
DELETE FROM offers_stamp WHERE member_id = ANY (%(members)s);
DELETE FROM offers_membercard WHERE member_id = ANY (%(members)s);
"""
_AT_ONCE = 100


def register_all() -> None:
    """Register the kind; called once, when the room is ready."""
    register(
        "offers-books",
        title=_("Vouchers of erased members"),
        does=_("Vouchers and stamps are deleted with their log."),
        why=_(
            "Vouchers are a debt of the club and stand in its books: as long as"
            " vouchers of the books are kept."
        ),
        days=_YEARS,
        least=_YEARS,
        most=8 * 365,
        model=Voucher,
        count=_count,
        prune=_drop,
        keeps=dict.fromkeys(
            (Voucher, Redemption, VoucherEvent, Stamp, MemberCard), Retention.LEDGER
        ),
        order=19,
        whole_years=True,
    )


def _count(due: Due) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {"programme": due.programme.pk, "before": due.before})
        return int(cursor.fetchone()[0])


def _drop(due: Due, limit: int) -> int:
    values: dict[str, Any] = {
        "programme": due.programme.pk,
        "before": due.before,
        "limit": min(limit, _AT_ONCE),
    }
    with connection.cursor() as cursor:
        cursor.execute(_NEXT, values)
        members = [row[0] for row in cursor.fetchall()]
        if members:
            for statement in filter(str.strip, _DROP.split(";")):
                cursor.execute(statement, {"members": members})
    return len(members)
