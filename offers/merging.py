"""How vouchers and stamps follow when two memberships become one."""

from django.db import connection

from members import merge_registry
from members.merge_registry import Merging
from offers.models import MemberCard, Redemption, Stamp, Voucher, VoucherEvent

# What came back after the merge of what was bought before it goes with its purchase.
_RETURNED = """
SELECT r.id FROM offers_stamp r
WHERE r.member_id = %s AND r.kind = 'RETURN' AND EXISTS (
    SELECT FROM offers_stamp s WHERE s.purchase = r.purchase AND s.card_id = r.card_id
        AND s.kind = 'STAMP' AND s.id = ANY (%s))
"""


def register() -> None:
    """Register the models; called once, when the room is ready."""
    merge_registry.register(
        Voucher,
        Redemption,
        VoucherEvent,
        Stamp,
        MemberCard,
        merge=hand_on,
        undo=give_back,
    )


def hand_on(merging: Merging) -> None:
    """Give all to the kept member; stamps on the same card add up."""
    for model in (Voucher, Redemption, VoucherEvent, Stamp):
        merge_registry.hand_on(model, merging)
    _recount(merging)


def give_back(merging: Merging) -> None:
    """Give back what was theirs, with what came back of it; what came after stays."""
    stamps = merging.merge.moved.get(Stamp._meta.label, [])
    with connection.cursor() as cursor:
        cursor.execute(_RETURNED, [merging.kept.pk, stamps])
        returned = [row[0] for row in cursor.fetchall()]
    merging.merge.moved[Stamp._meta.label] = sorted({*stamps, *returned})
    _go_with_vouchers(merging)
    for model in (Voucher, Redemption, VoucherEvent, Stamp):
        merge_registry.give_back(model, merging)
    _recount(merging)


def _go_with_vouchers(merging: Merging) -> None:
    """Let what was written of their vouchers since the merge go with the vouchers."""
    moved = merging.merge.moved
    vouchers = moved.get(Voucher._meta.label, [])
    for model in (Redemption, VoucherEvent):
        written = model._base_manager.filter(
            member=merging.kept, voucher__in=vouchers
        ).values_list("pk", flat=True)
        known = moved.get(model._meta.label, [])
        moved[model._meta.label] = sorted({*known, *written})


def _recount(merging: Merging) -> None:
    # The cards are sums: worked out again for both, from what each has now. Whoever
    # gave has fewer stamps first, so that no reward is given twice.
    with connection.cursor() as cursor:
        for member in (merging.merged, merging.kept):
            cursor.execute("SELECT offers_recount(%s, %s)", [member.pk, merging.now])
