"""What erasure does to registrations: one that is open is over."""

from datetime import datetime

from enrolment.models import Registration
from members.models import Member


def close(member: Member, now: datetime) -> None:
    """Close a member's open registration; the row says neither who nor whose."""
    Registration.objects.filter(
        member=member, outcome=Registration.Outcome.OPEN
    ).update(outcome=Registration.Outcome.ERASED, ended_at=now)
