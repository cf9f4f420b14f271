"""Leaving the club."""

from datetime import datetime

from django.db import transaction

from members import services as members
from members.models import Member
from messaging import wake
from portal.services.sessions import end_sessions


@transaction.atomic
def leave_club(*, member: Member, now: datetime) -> None:
    """End a membership at the member's wish, and sign them out everywhere.

    Raises:
        StatusForbids: blocked or erased meanwhile.
    """
    members.leave(member=member, now=now)
    end_sessions(member=member, now=now)
    # The confirmation is a notice of the event; have it sent at once.
    wake.ask_on_commit()
