from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from points import rules

STOCKHOLM = ZoneInfo("Europe/Stockholm")
AMOUNTS = st.decimals(min_value="0", max_value="100000", places=2)
RATES = st.decimals(min_value="0.0001", max_value="100", places=4)


def rule(rate="1", **changes):
    values = {
        "id": 1,
        "version": 1,
        "points_per_unit": Decimal(rate),
        "excluded_groups": frozenset(),
        "expires_after_months": 24,
        "point_value": Decimal("0.1"),
        "reward_points": 500,
        **changes,
    }
    return rules.EarningRule(**values)


class TestPointsFor:
    @pytest.mark.parametrize(
        ("paid", "rate", "points"),
        [
            ("0.00", "1", 0),
            ("0.99", "1", 0),
            ("1.00", "1", 1),
            ("1.99", "1", 1),
            ("99.90", "1", 99),
            ("100.00", "1", 100),
            ("19.99", "0.1", 1),
            ("20.00", "0.1", 2),
            ("3.33", "1.5", 4),
            ("-10.00", "1", 0),
        ],
    )
    def test_counts_whole_points_only(self, paid, rate, points):
        assert rules.points_for(Decimal(paid), rule(rate)) == points

    @given(first=AMOUNTS, more=AMOUNTS, rate=RATES)
    def test_never_falls_when_more_is_bought(self, first, more, rate):
        assert rules.points_for(first + more, rule(rate)) >= rules.points_for(
            first, rule(rate)
        )

    @given(paid=AMOUNTS, rate=RATES)
    def test_gives_no_point_that_was_not_paid_for(self, paid, rate):
        points = rules.points_for(paid, rule(rate))

        assert points <= paid * rate < points + 1


class TestEarns:
    @pytest.mark.parametrize(
        ("awards", "group", "excluded", "earns"),
        [
            (True, "Kläder", [], True),
            (True, "", ["Tobak"], True),
            (False, "Kläder", [], False),
            (True, "Tobak", ["tobak"], False),
            (True, "Gift-Card", [], False),
            (True, "PRESENTKORT", [], False),
            (True, "Gavekort", [], False),
            (True, "Kortspel", [], True),
        ],
    )
    def test_leaves_out_what_the_base_excludes(self, awards, group, excluded, earns):
        with_exclusions = rule(excluded_groups=frozenset(excluded))

        assert (
            rules.earns(awards_bonus=awards, article_group=group, rule=with_exclusions)
            is earns
        )

    def test_leaves_out_gift_cards_also_without_a_rule(self):
        assert not rules.earns(awards_bonus=True, article_group="gift card", rule=None)


class TestShares:
    @given(
        points=st.integers(-100000, 100000),
        amounts=st.lists(AMOUNTS, min_size=1, max_size=40),
    )
    def test_add_up_and_keep_to_their_proportion(self, points, amounts):
        shares = rules.shares(points, amounts)
        total = sum(amounts)

        assert len(shares) == len(amounts)
        if total:
            assert sum(shares) == points
            for share, amount in zip(shares, amounts, strict=True):
                assert abs(share - points * amount / total) < 1
        else:
            assert not any(shares)

    def test_give_the_odd_point_to_the_largest_remainder(self):
        assert rules.shares(10, [Decimal("1.00"), Decimal("2.00")]) == [3, 7]

    def test_give_the_earlier_of_two_equal_lines_the_odd_point(self):
        assert rules.shares(3, [Decimal("5.00"), Decimal("5.00")]) == [2, 1]

    def test_give_nothing_to_a_line_that_cost_nothing(self):
        assert rules.shares(7, [Decimal(0), Decimal("7.00")]) == [0, 7]


class TestExpiresAt:
    @pytest.mark.parametrize(
        ("earned", "months", "expires"),
        [
            # Any day of November 2026 lasts until November 2028 has ended.
            ("2026-11-01T00:00+01:00", 24, "2028-12-01T00:00+01:00"),
            ("2026-11-30T23:59+01:00", 24, "2028-12-01T00:00+01:00"),
            # One month from 31 January is February, leap day or not.
            ("2027-01-31T12:00+01:00", 1, "2027-03-01T00:00+01:00"),
            ("2028-01-31T12:00+01:00", 1, "2028-03-01T00:00+01:00"),
            ("2028-02-29T12:00+01:00", 12, "2029-03-01T00:00+01:00"),
            # Bought in winter, expiring in summer time and the other way round.
            ("2026-03-28T12:00+01:00", 1, "2026-05-01T00:00+02:00"),
            ("2026-10-24T12:00+02:00", 1, "2026-12-01T00:00+01:00"),
            # The hour that happens twice belongs to October both times.
            ("2026-10-25T02:30+02:00", 0, "2026-11-01T00:00+01:00"),
            ("2026-10-25T02:30+01:00", 0, "2026-11-01T00:00+01:00"),
            # In UTC it is still December; in the shop the year is new.
            ("2026-12-31T23:30+00:00", 1, "2027-03-01T00:00+01:00"),
        ],
    )
    def test_is_the_end_of_a_month_of_the_club(self, earned, months, expires):
        found = rules.expires_at(
            datetime.fromisoformat(earned),
            rule(expires_after_months=months),
            STOCKHOLM,
        )

        assert found == datetime.fromisoformat(expires)

    def test_is_never_without_a_number_of_months(self):
        assert (
            rules.expires_at(
                datetime(2026, 1, 1, tzinfo=UTC),
                rule(expires_after_months=None),
                STOCKHOLM,
            )
            is None
        )


class TestWorth:
    @pytest.mark.parametrize(
        ("points", "value", "money"),
        [(500, "0.1", "50.00"), (1, "0.1", "0.10"), (3, "0.0333", "0.09")],
    )
    def test_is_rounded_down_to_ore(self, points, value, money):
        assert rules.worth(points, rule(point_value=Decimal(value))) == Decimal(money)


class TestPointsToNext:
    @pytest.mark.parametrize(
        ("balance", "missing"),
        [(0, 500), (380, 120), (499, 1), (500, 500), (1020, 480), (-30, 530)],
    )
    def test_counts_to_the_voucher_after_those_one_has(self, balance, missing):
        assert rules.points_to_next(balance, rule()) == missing


class TestPointsToTakeBack:
    @given(
        rate=RATES,
        parts=st.lists(
            st.decimals(min_value="0.01", max_value="5000", places=2),
            min_size=1,
            max_size=8,
        ),
        order=st.randoms(use_true_random=False),
        kept_parts=st.integers(0, 8),
    )
    def test_ends_where_buying_less_would_have(self, rate, parts, order, kept_parts):
        bought = sum(parts)
        order.shuffle(parts)
        kept, returned = rules.points_for(bought, rule(rate)), Decimal(0)

        for part in parts[kept_parts:]:
            returned += part
            kept -= rules.points_to_take_back(
                kept=kept, eligible=bought, returned=returned, rule=rule(rate)
            )

        assert kept == rules.points_for(bought - returned, rule(rate))

    def test_does_not_take_what_has_expired_a_second_time(self):
        # 100 earned, 40 of them expired; half comes back: 50 may stay, 60 are left.
        assert (
            rules.points_to_take_back(
                kept=60, eligible=Decimal(100), returned=Decimal(50), rule=rule()
            )
            == 10
        )

    def test_takes_nothing_below_nothing(self):
        assert (
            rules.points_to_take_back(
                kept=0, eligible=Decimal(100), returned=Decimal(10), rule=rule()
            )
            == 0
        )
