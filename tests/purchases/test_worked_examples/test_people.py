"""Members who are merged, join late or rise while goods come and go."""

from datetime import timedelta
from decimal import Decimal

import pytest

from members.merging import merge_members, undo_merge
from points.models import Activity
from points.terms import Goods, Multiplier, Terms, When
from purchases import services
from purchases.models import Receipt, ReceiptLine
from tests.factories.members import MemberFactory
from tests.factories.purchases import BOUGHT_AT, line, receipt, return_line
from tests.purchases.test_worked_examples.conftest import balance

DOUBLE_SHOES = Terms(
    multipliers=(Multiplier("shoes", Decimal(2), When(goods=Goods(groups=("Skor",)))),)
)
NOW = BOUGHT_AT + timedelta(days=3)


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(NOW, tick=False)


class TestMergedInBetween:
    def test_gives_back_at_the_rates_of_the_one_who_bought(
        self, till, vera, programme, publish
    ):
        """F49: the purchase was the merged member's; the kept one brings it back."""
        publish(DOUBLE_SHOES)
        other = MemberFactory(programme=programme)
        bought = receipt(
            line("100.00", articleGroup="Skor", sku="S"),
            line("40.00", sku="T"),
            phone=other.phone,
        )
        till.record(bought)
        merge_members(kept=vera, merged=other, staff=None, now=NOW)
        assert (balance(vera), balance(other)) == (240, 0)

        answer = till.record(
            receipt(
                return_line("100.00", sku="S"),
                phone=vera.phone,
                originalReceipt=bought["uniqueReceiptId"],
            )
        )

        assert answer["pointsReversed"] == 200
        assert (balance(vera), balance(other)) == (40, 0)


class TestClaimed:
    PHONE = "+46701740605"

    def join(self, programme):
        member = MemberFactory(
            programme=programme, phone=self.PHONE, phone_verified_at=NOW
        )
        services.claiming.claim_for_member(member_id=member.pk, now=NOW)
        return member

    def test_gives_the_points_of_each_line_and_counts_its_day(
        self, till, programme, publish
    ):
        publish(DOUBLE_SHOES)
        till.record(
            receipt(
                line("100.00", articleGroup="Skor"), line("40.00"), phone=self.PHONE
            )
        )

        member = self.join(programme)

        assert balance(member) == 240
        shares = ReceiptLine.objects.order_by("number").values_list(
            "points", "rate", "multipliers"
        )
        assert list(shares) == [(200, 2, ["shoes"]), (40, 1, [])]
        day = Activity.objects.get(member=member)
        assert (day.spend, day.visits, day.points) == (140, 1, 240)

    def test_gives_a_first_purchase_to_who_was_no_member_then(
        self, till, programme, publish
    ):
        first = Multiplier("first", Decimal(3), When(first_purchase=True))
        publish(Terms(multipliers=(first,)))
        for day in range(2):
            till.record(
                receipt(
                    line("100.00"),
                    phone=self.PHONE,
                    at=BOUGHT_AT + timedelta(days=day),
                )
            )

        assert balance(self.join(programme)) == 300 + 100

    def test_leaves_out_what_came_back_at_the_rates_of_then(
        self, till, programme, publish
    ):
        publish(DOUBLE_SHOES)
        bought = receipt(
            line("100.00", articleGroup="Skor", sku="S"),
            line("40.00", sku="T"),
            phone=self.PHONE,
        )
        named = {"originalReceipt": bought["uniqueReceiptId"]}
        till.record(bought)
        till.record(receipt(return_line("50.00", sku="S"), **named))

        member = self.join(programme)
        assert balance(member) == 140

        till.record(receipt(return_line("40.00", sku="T"), **named))
        till.record(receipt(return_line("50.00", sku="S"), **named))
        assert balance(member) == 0
        assert Activity.objects.get(member=member).visits == 0


class TestWhatCostNothing:
    """A pair of gloves with a full discount: a visit as long as it is kept."""

    PHONE = "+46701740605"
    FREE = {"discounts": [{"value": "199.00", "type": "CAMPAIGN"}]}

    def visits(self, member):
        return Activity.objects.get(member=member).visits

    def buy(self, till, **changes):
        bought = receipt(line("0.00", quantity="2", **self.FREE), **changes)
        till.record(bought)
        return bought

    def bring_back(self, till, bought):
        named = {"originalReceipt": bought["uniqueReceiptId"]}
        till.record(receipt(return_line("0.00"), **named))

    def test_is_a_visit_until_all_of_it_is_back(self, till, vera):
        bought = self.buy(till, phone=vera.phone)
        assert self.visits(vera) == 1

        self.bring_back(till, bought)
        assert self.visits(vera) == 1
        self.bring_back(till, bought)

        assert self.visits(vera) == 0

    @pytest.mark.parametrize(("before", "left"), [(0, 1), (1, 1), (2, 0)])
    def test_is_one_alike_when_it_is_claimed(self, till, programme, before, left):
        bought = self.buy(till, phone=self.PHONE)
        for _time in range(before):
            self.bring_back(till, bought)

        member = MemberFactory(
            programme=programme, phone=self.PHONE, phone_verified_at=NOW
        )
        services.claiming.claim_for_member(member_id=member.pk, now=NOW)

        days = Activity.objects.filter(member=member)
        assert sum(day.visits for day in days) == left


class TestRulePublishedMidPurchase:
    def test_counts_from_its_first_instant(self, till, vera, publish):
        publish(Terms(), starts_at=NOW, points_per_unit=Decimal(2))

        before = receipt(
            line("100.00"), phone=vera.phone, at=NOW - timedelta(microseconds=1)
        )
        after = receipt(line("100.00"), phone=vera.phone, at=NOW)

        assert till.record(before)["pointsEarned"] == 100
        assert till.record(after)["pointsEarned"] == 200
        versions = Receipt.objects.order_by("pk").values_list("rule__version")
        assert len(set(versions)) == 2


class TestUnmerged:
    def test_returns_find_their_purchase_again(self, till, vera, programme, publish):
        publish(DOUBLE_SHOES)
        other = MemberFactory(programme=programme)
        bought = receipt(line("100.00", articleGroup="Skor"), phone=other.phone)
        till.record(bought)
        merge = merge_members(kept=vera, merged=other, staff=None, now=NOW)
        undo_merge(merge=merge, staff=None, now=NOW)

        till.record(
            receipt(return_line("100.00"), originalReceipt=bought["uniqueReceiptId"])
        )

        assert (balance(vera), balance(other)) == (0, 0)
