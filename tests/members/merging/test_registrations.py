"""Registrations that were open when two memberships were made one."""

import pytest

from enrolment.models import Registration
from members.merging import merge_members, undo_merge
from tests.factories.members import MemberFactory
from tests.members.merging.steps import NOW, SOON

pytestmark = pytest.mark.django_db


class TestRegistrations:
    def open(self, member, way="TILL"):
        return Registration.objects.create(
            programme=member.programme, member=member, way=way, started_at=NOW
        )

    def test_that_are_open_stay_open_when_the_person_is_active(
        self, vera, programme, mia
    ):
        pending = MemberFactory(programme=programme, pending=True)
        begun = self.open(pending)

        merge_members(kept=vera, merged=pending, staff=mia, now=NOW)

        begun.refresh_from_db()
        assert (begun.member, begun.outcome) == (pending, "OPEN")

    def test_of_two_who_both_wait_stay_one_each(self, programme, mia):
        one, other = MemberFactory.create_batch(2, programme=programme, pending=True)
        self.open(one)
        begun = self.open(other)

        merge_members(kept=one, merged=other, staff=mia, now=NOW)

        begun.refresh_from_db()
        assert begun.member == other

    def test_of_the_only_one_who_waits_are_handed_on(self, programme, mia):
        one, other = MemberFactory.create_batch(2, programme=programme, pending=True)
        begun = self.open(other)

        row = merge_members(kept=one, merged=other, staff=mia, now=NOW)
        begun.refresh_from_db()
        assert begun.member == one
        undo_merge(merge=row, staff=mia, now=SOON)

        begun.refresh_from_db()
        assert begun.member == other
