"""Every promise in the register of personal data is kept by somebody."""

from datetime import UTC, datetime

import pytest
from django.utils.translation import override

from consent import registry
from consent.models import RetentionPeriod
from consent.registry import Basis, DataClass, Erase, Export, Field, Retention, Use
from consent.retention import kinds, periods
from consent.retention.kinds import find
from consent.retention.periods import PeriodRefused, before, in_words, set_period
from members.models import Member
from stores.models import AuditEntry
from tests.factories.stores import ProgrammeFactory

NOW = datetime(2026, 11, 23, 3, tzinfo=UTC)
# At most so many days stand behind each promise; the books have their own rule.
PROMISED = {
    Retention.DAY: 1,
    Retention.MONTH: 60,
    Retention.YEAR: 365,
    Retention.THIRTEEN_MONTHS: 396,
    Retention.TWO_YEARS: 730,
    Retention.THREE_YEARS: 1095,
    Retention.PROOF: 730,
    Retention.WISH: 730,
}


class TestEveryPromise:
    def test_is_kept_by_a_kind(self):
        assert kinds.broken_promises(registry.registered()) == []

    def test_is_missed_when_nobody_keeps_it(self):
        planted = Field(
            DataClass.USE,
            Use.MEMBERSHIP,
            Basis.CONTRACT,
            Retention.DAY,
            Export.YES,
            Erase.DELETE,
        )

        assert kinds.broken_promises({Member: {"words": planted}}) == [
            "members.Member: DAY"
        ]

    def test_is_kept_in_time(self):
        late = [
            (kind.key, retention)
            for kind in kinds.kinds()
            for _model, retention in kind.keeps
            if retention in PROMISED and max(kind.days.values()) > PROMISED[retention]
        ]

        assert late == []


class TestRegister:
    def test_refuses_a_kind_that_is_known(self):
        known = find("audit")

        with pytest.raises(ValueError, match="twice"):
            kinds.register(
                "audit",
                title="",
                does="",
                why="",
                days=1,
                model=AuditEntry,
                count=known.count,
                prune=known.prune,
                keeps={},
            )

    def test_refuses_a_period_outside_its_own_bounds(self):
        with pytest.raises(ValueError, match="outside its bounds"):
            kinds.register(
                "planted",
                title="",
                does="",
                why="",
                days=5,
                least=6,
                most=9,
                model=AuditEntry,
                count=lambda _due: 0,
                prune=lambda _due, _limit: 0,
                keeps={},
            )

        assert find("planted") is None


class TestPeriods:
    @pytest.mark.parametrize(
        ("country", "until"), [("SE", 2019), ("DK", 2021), ("NO", 2021), ("FI", 2019)]
    )
    def test_of_vouchers_end_with_a_year(self, db, country, until):
        club = ProgrammeFactory(country=country)
        period = periods.period_of(club, find("receipts-books"))

        for moment in (
            datetime(2026, 1, 1, 1, tzinfo=club.zone),
            datetime(2026, 12, 31, 23, tzinfo=club.zone),
        ):
            assert period.before(club, moment) == datetime(
                until, 1, 1, tzinfo=club.zone
            )

    def test_are_days_otherwise(self, programme):
        kind = find("receipts")

        assert before(kind, 730, programme, NOW) == datetime(
            2024, 11, 23, 3, tzinfo=UTC
        )

    def test_are_said_in_the_largest_unit(self):
        with override("en"):
            said = [in_words(days) for days in (1, 30, 90, 365, 396, 730)]
        assert said == [
            "24 hours",
            "30 days",
            "90 days",
            "12 months",
            "13 months",
            "24 months",
        ]

    def test_can_be_a_clubs_own(self, programme, olga):
        kind = find("receipts")

        set_period(programme=programme, kind=kind, days=365, staff=olga, now=NOW)

        assert periods.period_of(programme, kind).days == 365
        assert periods.period_of(programme, kind).is_own
        said = AuditEntry.objects.get(action=periods.PERIOD_CHANGED)
        assert said.data == {"before": 730, "after": 365}

    def test_are_the_countrys_again(self, programme, olga):
        kind = find("receipts")
        set_period(programme=programme, kind=kind, days=365, staff=olga, now=NOW)

        set_period(programme=programme, kind=kind, days=730, staff=olga, now=NOW)

        assert not RetentionPeriod.objects.exists()

    @pytest.mark.parametrize("days", [364, 1096])
    def test_outside_the_bounds_are_refused(self, programme, olga, days):
        with pytest.raises(PeriodRefused):
            set_period(
                programme=programme,
                kind=find("receipts"),
                days=days,
                staff=olga,
                now=NOW,
            )

    def test_of_the_law_cannot_be_shortened(self, programme, olga):
        with pytest.raises(PeriodRefused):
            set_period(
                programme=programme,
                kind=find("receipts-books"),
                days=6 * 365,
                staff=olga,
                now=NOW,
            )
