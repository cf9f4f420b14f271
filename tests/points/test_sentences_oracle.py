"""The sentences say what the engine does: held together by an independent reckoning."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from points import rules
from points.programme import engine
from points.programme.sentences import of_expiry, of_pending
from points.terms import ExpiryKind, Stacking, Terms
from tests.points import baskets
from tests.points.oracle import Oracle, last_day
from tests.points.test_rules import rule

BASKETS_PER_VERSION = 20


def purchase_of(basket):
    return engine.Purchase(
        at=basket.at,
        currency=basket.currency,
        is_own_currency=basket.currency == "SEK",
        store=basket.store,
        channel=basket.channel,
        tier=basket.tier,
        is_first=basket.is_first,
        born_on=basket.born_on,
    )


def line_of(bought):
    return engine.Line(
        paid=Decimal(bought.paid) / 100,
        tax=Decimal(bought.tax) / 100,
        discount=Decimal(bought.discount) / 100,
        sku=bought.names["articles"],
        group=bought.names["groups"],
        category=bought.names["categories"],
        brand=bought.names["brands"],
        awards_bonus=bought.counts,
        tax_percent=Decimal(bought.tax_percent),
    )


def difference(result, points, told):
    """Return in what the engine differs from the oracle, or nothing."""
    for line, expected in zip(result.lines, told, strict=True):
        if Fraction(line.rate) != expected.rate:
            return f"rate {line.rate}, told {expected.rate}"
        if line.applied != expected.applied:
            return f"applied {line.applied}, told {expected.applied}"
        if {key for key, _why in line.missed} != set(expected.missed):
            return f"missed {line.missed}, told {expected.missed}"
        for key, why in line.missed:
            if why.value not in expected.missed[key]:
                return f"{key} missed by {why}, told {expected.missed[key]}"
        if bool(line.why_nothing) != bool(expected.why_nothing):
            return f"nothing by {line.why_nothing}, told {expected.why_nothing}"
        if line.why_nothing and line.why_nothing.value not in expected.why_nothing:
            return f"nothing by {line.why_nothing}, told {expected.why_nothing}"
    if result.points != points:
        return f"{result.points} points, told {points}"
    return ""


def compare(number, seed):
    """Try so many random baskets; return the first difference and what was met."""
    random = Random(seed)
    met = Counter()
    with translation.override("en"):
        for _version in range(number // BASKETS_PER_VERSION):
            made, sentences = baskets.version(random)
            oracle = Oracle(sentences)
            for _basket in range(BASKETS_PER_VERSION):
                basket = baskets.basket(random, made)
                result = engine.evaluate(
                    made, purchase_of(basket), [line_of(each) for each in basket.lines]
                )
                found = difference(result, *oracle.points(basket))
                if found:
                    said = " ".join(each.text for each in sentences)
                    return f"{found}\n{said}\n{basket}", met
                for line in result.lines:
                    met.update(why.value for _key, why in line.missed)
                    met.update([f"applied {len(line.applied)}"])
                    met.update([line.why_nothing and line.why_nothing.value])
    return "", met


class TestEngine:
    def test_gives_ten_thousand_baskets_what_the_sentences_say(self):
        found, met = compare(10_000, seed=5)

        assert found == ""
        # Every reason was met, and lines with one, two and three multipliers.
        reasons = {each.value for each in engine.Why}
        assert {*reasons, "applied 1", "applied 2", "applied 3"} <= set(met)
        assert min(met[each] for each in reasons) > 20

    @pytest.mark.soak
    @pytest.mark.parametrize("seed", range(10))
    def test_gives_half_a_million_baskets_what_the_sentences_say(self, seed):
        found, _met = compare(50_000, seed=1000 + seed)

        assert found == ""


class TestExpiry:
    @given(
        bought_on=st.dates(date(2024, 1, 1), date(2040, 12, 31)),
        hour=st.times(),
        expiry=st.sampled_from(ExpiryKind),
        months=st.integers(1, 60),
        on=st.dates(date(2025, 1, 1), date(2025, 12, 31)),
        years=st.integers(0, 5),
    )
    def test_is_on_the_day_that_the_sentence_says(
        self, bought_on, hour, expiry, months, on, years
    ):
        made = rule(
            expires_after_months=months,
            terms=Terms(
                expiry=expiry, expiry_day=(on.month, on.day), expiry_years=years
            ),
        )
        moment = datetime.combine(bought_on, hour, baskets.STOCKHOLM)

        first_moment_after = rules.expires_at(moment, made, baskets.STOCKHOLM)

        told = last_day(of_expiry(made).facts, bought_on)
        midnight = datetime.combine(told + timedelta(1), time(), baskets.STOCKHOLM)
        assert first_moment_after == midnight

    @given(bought_on=st.dates(date(2024, 1, 1), date(2040, 12, 31)), hour=st.times())
    def test_waits_as_many_days_as_the_sentence_says(self, bought_on, hour):
        made = rule(terms=Terms(pending_days=14))
        moment = datetime.combine(bought_on, hour, baskets.STOCKHOLM)

        usable = rules.active_from(moment, made, baskets.STOCKHOLM)

        told = of_pending(made.terms).facts["days"]
        assert usable.date() == bought_on + timedelta(days=told)


class WrongEngine:
    """Mistakes that an engine could make; each must be told from the sentences."""

    @staticmethod
    def closes_a_second_late(monkeypatch):
        def in_hours(when, at):
            if when.hours is None:
                return True
            begins, ends = when.hours
            now = at.time()
            if begins < ends:
                return begins <= now <= ends
            return now >= begins or now <= ends

        monkeypatch.setattr(engine, "_in_hours", in_hours)

    @staticmethod
    def ends_as_the_last_day_begins(monkeypatch):
        right = engine._in_period

        def in_period(when, day):
            return right(when, day) and day != when.ends_on

        monkeypatch.setattr(engine, "_in_period", in_period)

    @staticmethod
    def adds_where_the_best_counts(monkeypatch):
        right = engine.factor_of

        def factor_of(factors, stacking):
            adds = stacking is Stacking.MULTIPLY
            return right(factors, Stacking.ADD if adds else stacking)

        monkeypatch.setattr(engine, "factor_of", factor_of)

    @staticmethod
    def forgets_the_turn_of_the_year(monkeypatch):
        right = engine._near_birthday

        def near_birthday(asked, purchase):
            born_on = purchase.born_on
            if asked is None or born_on is None:
                return right(asked, purchase)
            first, last = born_on.month == 1, purchase.at.month == 12
            return right(asked, purchase) and not (first and last)

        monkeypatch.setattr(engine, "_near_birthday", near_birthday)

    @staticmethod
    def begins_the_week_on_sunday(monkeypatch):
        monkeypatch.setattr(
            engine, "_monday", lambda day: day - timedelta(day.isoweekday() % 7)
        )

    @staticmethod
    def forgets_the_tax(monkeypatch):
        monkeypatch.setattr(engine, "amount_of", lambda line, _terms: line.paid)

    @staticmethod
    def cuts_off_every_rest(monkeypatch):
        monkeypatch.setattr(engine, "whole", lambda exact, _rounding: int(exact))

    @staticmethod
    def counts_the_total_without_its_last_ore(monkeypatch):
        right = engine.why_not_now

        def why_not_now(when, purchase, total):
            return right(when, purchase, total - Decimal("0.01"))

        monkeypatch.setattr(engine, "why_not_now", why_not_now)


class TestOracle:
    @pytest.mark.parametrize(
        "mistake",
        [name for name in sorted(vars(WrongEngine)) if not name.startswith("_")],
    )
    def test_tells_an_engine_that(self, mistake, monkeypatch):
        getattr(WrongEngine, mistake)(monkeypatch)

        found, _met = compare(10_000, seed=5)

        assert found
