"""Receipts, and their returns, after a merge."""

from datetime import timedelta

import pytest

from members.merging import undo_merge
from points.models import Entry, Lot
from points.services import expire_points, post
from purchases.models import Receipt, ReceiptLine
from tests.factories.club import buy, line, returned
from tests.factories.members import MemberFactory
from tests.members.merging.steps import NOW, SOON, balance, earn, open_lots

pytestmark = pytest.mark.django_db


class TestReceipts:
    def test_go_to_the_kept_one_with_their_lines(self, vera, again, merge, undo, store):
        own = buy(vera, store, line("100.00"), now=NOW)
        bought = buy(again, store, line("100.00"), line("50.00"), now=NOW)

        row = merge()
        assert set(Receipt.objects.filter(member=vera)) == {own, bought}
        assert ReceiptLine.objects.filter(member=vera).count() == 3
        undo(row)

        assert list(Receipt.objects.filter(member=again)) == [bought]
        assert ReceiptLine.objects.filter(member=again).count() == 2

    def test_are_returned_out_of_their_own_points(self, vera, again, merge, store):
        earn(vera, 100, expires_at=NOW + timedelta(days=5))
        bought = buy(again, store, line("300.00"), now=NOW)
        merge()

        back = buy(vera, store, returned("300.00"), now=SOON, original=bought)

        assert back.reversed_points == 300
        # Not of those that expire first, which are of another purchase.
        assert [left for left, _day in open_lots(vera)] == [100]

    def test_are_returned_after_two_merges_and_an_undoing(
        self, vera, again, merge, programme, store, mia
    ):
        third = MemberFactory(programme=programme)
        bought = buy(again, store, line("300.00"), now=NOW)
        earn(vera, 100, expires_at=NOW + timedelta(days=5))
        first = merge()
        second = merge(kept=third, merged=vera)
        undo_merge(merge=second, staff=mia, now=SOON)
        undo_merge(merge=first, staff=mia, now=SOON)

        back = buy(again, store, returned("120.00"), now=SOON, original=bought)

        assert back.reversed_points == 120
        assert (balance(vera), balance(again), balance(third)) == (100, 180, 0)

    def test_give_nothing_back_twice_when_points_have_lapsed(
        self, vera, again, merge, store
    ):
        bought = buy(again, store, line("300.00"), now=NOW)
        merge()
        lapsed = Lot.objects.get(remaining__gt=0).expires_at + timedelta(days=1)
        post(
            member_id=vera.pk,
            kind=Entry.Kind.ADJUST,
            points=50,
            key="goodwill",
            at=lapsed,
            now=lapsed,
        )
        expire_points(now=lapsed)

        back = buy(vera, store, returned("300.00"), now=lapsed, original=bought)

        assert back.reversed_points == 0
        assert balance(vera) == 50
