"""Cards that were lost."""

from datetime import datetime
from uuid import UUID

from members import identity
from members.models import Identifier, Member


def report_lost(
    *, member: Member, card: UUID | None, now: datetime
) -> Identifier | None:
    """Block a member's lost card: their own, or one of their further ones by its id.

    In place of their own they get a new number. Returns the further card, or None.

    Raises:
        Identifier.DoesNotExist: they have no such card now.
        StatusForbids: the member is erased or merged.
    """
    if card is None:
        identity.replace_card(member=member, end=Identifier.End.LOST, now=now)
        return None
    found = Identifier.objects.get(
        member=member, kind=Identifier.Kind.CARD, public_id=card, ended_at=None
    )
    identity.end_identifier(identifier=found, end=Identifier.End.LOST, now=now)
    return found
