"""What the worker runs for points besides purchases."""

from django.utils import timezone

from points.actions import following, referrals


def follow() -> int:
    """Give the points for what has happened since; return how many events were read."""
    read = 0
    while some := following.follow(now=timezone.now()):
        read += some
    return read


def settle_referrals() -> int:
    """Let invitations count that are due; return how many."""
    now = timezone.now()
    settled = 0
    while some := referrals.settle(now=now):
        settled += some
    referrals.give_up(now=now)
    return settled
