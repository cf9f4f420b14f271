"""Erase again whom a restored backup has brought back."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from consent.erasure import erase_member
from consent.models import Erasure
from members.models import Member

_AT_ONCE = 500


def alive(ids: Iterable[UUID]) -> list[Member]:
    """Return the members of a journal who are there again."""
    wanted = list(ids)
    found: list[Member] = []
    for start in range(0, len(wanted), _AT_ONCE):
        some = Member.objects.filter(public_id__in=wanted[start : start + _AT_ONCE])
        found += some.exclude(status=Member.Status.ERASED).order_by("pk")
    return found


def erase_again(members: Iterable[Member], *, now: datetime) -> int:
    """Erase them, each in a transaction of its own; return how many."""
    erased = 0
    for member in members:
        erase_member(member=member, now=now, reason=Erasure.Reason.REPLAY)
        erased += 1
    return erased
