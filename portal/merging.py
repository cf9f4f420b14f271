"""What becomes of this room's rows when two memberships become one."""

from members import merge_registry
from members.merge_registry import Merging
from portal.models import ContactChange, LoginCode, Session


def register_all() -> None:
    """Register the models; called once, when the room is ready."""
    merge_registry.register(Session, merge=_end_sessions, undo=_give_sessions_back)
    merge_registry.register_handed_on(ContactChange)
    merge_registry.register_stays(
        LoginCode, "codes live for minutes and open no membership that was merged"
    )


def _end_sessions(merging: Merging) -> None:
    """Sign the merged member out; where they were signed in stays known."""
    ids = merge_registry.hand_on(Session, merging)
    Session.objects.filter(pk__in=ids, ended_at=None).update(ended_at=merging.now)


def _give_sessions_back(merging: Merging) -> None:
    merge_registry.give_back(Session, merging)
