"""How registrations follow when two memberships become one."""

from enrolment.models import JoinLink, Registration
from members import merge_registry
from members.merge_registry import Merging
from members.models import Member


def register() -> None:
    """Register the models; called once, when the room is ready."""
    merge_registry.register_handed_on(JoinLink)
    merge_registry.register(
        Registration, merge=hand_registrations_on, undo=give_registrations_back
    )


def hand_registrations_on(merging: Merging) -> None:
    """Hand on how the merged member came; an open way in only to who waits for one.

    Otherwise it stays open where it is: it was not finished, and whoever counts what
    stores have finished must not count it.
    """
    theirs = Registration.objects.filter(member=merging.merged)
    if _is_active(merging) or _has_open(merging.kept):
        theirs = theirs.exclude(outcome=Registration.Outcome.OPEN)
    merge_registry.hand_on(
        Registration, merging, only=list(theirs.values_list("pk", flat=True))
    )


def give_registrations_back(merging: Merging) -> None:
    """Give them back; an open one stays if the merged member has one all the same."""
    kept_open: list[int] = []
    if _has_open(merging.merged):
        kept_open = list(
            Registration.objects.filter(
                member=merging.kept, outcome=Registration.Outcome.OPEN
            ).values_list("pk", flat=True)
        )
    merge_registry.give_back(Registration, merging, but=kept_open)


def _is_active(merging: Merging) -> bool:
    """Tell whether the kept member is active when the merge is done."""
    statuses = {merging.kept.status, merging.merge.before["merged"]["status"]}
    return Member.Status.ACTIVE in statuses


def _has_open(member: Member) -> bool:
    return Registration.objects.filter(
        member=member, outcome=Registration.Outcome.OPEN
    ).exists()
