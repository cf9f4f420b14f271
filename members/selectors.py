"""Finding members by what they can show."""

from datetime import datetime
from uuid import UUID

from django.db.models.functions import Lower

from members import cards
from members.models import Member
from stores.models import Programme


def get_by_public_id(programme: Programme, public_id: UUID | str) -> Member:
    """Return a member of the programme.

    Raises:
        Member.DoesNotExist: there is none with this id.
    """
    return Member.objects.get(programme=programme, public_id=public_id)


def find_by_phone(*, programme: Programme, phone: str) -> Member | None:
    """Return the member with a mobile number in E.164."""
    if not phone:
        return None
    return Member.objects.filter(programme=programme, phone=phone).first()


def find_by_email(*, programme: Programme, email: str) -> Member | None:
    """Return the member with an e-mail address, whatever its case."""
    address = email.strip().lower()
    if not address:
        return None
    # Written so that the unique index on lower(email) answers.
    return (
        Member.objects.filter(programme=programme)
        .annotate(address=Lower("email"))
        .filter(address=address)
        .exclude(email="")
        .first()
    )


def find_by_number(*, programme: Programme, number: str) -> Member | None:
    """Return the member with a membership number, read with or without spaces."""
    digits = "".join(number.split())
    if not cards.is_number(digits):
        return None
    return Member.objects.filter(programme=programme, number=digits).first()


def find_by_card_token(
    *, programme: Programme, token: str, now: datetime
) -> Member | None:
    """Return the member whose card shows a code that is still good."""
    public_id = cards.read_token(token, now=now)
    if public_id is None:
        return None
    return Member.objects.filter(programme=programme, public_id=public_id).first()
