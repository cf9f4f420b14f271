"""How vouchers and stamps follow when two memberships become one."""

from django.db import connection

from members import merge_registry
from members.merge_registry import Merging
from offers.models import MemberCard, Redemption, Stamp, Voucher, VoucherEvent


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
    """Give back what was theirs; what came after the merge stays."""
    for model in (Voucher, Redemption, VoucherEvent, Stamp):
        merge_registry.give_back(model, merging)
    _recount(merging)


def _recount(merging: Merging) -> None:
    # The cards are sums: worked out again for both, from what each has now. Whoever
    # gave has fewer stamps first, so that no reward is given twice.
    with connection.cursor() as cursor:
        for member in (merging.merged, merging.kept):
            cursor.execute("SELECT offers_recount(%s, %s)", [member.pk, merging.now])
