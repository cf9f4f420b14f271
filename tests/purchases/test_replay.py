"""A draft tried on past purchases, beside the version in force and the ledger."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from points import reading
from points.models import Entry
from points.services import publish_rule
from points.terms import (
    Discounts,
    ExpiryKind,
    Goods,
    Multiplier,
    ReturnPolicy,
    Rounding,
    Stacking,
    Tax,
    Terms,
    Vouchers,
    VoucherStep,
    When,
)
from purchases.models import Receipt
from tests.factories.members import MemberFactory
from tests.factories.points import EarningRuleFactory
from tests.factories.purchases import TillClient, line, receipt, return_line
from tests.factories.stores import ApiKeyFactory, ProgrammeFactory, StoreFactory
from tests.purchases.replaying import draft_of, now, tried

pytestmark = pytest.mark.django_db


def days_ago(days):
    return now() - timedelta(days=days)


def points_in_the_ledger(programme):
    kinds = [Entry.Kind.EARN, Entry.Kind.REVERSE]
    return (
        Entry.objects.filter(member__programme=programme, kind__in=kinds).aggregate(
            points=Sum("points")
        )["points"]
        or 0
    )


GROUPS = ("Kaffe", "Bok", "Kläder", "Gift card")
WHENS = (
    When(),
    When(goods=Goods(groups=("kaffe",))),
    When(goods=Goods(skus=("1", "2"))),
    When(weekdays=(6, 7)),
    When(first_purchase=True),
    When(least_total=Decimal(300)),
    When(stores=("101",)),
)
all_terms = st.builds(
    Terms,
    tax=st.sampled_from(Tax),
    discounts=st.sampled_from(Discounts),
    excluded=st.sampled_from([Goods(), Goods(groups=("bok",))]),
    rounding=st.sampled_from(Rounding),
    stacking=st.sampled_from(Stacking),
    multipliers=st.lists(st.sampled_from(WHENS), max_size=3, unique=True).map(
        lambda whens: tuple(
            Multiplier(f"m{place}", Decimal(2 + place) / 2, when)
            for place, when in enumerate(whens)
        )
    ),
    pending_days=st.sampled_from([0, 14]),
)
prices = st.decimals("0.10", "900", places=2).map(str)
goods = st.tuples(prices, st.sampled_from(GROUPS), st.sampled_from(["1", "2", "3"]))
# How a line comes back: as a line of its purchase, as an article of it, without it, or
# beside something that is bought for it.
HOWS = ("line", "article", "alone", "exchange")
# What is bought, how many days ago, by which member, and which lines come back when.
purchases = st.tuples(
    st.lists(goods, min_size=1, max_size=3),
    st.integers(20, 330),
    st.sampled_from([0, 1]),
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(1, 19), st.sampled_from(HOWS)),
        max_size=2,
        unique_by=lambda back: back[0],
    ),
)


class Club:
    """A club of its own for each example, with its till and two members."""

    def __init__(self, terms, per_krona):
        self.programme = ProgrammeFactory()
        self.rule = EarningRuleFactory(
            programme=self.programme,
            published=True,
            points_per_unit=per_krona,
            terms=reading.dump(terms),
        )
        StoreFactory(programme=self.programme, code="101")
        self.members = [MemberFactory(programme=self.programme) for _ in range(2)]
        self.till = TillClient(ApiKeyFactory(programme=self.programme))

    def live(self, bought):
        """Let it all happen in the order of time."""
        acts = []
        for lines, days, member, backs in bought:
            phone = self.members[member].phone
            body = receipt(
                *(
                    line(
                        price,
                        articleGroup=group,
                        sku=sku,
                        taxAmount="0.05",
                        discounts=[{"value": "-3.50"}],
                    )
                    for price, group, sku in lines
                ),
                phone=phone,
                at=days_ago(days),
            )
            card = Decimal(body["totalGrossPrice"]) - 20
            body["paymentMethods"] = [
                {"type": "VOUCHER", "value": "20.00"},
                {"type": "CARD", "value": str(card)},
            ]
            acts.append((days, body))
            acts += [
                (days - later, self._return(body, place, days - later, how, phone))
                for place, later, how in backs
                if place < len(lines)
            ]
        for _days, body in sorted(acts, key=lambda act: -act[0]):
            self.till.record(body)

    def _return(self, bought, place, days, how, phone):
        item = bought["items"][place]
        back = return_line(
            item["grossPaidPrice"],
            articleGroup=item["articleGroup"],
            sku=item["sku"],
            taxAmount="0.05",
            **({"originalLine": place + 1} if how == "line" else {}),
        )
        lines = [back, line("55.50", sku="1")] if how == "exchange" else [back]
        return receipt(
            *lines,
            phone=phone if how in {"alone", "exchange"} else None,
            at=days_ago(days),
            **(
                {} if how == "alone" else {"originalReceipt": bought["uniqueReceiptId"]}
            ),
        )


def same_as_the_ledger(terms, per_krona, bought):
    """Replay the version in force, and hold the result to the ledger."""
    club = Club(terms, per_krona)
    club.live(bought)

    result = tried(draft_of(club.rule)).result

    assert result["force"]["net"] == points_in_the_ledger(club.programme)
    assert result["ledger"]["points"] == result["force"]["net"]
    assert result["ledger"]["unlike"] == 0
    assert result["ledger"]["differences"] == {}
    same = {**result["draft"], "version": 0}
    assert same == {**result["force"], "version": 0}
    assert result["all"]["losers"] == result["all"]["winners"] == 0


lives = given(
    all_terms,
    st.sampled_from([Decimal(1), Decimal("0.75")]),
    st.lists(purchases, min_size=1, max_size=4),
)
unhurried = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture],
}


class TestReplay:
    @settings(max_examples=5, **unhurried)
    @lives
    def test_of_the_version_in_force_is_the_ledger(self, db, terms, per_krona, bought):
        same_as_the_ledger(terms, per_krona, bought)

    @pytest.mark.soak
    @pytest.mark.timeout(1800)
    @settings(max_examples=150, **unhurried)
    @lives
    def test_is_the_ledger_for_hundreds_of_clubs(self, db, terms, per_krona, bought):
        same_as_the_ledger(terms, per_krona, bought)

    def test_of_a_draft_says_who_loses_how_much(self, programme, till, rule):
        for place in range(6):
            till.record(
                receipt(
                    line("1000.00"),
                    phone=MemberFactory(programme=programme).phone,
                    at=days_ago(30 + place),
                )
            )

        result = tried(draft_of(rule, points_per_unit=Decimal("0.9"))).result

        assert (result["draft"]["net"], result["force"]["net"]) == (5400, 6000)
        assert result["draft"]["cost"] == "540.00"
        assert result["all"]["losers"] == 6
        assert result["all"]["lost"] == "10.00"
        assert result["all"]["difference"] == "-60.00"
        # 1000 points are two vouchers of 500, 900 are one.
        assert (result["draft"]["vouchers"], result["force"]["vouchers"]) == (6, 12)
        assert result["draft"]["open"] == 6 * 400

    def test_tells_nothing_of_fewer_than_five(self, programme, till, rule):
        for place in range(4):
            till.record(
                receipt(
                    phone=MemberFactory(programme=programme).phone,
                    at=days_ago(30 + place),
                )
            )

        result = tried(draft_of(rule, points_per_unit=Decimal(2))).result

        assert result["all"]["winners"] is None
        assert result["all"]["won"] is None
        assert result["all"]["difference"] is None
        assert result["stores"] == result["tiers"] == {}

    def test_counts_who_loses_a_voucher_by_today(self, programme, till, rule):
        for place in range(7):
            till.record(
                receipt(
                    line("520.00" if place < 6 else "400.00"),
                    phone=MemberFactory(programme=programme).phone,
                    at=days_ago(3),
                )
            )
        steps = Vouchers(steps=(VoucherStep(600, Decimal(60)),))
        dearer = draft_of(rule, terms=reading.dump(Terms(vouchers=steps)))

        result = tried(dearer).result

        assert result["rights"] == {"members": 6, "vouchers": 6, "levels": 0}

    def test_counts_who_has_points_and_bought_nothing(self, programme, till, rule):
        for _place in range(5):
            till.record(
                receipt(
                    line("520.00"),
                    phone=MemberFactory(programme=programme).phone,
                    at=days_ago(500),
                )
            )
        # Somebody has to have bought something.
        till.record(receipt(phone=MemberFactory(programme=programme).phone))
        Receipt.objects.filter(purchased_at__gt=days_ago(400)).update(
            purchased_at=days_ago(3)
        )

        result = tried(draft_of(rule, reward_points=600)).result

        assert result["rights"]["members"] == 5
        assert result["members"] == 1

    def test_explains_what_another_version_gave(self, programme, till, rule, vera):
        till.record(receipt(line("100.00"), phone=vera.phone, at=days_ago(60)))
        later = EarningRuleFactory(
            programme=programme,
            points_per_unit=Decimal(3),
            starts_at=days_ago(50),
        )
        publish_rule(rule=later, now=days_ago(50))
        till.record(receipt(line("100.00"), phone=vera.phone, at=days_ago(40)))

        result = tried(draft_of(later)).result

        assert result["ledger"]["points"] == 400
        assert result["force"]["net"] == 600
        assert result["ledger"]["differences"] == {"other_version": [1, 200]}

    def test_takes_nothing_of_a_blocked_member(self, till, rule, vera):
        vera.status = "BLOCKED"
        vera.save()
        till.record(receipt(phone=vera.phone, at=days_ago(9)))

        assert tried(draft_of(rule)).result["members"] == 0

    def test_lets_go_what_the_policy_lets_go(self, programme, till, rule, vera):
        """Vouchers took the points: with BALANCE nothing is left to take back."""
        bought = receipt(line("500.00"), phone=vera.phone, at=days_ago(60))
        till.record(bought)
        till.record(
            receipt(
                return_line("500.00"),
                at=days_ago(30),
                originalReceipt=bought["uniqueReceiptId"],
            )
        )
        lenient = draft_of(
            rule, terms=reading.dump(Terms(returns=ReturnPolicy.BALANCE))
        )

        result = tried(lenient).result

        assert (result["draft"]["taken"], result["draft"]["debt"]) == (0, 0)
        assert (result["force"]["taken"], result["force"]["debt"]) == (500, 500)

    @pytest.mark.parametrize(
        ("changes", "expired"),
        [
            ({"expires_after_months": 2}, 100),
            ({"expires_after_months": None}, 0),
            (
                {
                    "expires_after_months": 1,
                    "terms": reading.dump(Terms(expiry=ExpiryKind.INACTIVITY)),
                },
                100,
            ),
        ],
        ids=["rolling", "never", "inactivity"],
    )
    def test_lets_points_lapse(self, till, rule, vera, changes, expired):
        till.record(receipt(line("100.00"), phone=vera.phone, at=days_ago(200)))
        till.record(receipt(line("30.00"), phone=vera.phone, at=days_ago(2)))

        result = tried(draft_of(rule, **changes)).result

        assert result["draft"]["expired"] == expired
        assert result["draft"]["open"] == 130 - expired

    def test_owes_month_by_month_what_the_books_would(self, till, rule, vera):
        till.record(receipt(line("100.00"), phone=vera.phone, at=days_ago(40)))

        result = tried(draft_of(rule)).result

        owed = [Decimal(each) for each in result["force"]["liability"]]
        # 100 kr are shared between goods and points worth 10 kr: 100 * 10 / 110.
        assert owed[-1] == Decimal("9.09")
        assert sum(1 for each in owed if each) in {2, 3}
        assert len(owed) == 12

    def test_of_a_club_without_purchases_is_empty(self, rule):
        replay = tried(draft_of(rule))

        assert replay.state == "DONE"
        assert replay.result["members"] == 0
