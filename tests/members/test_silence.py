from datetime import timedelta

import pytest

from members import identity, silence
from members.identity import Kind
from members.silence import Stake
from tests.factories.club import buy, line
from tests.factories.members import REGISTERED_AT as NOW
from tests.factories.members import MemberFactory

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=366)


@pytest.fixture
def vera(programme):
    """The member, who answered from her number once."""
    member = MemberFactory(programme=programme)
    identity.prove(
        member=member, kind=Kind.PHONE, value=member.phone, proof="SMS", now=NOW
    )
    return member


def ask(member, now, stake=Stake.MEMBERSHIP):
    return silence.is_silent(
        member=member, kind=Kind.PHONE, value=member.phone, stake=stake, now=now
    )


@pytest.mark.parametrize("stake", Stake)
class TestIsSilent:
    def test_is_who_has_not_answered_for_long(self, vera, stake):
        assert not ask(vera, NOW + timedelta(days=365), stake)
        assert ask(vera, LATER, stake)

    def test_is_nobody_who_never_answered(self, programme, stake):
        assert not ask(MemberFactory(programme=programme), LATER, stake)

    def test_begins_anew_with_every_answer(self, vera, stake):
        identity.prove(
            member=vera, kind=Kind.PHONE, value=vera.phone, proof="SMS", now=LATER
        )

        assert not ask(vera, LATER + timedelta(days=365), stake)


class TestSignOfLife:
    """Who shops with the number may be whoever has it now."""

    def test_is_enough_for_a_greeting_and_for_nothing_else(self, vera, store):
        buy(vera, store, line("649.00"), now=LATER - timedelta(days=364))

        assert not ask(vera, LATER, Stake.GREETING)
        assert ask(vera, LATER, Stake.MEMBERSHIP)

    def test_is_none_from_before_the_silence(self, vera, store):
        buy(vera, store, line("649.00"), now=LATER - timedelta(days=366))

        assert ask(vera, LATER, Stake.GREETING)
