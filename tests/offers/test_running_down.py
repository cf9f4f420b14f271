"""Worse terms run down, in the trade's words: who had points keeps the better of two.

500 points are 50 kr. From 1 March 700 are, and until 31 March the old terms run down.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from offers.models import Voucher
from offers.vouchers import selectors, services
from offers.vouchers.nightly import run_nightly
from offers.vouchers.services import NoSuchStep
from points import worth
from points.models import Account, EarningRule, Entry
from points.reading import dump
from points.selectors import (
    balance_of,
    find_rule,
    find_version,
    next_benefit,
    runs_down_until,
    value_at,
)
from points.services import post
from points.terms import Money, Terms, VoucherMode, Vouchers, VoucherStep
from tests.factories.members import MemberFactory
from tests.factories.offers import kr
from tests.factories.points import EarningRuleFactory
from tests.factories.stores import ProgrammeFactory

pytestmark = pytest.mark.django_db
AUTOMATIC, CHOICE = VoucherMode.AUTOMATIC, VoucherMode.CHOICE
FEBRUARY = datetime(2026, 2, 10, 12, 0, tzinfo=UTC)
# Midnight in Sweden.
STARTS = datetime(2026, 2, 28, 23, 0, tzinfo=UTC)
LAST_DAY = date(2026, 3, 31)
ON_20_MARCH = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
# Summer time has begun since.
LAST_MOMENT = datetime(2026, 3, 31, 21, 59, 59, tzinfo=UTC)
ON_2_APRIL = datetime(2026, 4, 2, 12, 0, tzinfo=UTC)


def steps(*pairs):
    return tuple(
        VoucherStep(points, Decimal(value), *needs) for points, value, *needs in pairs
    )


def version(programme, *pairs, mode=AUTOMATIC, currencies=None, **changes):
    vouchers = {
        name: changes.pop(name)
        for name in ("valid_days", "grace_days")
        if name in changes
    }
    terms = Terms(
        vouchers=Vouchers(mode=mode, steps=steps(*pairs), **vouchers),
        currencies=currencies or {},
    )
    return EarningRuleFactory(
        programme=programme, terms=dump(terms), published=True, **changes
    )


def worse(programme, *pairs, until=LAST_DAY, starts_at=STARTS, **changes):
    return version(
        programme, *pairs, starts_at=starts_at, runs_down_until=until, **changes
    )


@pytest.fixture
def anna(programme):
    return MemberFactory(programme=programme)


@pytest.fixture
def dearer(programme):
    """500 points were 50 kr; from 1 March 700 are."""
    version(programme, (500, 50))
    return worse(programme, (700, 50), point_value=Decimal("0.0714"), reward_points=700)


def give(member, points, at):
    post(
        member_id=member.pk,
        kind=Entry.Kind.EARN,
        points=points,
        key=f"{at.isoformat()}-{points}",
        at=at,
        now=at,
    )


def values(member):
    return list(
        Voucher.objects.filter(member=member)
        .order_by("pk")
        .values_list("value", flat=True)
    )


def balance(member):
    return Account.objects.get(member=member).balance


class TestPointsThatSheHad:
    def test_become_what_they_were_worth_until_the_last_day(
        self, programme, anna, dearer, till
    ):
        give(anna, 480, FEBRUARY)

        till.buy(anna, points=30, at=ON_20_MARCH)

        voucher = Voucher.objects.get()
        assert (voucher.value, voucher.points) == (kr(50), 500)
        assert voucher.rule == dearer
        assert balance(anna) == 10

    def test_become_nothing_before_the_new_step_afterwards(
        self, programme, anna, dearer, till
    ):
        give(anna, 480, FEBRUARY)

        till.buy(anna, points=30, at=ON_2_APRIL)
        assert values(anna) == []
        till.buy(anna, points=190, at=ON_2_APRIL + timedelta(days=1))

        assert values(anna) == [kr(50)]
        assert balance(anna) == 0

    @pytest.mark.parametrize(
        ("at", "vouchers"),
        [(LAST_MOMENT, 1), (LAST_MOMENT + timedelta(seconds=1), 0)],
        ids=["last second of 31 March", "first of 1 April"],
    )
    def test_keep_it_to_the_last_second_of_the_day_in_sweden(
        self, anna, dearer, till, at, vouchers
    ):
        till.buy(anna, points=510, at=at)

        assert len(values(anna)) == vouchers
        assert (runs_down_until(anna.programme, at) is not None) == bool(vouchers)

    def test_keep_it_by_the_clock_of_the_club(self, till):
        programme = ProgrammeFactory(time_zone="Europe/Helsinki")
        version(programme, (500, 50))
        worse(programme, (700, 50))

        # An hour earlier than in Sweden.
        early = find_rule(programme_id=programme.pk, at=LAST_MOMENT)
        then = LAST_MOMENT - timedelta(hours=1)
        on_time = find_rule(programme_id=programme.pk, at=then)

        assert [each.points for each in early.terms.vouchers.steps] == [700]
        assert [each.points for each in on_time.terms.vouchers.steps] == [500]

    def test_are_found_at_night_when_they_waited(self, anna, dearer):
        give(anna, 520, FEBRUARY)

        assert run_nightly(now=ON_2_APRIL)["issued"] == 0
        assert run_nightly(now=ON_20_MARCH)["issued"] == 1
        assert values(anna) == [kr(50)]

    def test_are_worth_as_much_as_before_on_every_screen(self, programme, anna, dearer):
        give(anna, 400, FEBRUARY)

        worths = [balance_of(anna, at).worth for at in (ON_20_MARCH, ON_2_APRIL)]
        now, then = next_benefit(anna, ON_20_MARCH), next_benefit(anna, ON_2_APRIL)

        assert worths == [kr(40), kr("28.56")]
        assert (now.missing, now.reward_worth) == (100, kr(50))
        assert (then.missing, then.reward_worth) == (300, kr(50))

    def test_are_worth_what_the_new_terms_say_to_who_asks_what_comes(
        self, programme, dearer
    ):
        own = find_version(programme_id=programme.pk, at=ON_20_MARCH)

        assert own.point_value == Decimal("0.0714")
        assert own.terms.vouchers.steps == steps((700, 50))

    def test_say_nothing_of_how_purchases_earn(self, programme):
        version(programme, (500, 50), points_per_unit=2)
        worse(programme, (700, 50), points_per_unit=1, expires_after_months=12)

        held = find_rule(programme_id=programme.pk, at=ON_20_MARCH)

        assert (held.points_per_unit, held.expires_after_months) == (1, 12)


class TestVouchersWhileTermsRunDown:
    def test_are_valid_and_forgiven_as_long_as_before(self, programme, anna, till):
        version(programme, (500, 50), valid_days=90, grace_days=3)
        worse(programme, (500, 50), valid_days=30, grace_days=14)

        till.buy(anna, points=500, at=ON_20_MARCH)
        till.buy(anna, points=500, at=ON_2_APRIL)

        early, late = Voucher.objects.order_by("pk")
        # To the end of 18 June and of 2 May, Swedish summer time.
        assert early.expires_at == datetime(2026, 6, 18, 22, 0, tzinfo=UTC)
        assert late.expires_at == datetime(2026, 5, 2, 22, 0, tzinfo=UTC)
        assert (early.grace_days, late.grace_days) == (14, 14)

    def test_are_chosen_while_they_could_be_before(self, programme, anna, till):
        version(programme, (500, 50), mode=CHOICE)
        worse(programme, (500, 50), mode=AUTOMATIC)

        till.buy(anna, points=600, at=ON_20_MARCH)
        assert values(anna) == []
        assert selectors.choices_for(anna, now=ON_20_MARCH).until == LAST_DAY
        till.buy(anna, points=1, at=ON_2_APRIL)

        assert values(anna) == [kr(50)]
        assert selectors.choices_for(anna, now=ON_2_APRIL) is None

    def test_are_what_she_agreed_to_or_nothing(self, programme, anna, till):
        version(programme, (500, 50), mode=CHOICE)
        row = worse(programme, (500, 40), mode=CHOICE)
        till.buy(anna, points=1500, at=ON_20_MARCH)
        shown = selectors.choices_for(anna, now=LAST_MOMENT)

        def choose(key, now, until):
            return services.choose_voucher(
                member=anna,
                points=500,
                version=row.version,
                until=until,
                key=key,
                now=now,
            )

        # She reads it before midnight and taps after it.
        with pytest.raises(NoSuchStep):
            choose("late", LAST_MOMENT + timedelta(minutes=1), shown.until)
        in_time = choose("in time", LAST_MOMENT, shown.until)
        after = choose("after", ON_2_APRIL, None)

        assert (in_time.value, after.value) == (kr(50), kr(40))
        assert balance(anna) == 500

    def test_pay_the_most_for_each_point(self, programme, anna, till):
        # 1 000 points were two vouchers of 50 kr; the new step pays less for each.
        version(programme, (500, 50))
        worse(programme, (900, 80))

        till.buy(anna, points=1000, at=ON_20_MARCH)

        assert values(anna) == [kr(50), kr(50)]

    def test_are_better_ones_of_the_new_terms_too(self, programme, anna, till):
        version(programme, (500, 50), valid_days=90)
        worse(programme, (500, 50), (1000, 120), valid_days=60)

        till.buy(anna, points=1100, at=ON_20_MARCH)

        assert values(anna) == [kr(120)]


class TestSeveralVersions:
    def test_keep_each_what_was_promised(self, programme):
        version(programme, (500, 50))
        worse(programme, (600, 50))
        worse(
            programme,
            (800, 50),
            starts_at=datetime(2026, 3, 15, tzinfo=UTC),
            until=date(2026, 4, 30),
        )

        def offered(at):
            found = find_rule(programme_id=programme.pk, at=at)
            return [each.points for each in found.terms.vouchers.steps]

        # The first promise holds to its day, then the second to its own.
        assert offered(ON_20_MARCH) == [500]
        assert runs_down_until(programme, ON_20_MARCH) == LAST_DAY
        assert offered(ON_2_APRIL) == [600]
        assert offered(datetime(2026, 5, 2, tzinfo=UTC)) == [800]

    def test_do_not_reach_back_to_a_purchase_by_an_old_one(self, programme):
        old = version(programme, (500, 50))
        worse(programme, (700, 50), point_value=Decimal("0.0714"))

        assert value_at(old, ON_20_MARCH).terms.vouchers.steps == steps((500, 50))

    def test_of_which_one_is_withdrawn_promise_nothing(self, programme):
        version(programme, (500, 50))
        EarningRuleFactory(
            programme=programme,
            status=EarningRule.Status.WITHDRAWN,
            withdrawn_at=FEBRUARY,
            starts_at=STARTS,
            runs_down_until=LAST_DAY,
        )

        assert find_rule(programme_id=programme.pk, at=ON_20_MARCH).version == 1
        assert runs_down_until(programme, ON_20_MARCH) is None


class TestFurtherCurrencies:
    def test_keep_the_worth_of_a_point_and_not_the_earning(self, programme):
        dkk = Money(Decimal("1.5"), Decimal("0.07"))
        version(programme, (500, 50), currencies={"DKK": dkk})
        less = Money(Decimal(1), Decimal("0.05"))
        euro = Money(Decimal(10), Decimal("0.01"))
        worse(programme, (500, 50), currencies={"DKK": less, "EUR": euro})

        held = find_rule(programme_id=programme.pk, at=ON_20_MARCH)

        assert held.terms.currencies == {
            "DKK": Money(Decimal(1), Decimal("0.07")),
            "EUR": euro,
        }


offers = st.dictionaries(
    st.integers(1, 12).map(lambda hundreds: 100 * hundreds),
    st.tuples(st.integers(1, 150), st.booleans()),
    min_size=1,
    max_size=3,
).map(lambda found: tuple((points, *each) for points, each in found.items()))


class TestBetter:
    @settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(old=offers, new=offers)
    def test_is_at_least_as_good_as_either_in_all(self, db, old, new):
        programme = ProgrammeFactory()
        version(programme, *old)
        worse(programme, *new)

        held = find_rule(programme_id=programme.pk, at=ON_20_MARCH)

        found = held.terms.vouchers.steps
        assert found == self.expected(steps(*old, *new))
        for step in steps(*old, *new):
            assert any(
                each.points <= step.points
                and self.rate(each) >= self.rate(step)
                and (step.needs_purchase or not each.needs_purchase)
                for each in found
            )
        # More points give a larger voucher, and never pay less for each.
        assert [each.value for each in found] == sorted({e.value for e in found})
        assert [*map(self.rate, found)] == sorted(map(self.rate, found))
        # What is said of the worth of a point fits the steps.
        value = worth.of(held)
        assert value.least <= held.point_value
        assert held.reward_points == found[0].points

    def rate(self, step):
        return Fraction(step.value) / step.points

    def expected(self, union):
        """Work it out in another way: from few points to many, by what each pays."""
        best, kept = Fraction(0), {}
        for points in sorted({each.points for each in union}):
            same = [each for each in union if each.points == points]
            rate = max(map(self.rate, same))
            if rate >= best:
                best, kept[points] = rate, max(each.value for each in same)
        return tuple(
            VoucherStep(
                points,
                value,
                all(
                    each.needs_purchase
                    for each in union
                    if each.points >= points
                    and self.rate(each) <= Fraction(value) / points
                ),
            )
            for points, value in kept.items()
        )
