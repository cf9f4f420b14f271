"""Members for tests."""

from datetime import UTC, datetime

import factory

from members import cards
from members.models import Member
from tests.factories.stores import ProgrammeFactory

REGISTERED_AT = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
_GIVEN: set[str] = set()


def new_number() -> str:
    """Return a card number that was not given before: of 100,000 some would be."""
    while (number := cards.new_number()) in _GIVEN:
        pass
    _GIVEN.add(number)
    return number


class MemberFactory(factory.django.DjangoModelFactory):
    """A member who finished their registration, with an invented name.

    `pending=True` has a number only, as the till makes them.
    """

    class Meta:
        model = Member

    class Params:
        pending = factory.Trait(
            status=Member.Status.PENDING,
            activated_at=None,
            first_name="",
            last_name="",
            email="",
        )
        left = factory.Trait(status=Member.Status.LEFT, left_at=REGISTERED_AT)
        blocked = factory.Trait(status=Member.Status.BLOCKED)
        erased = factory.Trait(
            status=Member.Status.ERASED,
            phone="",
            email="",
            first_name="",
            last_name="",
        )

    programme = factory.SubFactory(ProgrammeFactory)
    number = factory.LazyFunction(new_number)
    status = Member.Status.ACTIVE
    # A Swedish series in which every number is possible.
    phone = factory.Sequence(lambda n: f"+4670{1740000 + n % 100000:07d}")
    email = factory.Sequence(lambda n: f"member{n}@example.se")
    first_name = "Vera"
    last_name = "Lindqvist"
    language = "sv"
    source = Member.Source.TILL
    registered_at = REGISTERED_AT
    activated_at = REGISTERED_AT
