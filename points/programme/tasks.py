"""What the worker runs for the programme: members are told of worse terms."""

from django.utils import timezone

from points.programme import notices


def tell() -> int:
    """Tell members of versions whose day of notice has come; return how many."""
    return notices.tell_members(now=timezone.now())
