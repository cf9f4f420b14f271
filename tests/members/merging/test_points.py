"""Points of two memberships made one and parted again, in the trade's words."""

from datetime import timedelta

import pytest

from members.models import Event, Member
from points.models import Entry
from points.selectors import entries, summarize_totals
from points.services import MemberMerged, PointsHeld, post
from tests.factories.members import MemberFactory
from tests.members.merging.steps import NOW, SOON, balance, earn, open_lots, spend

pytestmark = pytest.mark.django_db


def owe(member, points):
    """Let a member spend what is then taken back."""
    earned = earn(member, points, "lent")
    spend(member, points, "lent-spent")
    post(
        member_id=member.pk,
        kind=Entry.Kind.REVERSE,
        points=-points,
        key="lent-back",
        at=NOW,
        now=NOW,
        reverses_id=earned.entry_id,
    )


class TestPoints:
    def test_are_all_with_the_one_who_is_kept(self, vera, again, merge):
        earn(vera, 200)
        earn(again, 300)

        merge()

        assert (balance(vera), balance(again)) == (500, 0)

    def test_keep_the_day_they_expire(self, vera, again, merge):
        may, june = NOW + timedelta(days=60), NOW + timedelta(days=90)
        earn(again, 100, "a", expires_at=may)
        earn(again, 50, "b", expires_at=june)
        spend(again, 30)

        merge()

        assert open_lots(vera) == [(50, june), (70, may)]

    def test_whose_day_has_passed_lapse_where_they_are(self, vera, again, merge):
        earn(again, 100, expires_at=NOW - timedelta(minutes=1))

        merge()

        assert balance(vera) == 0
        assert Entry.objects.get(kind=Entry.Kind.EXPIRE).member == again
        # What is told about it belongs to the one who is there.
        assert Event.objects.get(kind="points.expired").member == vera

    def test_pay_what_the_kept_one_owes(self, vera, again, merge, undo):
        owe(vera, 100)
        earn(again, 300)

        row = merge()
        assert balance(vera) == 200
        undo(row)

        assert (balance(vera), balance(again)) == (-100, 300)

    def test_that_are_owed_are_owed_by_the_kept_one(self, vera, again, merge, undo):
        may = NOW + timedelta(days=60)
        earn(vera, 300, expires_at=may)
        owe(again, 100)

        row = merge()
        assert (balance(vera), balance(again)) == (200, 0)
        undo(row)

        assert (balance(vera), balance(again)) == (300, -100)
        assert {day for _left, day in open_lots(vera)} == {may}

    def test_that_are_owed_and_not_paid_go_back_whole(self, vera, again, merge, undo):
        """The kept one's own points pay half of the other's debt."""
        earn(vera, 40)
        owe(again, 100)

        row = merge()
        assert (balance(vera), balance(again)) == (-60, 0)
        undo(row)

        assert (balance(vera), balance(again)) == (40, -100)

    @pytest.mark.parametrize("earned", [100, 60, 140])
    def test_that_paid_a_debt_of_two_merges_lapse_as_they_would_have(
        self, programme, vera, again, merge, undo, earned
    ):
        """The other's debt goes through two merges and is paid between two undoings."""
        june = NOW + timedelta(days=90)
        third = MemberFactory(programme=programme)
        owe(third, 100)
        first = merge(kept=again, merged=third)
        undo(merge(kept=vera, merged=again))
        assert (balance(vera), balance(again)) == (0, -100)
        earn(again, earned, "paid", expires_at=june)

        undo(first)

        assert balance(third) == -100
        assert open_lots(again)
        assert {day for _left, day in open_lots(again)} == {june}
        assert balance(again) == earned

    def test_that_paid_two_debts_come_back_for_the_one_that_leaves(
        self, programme, vera, again, merge, undo
    ):
        """Her own debt of 40 stays paid before the other's of 100 comes back."""
        june = NOW + timedelta(days=90)
        third = MemberFactory(programme=programme)
        owe(third, 100)
        owe(again, 40)
        first = merge(kept=again, merged=third)
        undo(merge(kept=vera, merged=again))
        earn(again, 50, "paid", expires_at=june)

        undo(first)

        assert (balance(again), balance(third)) == (10, -100)
        assert open_lots(again) == [(10, june)]

    def test_of_nobody_need_no_entries(self, vera, again, merge, undo):
        undo(merge())

        assert not Entry.objects.exists()

    def test_stay_one_statement(self, vera, again, merge):
        earn(vera, 100)
        earn(again, 300)
        spend(again, 50)

        merge()

        assert [entry.points for entry in entries(vera)] == [-50, 300, 100]
        assert summarize_totals(vera) == {
            "earned": 400,
            "used": 50,
            "taken_back": 0,
            "expired": 0,
            "adjusted": 0,
            "merged": 0,
        }

    def test_cannot_be_posted_to_who_was_merged(self, again, merge):
        earn(again, 10)
        merge()

        with pytest.raises(MemberMerged):
            earn(again, 5, "later")
        # What was posted before is still answered.
        assert earn(again, 10).is_replay

    def test_that_were_used_meanwhile_are_used(self, vera, again, merge, undo):
        earn(vera, 200)
        earn(again, 300, expires_at=NOW + timedelta(days=60))
        row = merge()
        spend(vera, 120)

        undo(row)

        # The ones that expire first were used, and they were the other's.
        assert (balance(vera), balance(again)) == (200, 180)
        assert summarize_totals(vera)["merged"] == 120

    def test_come_back_as_they_were_when_nothing_happened(
        self, vera, again, merge, undo
    ):
        may = NOW + timedelta(days=60)
        earn(vera, 200, expires_at=may)
        earn(again, 300, expires_at=may)
        before = open_lots(vera), open_lots(again)

        undo(merge())

        assert (open_lots(vera), open_lots(again)) == before

    def test_that_lapsed_meanwhile_are_gone(self, vera, again, merge, undo):
        earn(again, 300, expires_at=SOON)
        row = merge()

        undo(row, now=SOON)

        assert (balance(vera), balance(again)) == (0, 0)

    def test_are_held_while_either_was_perhaps_taken_over(
        self, vera, again, merge, undo
    ):
        Member.objects.filter(pk=again.pk).update(held_until=SOON)
        earn(vera, 100)
        row = merge()

        with pytest.raises(PointsHeld):
            spend(vera, 10)
        undo(row)

        assert spend(vera, 10, now=SOON).balance_after == 90
        assert vera.held_until is None
        assert again.held_until == SOON
