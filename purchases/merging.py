"""How receipts follow when two memberships become one."""

from members import merge_registry
from members.merge_registry import Merging
from members.models import Member
from purchases.models import MonthSum, Receipt, ReceiptLine


def register() -> None:
    """Register receipts; called once, when the room is ready."""
    merge_registry.register(
        Receipt, ReceiptLine, merge=hand_receipts_on, undo=give_receipts_back
    )
    merge_registry.register_handed_on(MonthSum)


def hand_receipts_on(merging: Merging) -> None:
    """Give the receipts with their lines to the kept member."""
    ids = merge_registry.hand_on(Receipt, merging)
    _give_lines(ids, merging.kept)


def give_receipts_back(merging: Merging) -> None:
    """Give them back; receipts of after the merge stay."""
    ids = merge_registry.give_back(Receipt, merging)
    _give_lines(ids, merging.merged)


def _give_lines(receipts: list[int], owner: Member) -> None:
    # Found by their receipts: lines have no index by member.
    ReceiptLine.objects.filter(receipt__in=receipts).update(member=owner)
