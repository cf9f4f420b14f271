"""What is known of a person after a merge."""

from datetime import date

import pytest

from members import identity, services
from members.merging import merge_members, undo_merge
from members.models import Identifier, Member
from tests.factories.members import MemberFactory
from tests.members.merging.steps import KIND, NOW, SOON

pytestmark = pytest.mark.django_db


class TestDetails:
    def test_that_the_kept_one_lacks_are_filled_in(self, programme, again, mia):
        pending = MemberFactory(programme=programme, pending=True)
        Member.objects.filter(pk=again.pk).update(
            birthday_on=date(1980, 5, 1), postcode="75310"
        )

        merge_members(kept=pending, merged=again, staff=mia, now=NOW)

        pending.refresh_from_db()
        assert pending.status == Member.Status.ACTIVE
        assert pending.activated_at == again.activated_at
        assert (pending.first_name, pending.last_name) == ("Vera", "Lindqvist")
        assert pending.birthday_on == date(1980, 5, 1)
        assert pending.postcode == "75310"
        assert (pending.email, pending.email_verified_at) == (again.email, NOW)

    def test_of_the_kept_one_stay(self, vera, again, merge):
        own = vera.phone, vera.email

        merge()

        assert (vera.phone, vera.email) == own
        assert (again.phone, again.email, again.status) == ("", "", "MERGED")

    def test_are_taken_from_the_other_when_staff_say_so(self, vera, again, merge, undo):
        own, new = vera.phone, again.phone

        row = merge(choices={"phone": "merged", "email": "kept"})
        assert vera.phone == new
        undo(row)

        assert (vera.phone, again.phone) == (own, new)
        assert vera.phone_verified_at == again.phone_verified_at == NOW

    def test_that_nobody_knows_are_refused(self, merge):
        with pytest.raises(ValueError, match="number"):
            merge(choices={"number": "merged"})

    def test_changed_after_the_merge_stay_changed(self, vera, again, merge, undo):
        row = merge()
        services.update_member(member=vera, first_name="Viveka", now=SOON)

        undo(row)

        assert (vera.first_name, again.first_name) == ("Viveka", "Vera")

    def test_stay_with_who_made_them_their_own(self, vera, again, merge, undo):
        """The kept one writes from the other's number now: it is theirs."""
        number = again.phone
        row = merge()
        services.update_member(member=vera, phone=number, now=SOON)

        undo(row)

        assert (vera.phone, again.phone) == (number, "")
        assert again.status == Member.Status.ACTIVE

    def test_are_not_taken_from_who_has_them_meanwhile(
        self, vera, again, merge, undo, programme
    ):
        number = again.phone
        row = merge()
        identifier = identity.live_identifier(
            member=vera, kind=KIND.PHONE, value=number
        )
        identity.end_identifier(
            identifier=identifier, end=Identifier.End.PASSED_ON, now=SOON
        )
        stranger = MemberFactory(programme=programme, phone=number)

        undo(row)

        assert again.phone == ""
        stranger.refresh_from_db()
        assert stranger.phone == number

    def test_of_a_pending_one_come_back(self, programme, again, mia):
        pending = MemberFactory(programme=programme, pending=True)
        row = merge_members(kept=pending, merged=again, staff=mia, now=NOW)

        undo_merge(merge=row, staff=mia, now=SOON)

        pending.refresh_from_db()
        assert pending.status == Member.Status.PENDING
        assert (pending.first_name, pending.email) == ("", "")
        assert pending.activated_at is None

    def test_who_left_once_and_is_active_elsewhere_is_active(
        self, programme, again, mia
    ):
        left = MemberFactory(programme=programme, left=True)

        merge_members(kept=left, merged=again, staff=mia, now=NOW)

        left.refresh_from_db()
        assert (left.status, left.left_at) == (Member.Status.ACTIVE, None)
