"""Goods that come back after their points were used, by each policy."""

from datetime import timedelta
from decimal import Decimal

import pytest

from members.models import Event
from points.models import Entry
from points.services import post
from points.terms import Multiplier, ReturnPolicy, Terms, When
from purchases.models import Receipt, ReceiptLine
from tests.factories.members import MemberFactory
from tests.factories.purchases import BOUGHT_AT, line, receipt, return_line
from tests.purchases.test_worked_examples.conftest import balance


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(BOUGHT_AT + timedelta(hours=1), tick=False)


@pytest.fixture
def buy_and_use(till, vera, publish):
    """Buy for 100 and 60 kr, use 130 of the points, by a policy."""

    def buy_and_use(policy, used=130, **terms):
        publish(Terms(returns=policy, **terms))
        bought = receipt(
            line("100.00", sku="A"), line("60.00", sku="B"), phone=vera.phone
        )
        till.record(bought)
        if used:
            post(
                member_id=vera.pk,
                kind=Entry.Kind.SPEND,
                points=-used,
                key="voucher",
                at=BOUGHT_AT,
                now=BOUGHT_AT,
            )
        return {"originalReceipt": bought["uniqueReceiptId"]}

    return buy_and_use


class TestNegative:
    def test_goes_below_zero_and_the_next_purchase_pays(self, till, vera, buy_and_use):
        named = buy_and_use(ReturnPolicy.NEGATIVE)

        answer = till.record(receipt(return_line("100.00", sku="A"), **named))

        assert (answer["pointsReversed"], balance(vera)) == (100, -70)
        assert till.record(receipt(line("80.00"), phone=vera.phone))[
            "pointsBalance"
        ] == (10)


class TestBalance:
    def test_takes_what_there_is_and_lets_the_rest_go(self, till, vera, buy_and_use):
        named = buy_and_use(ReturnPolicy.BALANCE)

        answer = till.record(
            receipt(return_line("100.00", sku="A"), phone=vera.phone, **named)
        )

        assert (answer["pointsReversed"], answer["pointsBalance"]) == (30, 0)
        assert [each["points"] for each in answer["lines"]] == [-30]
        told = Event.objects.get(kind="receipt.returned")
        assert told.data["reversed"] == 30

    def test_never_asks_again_for_what_it_let_go(self, till, vera, buy_and_use):
        named = buy_and_use(ReturnPolicy.BALANCE)
        till.record(receipt(return_line("100.00", sku="A"), **named))
        till.record(receipt(line("500.00"), phone=vera.phone))

        answer = till.record(receipt(return_line("60.00", sku="B"), **named))

        assert (answer["pointsReversed"], balance(vera)) == (60, 440)

    def test_shares_what_it_took_among_the_lines(self, till, vera, buy_and_use):
        named = buy_and_use(ReturnPolicy.BALANCE, used=40)

        answer = till.record(
            receipt(
                return_line("60.00", sku="B"), return_line("100.00", sku="A"), **named
            )
        )

        assert answer["pointsReversed"] == 120
        assert [each["points"] for each in answer["lines"]] == [-60, -60]
        shares = ReceiptLine.objects.filter(kind="RETURN").values_list(
            "points", flat=True
        )
        assert sum(shares) == -120

    def test_tells_another_member_only_of_what_was_taken(
        self, till, vera, buy_and_use, programme
    ):
        named = buy_and_use(ReturnPolicy.BALANCE, used=160)
        friend = MemberFactory(programme=programme)

        till.record(
            receipt(return_line("100.00", sku="A"), phone=friend.phone, **named)
        )

        assert balance(vera) == 0
        assert not Event.objects.filter(member=vera, kind="points.reversed").exists()


class TestPending:
    def test_takes_all_while_the_points_wait(self, till, vera, buy_and_use):
        named = buy_and_use(ReturnPolicy.PENDING, used=0, pending_days=14)

        answer = till.record(receipt(return_line("100.00", sku="A"), **named))

        assert (answer["pointsReversed"], balance(vera)) == (100, 60)

    def test_takes_nothing_afterwards(self, till, vera, buy_and_use, time_machine):
        named = buy_and_use(ReturnPolicy.PENDING, used=0)

        answer = till.record(receipt(return_line("100.00", sku="A"), **named))

        assert (answer["pointsReversed"], balance(vera)) == (0, 160)
        stored = Receipt.objects.get(original__isnull=False)
        assert stored.reversed_points == 0
        # Counted as taken: nobody asks again.
        assert stored.original.returned_points == 100


class TestEarlyReturn:
    @pytest.mark.parametrize(
        ("policy", "left"), [(ReturnPolicy.NEGATIVE, 60), (ReturnPolicy.PENDING, 160)]
    )
    def test_follows_the_policy_of_its_purchase(
        self, till, vera, publish, policy, left
    ):
        publish(Terms(returns=policy))
        bought = receipt(
            line("100.00", sku="A"), line("60.00", sku="B"), phone=vera.phone
        )
        named = {"originalReceipt": bought["uniqueReceiptId"]}
        till.record(receipt(return_line("100.00", sku="A"), **named))

        till.record(bought)

        assert balance(vera) == left


class TestPolicyOfThePurchase:
    def test_holds_although_another_came_since(self, till, vera, buy_and_use, publish):
        named = buy_and_use(ReturnPolicy.BALANCE)
        publish(
            Terms(returns=ReturnPolicy.NEGATIVE),
            starts_at=BOUGHT_AT + timedelta(minutes=1),
            points_per_unit=Decimal(5),
        )

        till.record(
            receipt(
                return_line("100.00", sku="A"),
                at=BOUGHT_AT + timedelta(minutes=30),
                **named,
            )
        )

        assert balance(vera) == 0


class TestThreshold:
    def test_once_met_stays_met_for_what_is_kept(self, till, vera, publish):
        """F20: the rates of a line stay what they were; the policy is to say so."""
        when = When(least_total=Decimal(500))
        publish(Terms(multipliers=(Multiplier("big", Decimal(2), when),)))
        bought = receipt(
            line("400.00", sku="A"), line("100.00", sku="B"), phone=vera.phone
        )
        till.record(bought)
        assert balance(vera) == 1000

        till.record(
            receipt(
                return_line("400.00", sku="A"),
                originalReceipt=bought["uniqueReceiptId"],
            )
        )

        assert balance(vera) == 200
