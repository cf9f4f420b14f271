"""Tiers given by a person."""

from datetime import UTC, date, datetime, timedelta

import pytest

from points.tiers import selectors, services
from stores.models import AuditEntry
from tests.factories.tiers import (
    MARCH,
    buy,
    give,
    has,
    key_at,
    night,
)

pytestmark = pytest.mark.django_db


class TestAGrant:
    @pytest.mark.usefixtures("ladder")
    def test_shows_above_what_was_earned_and_ends_on_its_day(self, vera, olga):
        buy(vera, 5000)
        given = give(vera, "guld", olga, MARCH + timedelta(days=1))
        assert (given.below_key, given.below_until) == ("silver", date(2027, 3, 10))
        assert key_at(vera, MARCH + timedelta(days=2)) == "guld"
        night(vera, datetime(2026, 6, 30, 12, tzinfo=UTC))
        assert key_at(vera, datetime(2026, 6, 30, 13, tzinfo=UTC)) == "guld"

        night(vera, datetime(2026, 7, 1, 3, tzinfo=UTC))

        assert has(vera)[1:] == [("guld", "GRANTED"), ("silver", "ENDED")]
        assert selectors.open_period(vera).holds_until == date(2027, 3, 10)

    @pytest.mark.usefixtures("ladder")
    def test_stays_in_the_trail_with_its_reason(self, vera, olga):
        give(vera, "silver", olga)

        entry = AuditEntry.objects.get(action="tiers.granted")
        assert entry.reason == "Flood in the shop"
        assert entry.member_id == vera.public_id

    @pytest.mark.usefixtures("ladder")
    def test_becomes_their_own_when_as_much_is_earned_meanwhile(self, vera, olga):
        give(vera, "silver", olga)
        buy(vera, 5000, MARCH + timedelta(days=9))
        night(vera, MARCH + timedelta(days=10))

        night(vera, datetime(2026, 7, 1, 3, tzinfo=UTC))

        period = selectors.open_period(vera)
        assert (period.key, period.cause) == ("silver", "REACHED")
        assert period.holds_until == date(2027, 3, 20)

    @pytest.mark.usefixtures("ladder")
    def test_can_be_taken_back(self, vera, olga):
        buy(vera, 5000)
        later = MARCH + timedelta(days=1)
        give(vera, "guld", olga, later)

        services.end_grant(member=vera, staff=olga, now=later + timedelta(hours=1))

        assert key_at(vera, later + timedelta(hours=2)) == "silver"
        with pytest.raises(services.NoGrant):
            services.end_grant(member=vera, staff=olga, now=later + timedelta(hours=3))

    @pytest.mark.usefixtures("ladder")
    @pytest.mark.parametrize(
        "changes",
        [
            {"key": "silver"},
            {"key": "diamond"},
            {"until": date(2026, 3, 9)},
            {"reason": "  "},
            {"until": date(2027, 3, 10), "key": "guld"},
        ],
        ids=["lower", "unknown", "passed", "unsaid", "no longer than had"],
    )
    def test_is_refused(self, vera, olga, changes):
        buy(vera, 10000)
        values = {"key": "guld", "until": date(2028, 1, 1), "reason": "Why", **changes}

        with pytest.raises(services.NotGrantable):
            services.grant(
                member=vera, staff=olga, now=MARCH + timedelta(days=1), **values
            )
