"""What finds a person after a merge."""

import pytest

from members import identity, selectors
from members.merging import merge_members
from members.models import Identifier
from tests.factories.members import MemberFactory
from tests.members.merging.steps import KIND, NOW, PROOF

pytestmark = pytest.mark.django_db


class TestIdentifiers:
    def test_all_find_the_one(self, vera, again, merge, programme):
        phone, email = again.phone, again.email
        identity.add_identifier(
            member=again, kind=KIND.CARD, value="998877", proof=PROOF.STAFF, now=NOW
        )

        merge()

        for kind, value in (
            (KIND.PHONE, vera.phone),
            (KIND.PHONE, phone),
            (KIND.EMAIL, email),
            (KIND.CARD, "998877"),
        ):
            found = selectors.find_by_identifier(
                programme=programme, kind=kind, value=value
            )
            assert found == vera
        for number in (vera.number, again.number):
            assert selectors.find_by_number(programme=programme, number=number) == vera

    def test_that_nobody_has_proven_find_nobody(self, vera, programme, mia):
        mistyped = MemberFactory(programme=programme)
        number = mistyped.phone

        merge_members(kept=vera, merged=mistyped, staff=mia, now=NOW)

        assert selectors.find_by_phone(programme=programme, phone=number) is None
        holder = selectors.find_holder(
            programme=programme, kind=KIND.PHONE, value=number
        )
        assert holder == vera

    def test_that_were_lost_stay_lost(self, vera, again, merge, programme):
        old = again.number
        identity.replace_card(member=again, end=Identifier.End.LOST, now=NOW)
        again.refresh_from_db()

        merge()

        assert selectors.find_by_number(programme=programme, number=old) is None
        assert identity.ended_card(programme=programme, value=old).member == vera
