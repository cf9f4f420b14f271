"""How this room's own rows follow when two memberships become one."""

from django.db.models import Q

from members import duplicates, merge_registry
from members.merge_registry import Merging
from members.models import DuplicatePair, Event, Identifier, Member, Merge
from stores.models import AuditEntry


def register() -> None:
    """Register the models of this room; called once, when the room is ready."""
    merge_registry.register_stays(Member, "the merge itself changes both rows")
    merge_registry.register_stays(Merge, "it is the record of what was merged")
    merge_registry.register_stays(
        AuditEntry, "the trail never changes, and tells what was done to whom then"
    )
    merge_registry.register_handed_on(Event)
    merge_registry.register(
        Identifier, merge=_hand_identifiers_on, undo=_give_identifiers_back
    )
    merge_registry.register(DuplicatePair, merge=_settle_pairs, undo=_part_pairs)


def _hand_identifiers_on(merging: Merging) -> None:
    """Let what found the merged member find the kept one, proven as it was."""
    merge_registry.hand_on(Identifier, merging)


def _give_identifiers_back(merging: Merging) -> None:
    """Give them back, but for what is the kept member's own contact by now."""
    kept = merging.kept
    used = Identifier.objects.filter(member=kept, ended_at=None).filter(
        Q(kind=Identifier.Kind.PHONE, value=kept.phone)
        | Q(kind=Identifier.Kind.EMAIL, value=kept.email.lower())
    )
    merge_registry.give_back(
        Identifier, merging, but=list(used.values_list("pk", flat=True))
    )


def _settle_pairs(merging: Merging) -> None:
    """Close the pair that was merged; others are looked at when the log is read."""
    duplicates.note_merge(merge=merging.merge, now=merging.now)


def _part_pairs(merging: Merging) -> None:
    duplicates.note_undone(merge=merging.merge, now=merging.now)
