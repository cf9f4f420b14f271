"""How points follow when two memberships become one, and are parted again.

Entries stay where they were posted, for they are append-only and a balance runs on from
each to the next. What is open moves as entries of their own: points that wait go on
waiting, and reservations go on holding. See decision 0011.
"""

from django.db import connection

from members import merge_registry
from members.merge_registry import Merging
from points.models import Account, Entry, Lot, LotUse, Reservation

_MERGE = "SELECT points_merge(%s, %s, %s, %s)"
_UNMERGE = "SELECT points_unmerge(%s, %s, %s, %s)"


def register() -> None:
    """Register the ledger; called once, when the room is ready."""
    merge_registry.register(
        Account,
        Entry,
        Lot,
        LotUse,
        Reservation,
        merge=move_points,
        undo=give_points_back,
    )


def move_points(merging: Merging) -> None:
    """Move what the merged member has or owes to the kept one; what is due lapses."""
    _call(_MERGE, merging)


def give_points_back(merging: Merging) -> None:
    """Give back what is left of the points that the merge moved, or the debt.

    Open reservations are let go: whose they are nobody can say.
    """
    _call(_UNMERGE, merging)


def _call(statement: str, merging: Merging) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            [
                merging.kept.pk,
                merging.merged.pk,
                merging.merge.public_id,
                merging.now,
            ],
        )
