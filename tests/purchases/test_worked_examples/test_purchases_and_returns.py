"""Receipts in the words of the trade, each with what it must give."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import permutations

import pytest

from members.models import Event
from points.models import Entry
from points.services import expire_points, post
from purchases.models import Receipt
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.purchases import BOUGHT_AT, line, receipt, return_line
from tests.purchases.test_worked_examples.conftest import balance

pytestmark = pytest.mark.django_db


class TestPurchase:
    def test_earns_a_point_for_each_krona(self, till, vera):
        answer = till.record(receipt(line("249.00"), phone=vera.phone))

        assert answer["memberId"] == str(vera.public_id)
        assert answer["pointsEarned"] == 249
        assert answer["pointsBalance"] == 249
        assert answer["pointsBalanceWorth"] == "24.90"
        assert answer["noPointsReason"] is None
        assert balance(vera) == 249

    def test_counts_ore_over_the_whole_receipt(self, till, vera):
        answer = till.record(
            receipt(line("0.60"), line("0.60"), line("0.80"), phone=vera.phone)
        )

        assert answer["pointsEarned"] == 2
        assert [part["points"] for part in answer["lines"]] == [1, 0, 1]

    def test_leaves_out_gift_cards_bags_and_what_the_till_says(self, till, vera):
        answer = till.record(
            receipt(
                line("100.00"),
                line("500.00", articleGroup="Presentkort"),
                line("7.00", awardsBonus=False),
                phone=vera.phone,
            )
        )

        assert answer["pointsEarned"] == 100
        assert [part["points"] for part in answer["lines"]] == [100, 0, 0]

    def test_leaves_out_adjustments_of_either_sign(self, till, vera):
        answer = till.record(
            receipt(
                line("99.60"),
                line("0.40", type="ADJUSTMENT"),
                line("-10.00", type="ADJUSTMENT"),
                phone=vera.phone,
            )
        )

        assert answer["pointsEarned"] == 99

    def test_of_nothing_but_a_gift_card_says_why_it_gave_nothing(self, till, vera):
        answer = till.record(receipt(line(articleGroup="Gift card"), phone=vera.phone))

        assert answer["pointsEarned"] == 0
        assert answer["noPointsReason"] == "nothing_earns"
        assert answer["memberId"] == str(vera.public_id)

    def test_with_a_full_discount_is_free_and_gives_nothing(self, till, vera):
        body = receipt(line("0.00", discounts=[{"value": "249.00"}]), phone=vera.phone)

        answer = till.record({**body, "paymentMethods": []})

        assert answer["noPointsReason"] == "nothing_earns"

    def test_is_paid_in_whole_kronor_although_it_sums_to_ore(self, till, vera):
        body = receipt(line("99.60"), phone=vera.phone)

        answer = till.record(
            {**body, "paymentMethods": [{"type": "CASH", "value": "100.00"}]}
        )

        assert answer["pointsEarned"] == 99

    def test_earns_by_the_rule_of_its_own_day(self, till, vera, programme, api_key):
        EarningRuleFactory(
            programme=programme,
            published=True,
            version=90,
            starts_at=BOUGHT_AT + timedelta(days=1),
            points_per_unit=Decimal(2),
        )

        # Sent by a till that was offline for two days.
        before = till.record(receipt(phone=vera.phone, at=BOUGHT_AT))
        after = till.record(receipt(phone=vera.phone, at=BOUGHT_AT + timedelta(days=2)))

        assert (before["pointsEarned"], after["pointsEarned"]) == (249, 498)

    def test_earns_nothing_before_there_was_a_rule(self, till, vera):
        answer = till.record(
            receipt(phone=vera.phone, at=datetime(2020, 1, 1, tzinfo=UTC))
        )

        assert answer["noPointsReason"] == "no_rule"

    def test_of_a_member_who_has_not_finished_earns_too(self, till, programme):
        waiting = MemberFactory(programme=programme, pending=True)

        assert till.record(receipt(phone=waiting.phone))["pointsEarned"] == 249

    def test_of_a_blocked_member_earns_nothing_and_says_so(self, till, programme):
        blocked = MemberFactory(programme=programme, blocked=True)

        answer = till.record(receipt(phone=blocked.phone))

        assert answer["noPointsReason"] == "member_blocked"
        assert balance(blocked) == 0

    def test_of_one_who_left_is_not_kept_with_them(self, till, programme):
        left = MemberFactory(programme=programme, left=True)

        answer = till.record(receipt(phone=left.phone))

        assert answer["noPointsReason"] == "member_left"
        stored = Receipt.objects.get()
        assert (stored.member, stored.contact_index) == (None, None)

    def test_is_told_on_the_timeline_at_its_own_time(self, till, vera, shop):
        till.record(receipt(phone=vera.phone))

        event = Event.objects.get()
        assert (event.kind, event.at) == ("receipt.accepted", BOUGHT_AT)
        assert event.data["points"] == 249
        assert event.data["store_name"] == shop.name
        assert vera.phone not in str(event.data)


class TestReturn:
    def test_takes_back_what_the_purchase_gave(self, till, vera):
        bought = receipt(phone=vera.phone)
        till.record(bought)

        answer = till.record(
            receipt(return_line(), originalReceipt=bought["uniqueReceiptId"])
        )

        assert answer["pointsReversed"] == 249
        assert balance(vera) == 0

    def test_uses_the_rule_of_the_day_of_purchase(self, till, vera, programme):
        bought = receipt(phone=vera.phone)
        till.record(bought)
        EarningRuleFactory(
            programme=programme,
            published=True,
            version=90,
            starts_at=BOUGHT_AT + timedelta(days=1),
            points_per_unit=Decimal(10),
        )

        answer = till.record(
            receipt(
                return_line(),
                at=BOUGHT_AT + timedelta(days=2),
                originalReceipt=bought["uniqueReceiptId"],
            )
        )

        assert answer["pointsReversed"] == 249

    def test_a_hundred_times_gains_nothing(self, till, vera):
        for _time in range(100):
            bought = receipt(line("10.60"), line("0.70"), phone=vera.phone)
            till.record(bought)
            till.record(
                receipt(return_line("0.70"), originalReceipt=bought["uniqueReceiptId"])
            )
            till.record(
                receipt(return_line("10.60"), originalReceipt=bought["uniqueReceiptId"])
            )

        assert balance(vera) == 0

    @pytest.mark.parametrize("order", list(permutations(range(4))))
    def test_and_purchase_end_the_same_in_any_order(self, till, vera, order):
        bought = receipt(line("10.60"), line("20.70"), line("5.50"), phone=vera.phone)
        named = {"originalReceipt": bought["uniqueReceiptId"]}
        stream = [
            bought,
            receipt(return_line("10.60"), **named),
            receipt(return_line("5.50"), phone=vera.phone, **named),
            receipt(line("7.20"), phone=vera.phone),
        ]

        for place in order:
            till.record(stream[place])

        # 20.70 of the first is kept, and 7.20.
        assert balance(vera) == 20 + 7

    def test_of_more_than_was_bought_takes_no_more_than_was_given(self, till, vera):
        bought = receipt(line("100.00"), phone=vera.phone)
        till.record(bought)
        till.record(receipt(line("50.00"), phone=vera.phone))

        for _time in range(3):
            till.record(
                receipt(return_line("80.00"), originalReceipt=bought["uniqueReceiptId"])
            )

        assert balance(vera) == 50

    def test_by_somebody_else_is_taken_from_the_one_who_bought(
        self, till, vera, programme
    ):
        friend = MemberFactory(programme=programme)
        bought = receipt(phone=vera.phone)
        till.record(bought)

        answer = till.record(
            receipt(
                return_line(),
                phone=friend.phone,
                originalReceipt=bought["uniqueReceiptId"],
            )
        )

        assert (balance(vera), balance(friend)) == (0, 0)
        assert answer["memberId"] == str(friend.public_id)
        told = Event.objects.filter(member=vera).values_list("kind", flat=True)
        assert set(told) == {"receipt.accepted", "points.reversed"}

    def test_of_a_gift_card_line_takes_nothing(self, till, vera):
        bought = receipt(
            line("100.00"), line("500.00", articleGroup="Presentkort"), phone=vera.phone
        )
        till.record(bought)

        answer = till.record(
            receipt(
                # The till does not repeat the group, only which line it was.
                return_line("500.00", articleGroup="", originalLine=2),
                originalReceipt=bought["uniqueReceiptId"],
            )
        )

        assert answer["pointsReversed"] == 0
        assert balance(vera) == 100

    def test_after_the_points_were_used_leaves_a_debt(self, till, vera):
        bought = receipt(phone=vera.phone)
        till.record(bought)
        post(
            member_id=vera.pk,
            kind=Entry.Kind.SPEND,
            points=-200,
            key="voucher",
            at=BOUGHT_AT,
            now=BOUGHT_AT,
        )

        till.record(receipt(return_line(), originalReceipt=bought["uniqueReceiptId"]))
        assert balance(vera) == -200

        till.record(receipt(line("250.00"), phone=vera.phone))
        assert balance(vera) == 50

    def test_without_its_receipt_takes_what_it_would_earn_today(self, till, vera):
        till.record(receipt(phone=vera.phone))

        answer = till.record(receipt(return_line("99.00"), phone=vera.phone))

        assert answer["pointsReversed"] == 99
        assert answer["noPointsReason"] == "nothing_earns"
        assert balance(vera) == 150

    def test_and_purchase_on_one_receipt_do_both(self, till, vera):
        bought = receipt(line("100.00"), phone=vera.phone)
        till.record(bought)

        answer = till.record(
            receipt(
                line("149.00"),
                return_line("100.00"),
                phone=vera.phone,
                originalReceipt=bought["uniqueReceiptId"],
            )
        )

        assert (answer["pointsEarned"], answer["pointsReversed"]) == (149, 100)
        assert [part["points"] for part in answer["lines"]] == [149, -100]
        assert answer["pointsBalance"] == balance(vera) == 149

    def test_answers_the_same_after_its_purchase_came_in_late(self, till, vera):
        bought = receipt(phone=vera.phone)
        early = receipt(return_line(), originalReceipt=bought["uniqueReceiptId"])
        first = till.send(early)

        till.record(bought)

        assert balance(vera) == 0
        assert till.send(early).content == first.content
        assert Receipt.objects.get(original__isnull=False).original.points == 249

    def test_before_its_purchase_is_told_when_it_takes_the_points(self, till, vera):
        bought = receipt(line("249.00"), phone=vera.phone)
        back = receipt(
            return_line("249.00"),
            phone=vera.phone,
            originalReceipt=bought["uniqueReceiptId"],
        )
        till.record(back)
        assert not Event.objects.filter(kind="points.reversed").exists()

        till.record(bought)

        told = Event.objects.get(kind="points.reversed")
        assert (told.member, told.data) == (vera, {"points": 249})

    def test_after_expiry_does_not_take_the_same_points_twice(self, till, vera):
        bought = receipt(line("100.00"), phone=vera.phone)
        till.record(bought)
        till.record(
            receipt(line("30.00"), phone=vera.phone, at=BOUGHT_AT + timedelta(days=40))
        )
        expire_points(now=datetime(2028, 4, 2, tzinfo=UTC))
        assert balance(vera) == 30

        till.record(
            receipt(return_line("100.00"), originalReceipt=bought["uniqueReceiptId"])
        )

        assert balance(vera) == 30
