"""What erasure does to points: they lapse by an entry, and the ledger still adds up."""

from datetime import datetime

from members.models import Member
from points.models import Account, Entry, Reservation
from points.services import post, release


def lapse(member: Member, now: datetime) -> None:
    """Let all that a member has lapse; what they owe stays owed by nobody.

    Also what waits and what is reserved.
    """
    # Locked, so that a purchase posted meanwhile waits.
    Account.objects.select_for_update().filter(member=member).first()
    held = Reservation.objects.filter(member=member, outcome=Reservation.Outcome.HELD)
    for reservation in held:
        release(reservation=reservation, now=now)
    account = Account.objects.select_for_update().filter(member=member).first()
    if account is None or account.balance <= 0:
        return
    post(
        member_id=member.pk,
        kind=Entry.Kind.EXPIRE,
        points=-account.balance,
        key=f"erase:{member.public_id}",
        at=now,
        now=now,
    )
