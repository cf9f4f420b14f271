"""What erasure does to points: they lapse by an entry, and the ledger still adds up."""

from datetime import datetime

from members.models import Member
from points.models import Account, Entry
from points.services import post


def lapse(member: Member, now: datetime) -> None:
    """Let all that a member has lapse; what they owe stays owed by nobody."""
    # Locked, so that a purchase posted meanwhile waits.
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
