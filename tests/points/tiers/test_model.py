"""The database reviews tiers as the rules in Python say, step by step."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from points.models import Activity, TierPeriod
from points.terms import Ladder, Measure, Window
from points.tiers import rules, services
from points.tiers.rules import Cause, Grant, Standing
from tests.factories.members import MemberFactory
from tests.factories.stores import ProgrammeFactory, StaffFactory
from tests.factories.tiers import did, publish_ladder, tier

ZONE = ZoneInfo("Europe/Stockholm")
KEYS = ["a", "b", "c", "d"]
JOINED = [date(2024, 2, 29), date(2023, 12, 31), date(2024, 7, 1)]

ladders = st.builds(
    lambda measure, window, steps, shares, grace, soft: Ladder(
        measure=measure,
        window=window,
        tiers=tuple(
            tier(
                KEYS[rank],
                sum(steps[:rank]),
                None if share is None else sum(steps[:rank]) * share // 10,
            )
            for rank, share in enumerate([None, *shares[: len(steps)]])
        ),
        grace_days=grace,
        soft_landing=soft,
    ),
    st.sampled_from([Measure.SPEND, Measure.POINTS, Measure.VISITS]),
    st.sampled_from(list(Window)),
    st.lists(st.integers(1, 6), min_size=1, max_size=3),
    st.lists(st.none() | st.integers(0, 10), min_size=3, max_size=3),
    st.sampled_from([0, 1, 30]),
    st.booleans(),
)
# How many days later, and what is done then.
steps = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 2, 20, 30, 31, 150, 200, 334, 365, 366, 500]),
        st.one_of(
            st.tuples(
                st.just("buy"), st.integers(1, 9), st.sampled_from([0, 0, 3, 40])
            ),
            st.tuples(st.just("return"), st.integers(1, 4), st.just(0)),
            st.tuples(st.just("night"), st.just(0), st.just(0)),
            st.tuples(st.just("grant"), st.integers(1, 3), st.integers(0, 90)),
        ),
    ),
    min_size=1,
    max_size=14,
)


class Model:
    """One member by the rules in Python."""

    def __init__(self, ladder, joined):
        self.ladder = ladder
        self.joined = joined
        self.days = {}
        self.standing = Standing()
        self.last = None

    def counted(self, span):
        return sum((n for on, n in self.days.items() if on in span), Decimal(0))

    def apply(self, outcome):
        if outcome is not None:
            self.standing = outcome.standing
            if outcome.cause:
                self.last = (outcome.cause.value, outcome.counted, outcome.over)

    def buy(self, amount, on, day):
        self.days[on] = self.days.get(on, Decimal(0)) + amount
        found = rules.rise(
            self.ladder,
            self.standing,
            done_on=on,
            day=day,
            joined=self.joined,
            counted=self.counted,
        )
        self.apply(found)

    def night(self, day):
        for _again in range(20):
            found = rules.review(
                self.ladder,
                self.standing,
                day=day,
                joined=self.joined,
                counted=self.counted,
            )
            if found is None:
                return
            self.apply(found)

    def grant(self, rank, until):
        self.standing = replace(self.standing, grant=Grant(rank, until))
        self.last = ("GRANTED", Decimal(0), None)


class TestTheDatabase(TestCase):
    @settings(
        max_examples=12,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        ladder=ladders,
        steps=steps,
        joined=st.sampled_from(
            [date(2024, 2, 29), date(2023, 12, 31), date(2024, 7, 1)]
        ),
    )
    def test_decides_as_the_rules_do(self, ladder, steps, joined):
        walk(ladder, steps, joined)

    @pytest.mark.soak
    @pytest.mark.timeout(1800)
    @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        ladder=ladders,
        steps=steps,
        joined=st.sampled_from(
            [date(2024, 2, 29), date(2023, 12, 31), date(2024, 7, 1)]
        ),
    )
    def test_decides_as_the_rules_do_for_long(self, ladder, steps, joined):
        walk(ladder, steps, joined)


def walk(ladder, steps, joined):
    programme = ProgrammeFactory()
    member = MemberFactory(
        programme=programme, registered_at=datetime.combine(joined, time(12), ZONE)
    )
    staff = StaffFactory()
    publish_ladder(programme, ladder, starts_at=datetime(2023, 1, 1, tzinfo=ZONE))
    model = Model(ladder, joined)
    now = datetime.combine(joined, time(12), ZONE)
    bought = []
    for wait, (what, number, more) in steps:
        # Each at its own moment, so that every period has a length.
        now += timedelta(days=wait, minutes=1)
        day = now.date()
        if what == "buy":
            on = day - timedelta(days=more)
            bought.append((on, number))
            did(member, on, number, visits=number, now=now)
            model.buy(Decimal(number), on, day)
        elif what == "return" and bought:
            on, number = bought.pop()
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT points_after_receipt(%s, %s, %s, %s, %s, %s, %s)",
                    [member.pk, on, -number, -number, -number, now, now],
                )
            model.days[on] -= number
        elif what == "grant" and number < len(ladder.tiers):
            until = day + timedelta(days=more)
            grantable = services.grantable(member, now)
            if ladder.tiers[number] in grantable:
                try:
                    services.grant(
                        member=member,
                        key=KEYS[number],
                        until=until,
                        reason="Flood in the shop",
                        staff=staff,
                        now=now,
                    )
                except services.NotGrantable:
                    pass
                else:
                    model.grant(number, until)
        elif what == "night":
            services.settle_members(programme_id=programme.pk, now=now)
            model.night(day)
        same(member, ladder, model)


def same(member, ladder, model):
    period = TierPeriod.objects.filter(member=member, ends_at=None).first()
    standing = model.standing
    if period is None:
        assert standing == Standing()
        return
    assert period.rank == standing.shown
    assert period.key == ladder.tiers[standing.shown].key
    cause, counted, over = model.last
    assert period.cause == cause
    assert period.measured == counted
    if standing.grant is not None:
        assert period.holds_until == standing.grant.until
        assert period.below_key == ladder.tiers[standing.rank].key
        assert period.below_until == standing.until
    else:
        assert period.holds_until == standing.until
        assert (period.counted_from, period.counted_to) == (over.begins, over.ends)
    assert Cause(cause) if cause != "GRANTED" else True
    assert Activity.objects.filter(member=member).exists() or cause in {
        "GRANTED",
        "ENDED",
    }
