"""Tiers of members who become one."""

from datetime import timedelta
from decimal import Decimal

import pytest

from members.merging import merge_members, undo_merge
from points.models import Activity, TierPeriod
from points.tiers import selectors
from tests.factories.members import MemberFactory
from tests.factories.tiers import (
    MARCH,
    buy,
    give,
    has,
    key_at,
)

pytestmark = pytest.mark.django_db


def total_of(member):
    return sum(
        Activity.objects.filter(member=member).values_list("spend", flat=True),
        Decimal(0),
    )


class TestAMerge:
    @pytest.fixture
    def twin(self, programme):
        return MemberFactory(programme=programme)

    def merge(self, kept, merged, olga, now):
        return merge_members(kept=kept, merged=merged, staff=olga, now=now)

    @pytest.mark.usefixtures("ladder")
    def test_keeps_the_higher_tier_and_counts_both(self, vera, twin, olga):
        buy(vera, 1000)
        buy(twin, 5000)

        self.merge(vera, twin, olga, MARCH + timedelta(days=1))

        assert has(vera) == [("silver", "MERGED")]
        assert selectors.progress_of(vera, MARCH + timedelta(days=1)).counted == 6000
        assert not TierPeriod.objects.filter(member=twin, ends_at=None).exists()

    @pytest.mark.usefixtures("ladder")
    def test_lets_both_together_reach_what_neither_had(self, vera, twin, olga):
        buy(vera, 6000)
        buy(twin, 4000)

        self.merge(vera, twin, olga, MARCH + timedelta(days=1))

        assert has(vera)[-1] == ("guld", "REACHED")

    @pytest.mark.usefixtures("ladder")
    @pytest.mark.parametrize(
        ("first", "second"), [(6000, 5000), (0, 5000), (5000, 0), (10000, 1)]
    )
    def test_is_undone_to_what_both_had(self, vera, twin, olga, first, second):
        for member, spend in ((vera, first), (twin, second)):
            if spend:
                buy(member, spend)
        before = [
            (key_at(each, MARCH), each.pk, total_of(each)) for each in (vera, twin)
        ]
        merge = self.merge(vera, twin, olga, MARCH + timedelta(days=1))

        undo_merge(merge=merge, staff=olga, now=MARCH + timedelta(days=2))

        later = MARCH + timedelta(days=3)
        assert [
            (key_at(each, later), each.pk, total_of(each)) for each in (vera, twin)
        ] == before

    @pytest.mark.usefixtures("ladder")
    def test_undone_leaves_what_both_did_as_it_was_together(self, vera, twin, olga):
        buy(vera, 100)
        buy(twin, 500)
        merge = self.merge(vera, twin, olga, MARCH + timedelta(days=1))
        # What came back meanwhile is gone for one of them, and never counted twice.
        buy(vera, -500, MARCH + timedelta(days=1), on=MARCH.date())

        undo_merge(merge=merge, staff=olga, now=MARCH + timedelta(days=2))

        assert total_of(vera) + total_of(twin) == 100
        assert min(total_of(vera), total_of(twin)) >= 0

    @pytest.mark.usefixtures("ladder")
    def test_keeps_a_tier_that_was_given(self, vera, twin, olga):
        buy(vera, 5000)
        give(twin, "guld", olga)

        self.merge(vera, twin, olga, MARCH + timedelta(days=1))

        period = selectors.open_period(vera)
        assert (period.key, period.cause, period.below_key) == (
            "guld",
            "GRANTED",
            "silver",
        )
