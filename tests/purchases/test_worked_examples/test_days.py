"""When points become usable and when they lapse: nights, months and long roads."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from members.merging import merge_members
from points import rules as points_rules
from points.models import Activity, Entry, Lot
from points.selectors import balance_of
from points.services import expire_points, post
from points.terms import ExpiryKind, Terms
from tests.factories.members import MemberFactory
from tests.factories.purchases import BOUGHT_AT, line, receipt, return_line
from tests.purchases.books import version
from tests.purchases.test_worked_examples.conftest import balance

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def local(text):
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


class TestPending:
    @pytest.mark.parametrize(
        ("days", "bought", "usable"),
        [
            (0, "2026-03-14T12:30", "2026-03-14T12:30"),
            (14, "2026-03-01T00:00", "2026-03-15T00:00"),
            (14, "2026-03-01T23:59:59", "2026-03-15T00:00"),
            # Over the night in which clocks change, both ways.
            (1, "2026-03-28T12:00", "2026-03-29T00:00"),
            (2, "2026-03-28T12:00", "2026-03-30T00:00"),
            (1, "2026-10-25T02:30", "2026-10-26T00:00"),
            (1, "2028-02-28T12:00", "2028-02-29T00:00"),
            (2, "2027-02-27T12:00", "2027-03-01T00:00"),
        ],
    )
    def test_ends_as_the_day_begins(self, days, bought, usable):
        rule = version(Terms(pending_days=days))

        found = points_rules.active_from(local(bought), rule, STOCKHOLM)

        assert found == local(usable)

    def test_is_in_the_balance_and_not_usable(self, till, vera, publish, time_machine):
        time_machine.move_to(BOUGHT_AT, tick=False)
        publish(Terms(pending_days=14))

        answer = till.record(receipt(line("100.00"), phone=vera.phone))

        assert answer["pointsBalance"] == balance(vera) == 100
        assert balance_of(vera, BOUGHT_AT).points == 0
        then = local("2026-03-28T00:00")
        assert balance_of(vera, then - timedelta(seconds=1)).points == 0
        assert balance_of(vera, then).points == 100

    def test_is_over_when_the_receipt_was_two_weeks_on_its_way(
        self, till, vera, publish, time_machine
    ):
        time_machine.move_to(BOUGHT_AT + timedelta(days=15), tick=False)
        publish(Terms(pending_days=14))

        till.record(receipt(line("100.00"), phone=vera.phone, at=BOUGHT_AT))

        assert not Lot.objects.get().is_pending


class TestExpiry:
    @pytest.mark.parametrize(
        ("terms", "months", "bought", "lapses"),
        [
            (Terms(), 24, "2026-03-14T12:00", "2028-04-01T00:00"),
            (Terms(), 1, "2026-01-31T23:59:59", "2026-03-01T00:00"),
            (Terms(), 12, "2027-02-28T12:00", "2028-03-01T00:00"),
            (Terms(), None, "2026-03-14T12:00", None),
            (
                Terms(expiry=ExpiryKind.FIXED),
                None, "2026-03-14T12:00", "2028-01-01T00:00",
            ),
            # On the very day a year before it, and the day after.
            (
                Terms(expiry=ExpiryKind.FIXED),
                None, "2026-12-31T23:59:59", "2028-01-01T00:00",
            ),
            (
                Terms(expiry=ExpiryKind.FIXED, expiry_years=0),
                None, "2026-12-31T23:59:59", "2027-01-01T00:00",
            ),
            (
                Terms(expiry=ExpiryKind.FIXED, expiry_day=(6, 30), expiry_years=1),
                None, "2026-07-01T00:00", "2028-07-01T00:00",
            ),
            (
                Terms(expiry=ExpiryKind.FIXED, expiry_day=(2, 29), expiry_years=1),
                None, "2026-01-01T12:00", "2027-03-01T00:00",
            ),
            (
                Terms(expiry=ExpiryKind.FIXED, expiry_day=(2, 29), expiry_years=1),
                None, "2027-01-01T12:00", "2028-03-01T00:00",
            ),
            (
                Terms(expiry=ExpiryKind.INACTIVITY),
                12, "2026-03-14T12:00", "2027-04-01T00:00",
            ),
        ],
    )  # fmt: skip
    def test_is_at_the_end_of_a_day_of_the_calendar(
        self, terms, months, bought, lapses
    ):
        rule = version(terms, expires_after_months=months)

        found = points_rules.expires_at(local(bought), rule, STOCKHOLM)

        assert found == (local(lapses) if lapses else None)


class TestInactivity:
    @pytest.fixture(autouse=True)
    def _version(self, publish):
        publish(Terms(expiry=ExpiryKind.INACTIVITY), expires_after_months=6)

    def lapses(self):
        return {
            each.astimezone(STOCKHOLM).date().isoformat()
            for each in Lot.objects.values_list("expires_at", flat=True)
        }

    def test_moves_the_day_of_all_open_points_on(self, till, vera):
        till.record(receipt(phone=vera.phone, at=BOUGHT_AT))
        assert self.lapses() == {"2026-10-01"}

        till.record(receipt(phone=vera.phone, at=BOUGHT_AT + timedelta(days=80)))

        assert self.lapses() == {"2027-01-01"}

    def test_keeps_points_no_longer_from_the_start_of_another_way_on(
        self, till, vera, publish, time_machine
    ):
        """As whoever publishes it is told: the day of then stays, bought or not."""
        till.record(receipt(line("100.00"), phone=vera.phone, at=BOUGHT_AT))
        start = BOUGHT_AT + timedelta(days=60)
        publish(Terms(), expires_after_months=6, starts_at=start)

        before = start - timedelta(days=1)
        till.record(receipt(line("10.00"), phone=vera.phone, at=before))
        kept = self.lapses()
        time_machine.move_to(start + timedelta(days=40), tick=False)
        till.record(
            receipt(line("10.00"), phone=vera.phone, at=start + timedelta(days=30))
        )

        assert kept == {"2026-12-01"}
        assert self.lapses() == {"2026-12-01", "2027-01-01"}

    def test_is_moved_nothing_back_by_a_late_receipt(self, till, vera):
        till.record(receipt(phone=vera.phone, at=BOUGHT_AT + timedelta(days=80)))
        till.record(receipt(phone=vera.phone, at=BOUGHT_AT))

        assert self.lapses() == {"2027-01-01"}

    def test_lets_all_lapse_when_nothing_is_bought(self, till, vera):
        till.record(receipt(line("100.00"), phone=vera.phone, at=BOUGHT_AT))
        till.record(
            receipt(line("50.00"), phone=vera.phone, at=BOUGHT_AT + timedelta(days=80))
        )

        expire_points(now=local("2026-12-31T23:59:59"))
        assert balance(vera) == 150
        expire_points(now=local("2027-01-01T00:00"))
        assert balance(vera) == 0

    def test_counts_from_no_return(self, till, vera):
        bought = receipt(line("100.00"), line("50.00"), phone=vera.phone, at=BOUGHT_AT)
        till.record(bought)
        till.record(
            receipt(
                return_line("50.00"),
                at=BOUGHT_AT + timedelta(days=80),
                phone=vera.phone,
                originalReceipt=bought["uniqueReceiptId"],
            )
        )

        assert self.lapses() == {"2026-10-01"}

    def test_goes_on_by_what_earns_nothing(self, till, vera):
        """A gift card: bought, though it gives no points."""
        till.record(receipt(line("100.00"), phone=vera.phone, at=BOUGHT_AT))

        card = line("500.00", awardsBonus=False)
        till.record(receipt(card, phone=vera.phone, at=BOUGHT_AT + timedelta(days=80)))

        assert self.lapses() == {"2027-01-01"}

    def test_is_over_at_midnight_whether_or_not_the_night_came_by(
        self, till, vera, time_machine
    ):
        """At twenty past midnight nothing lives on that lapsed at midnight."""
        till.record(receipt(line("100.00"), phone=vera.phone, at=BOUGHT_AT))
        time_machine.move_to(local("2026-10-01T00:21"), tick=False)
        answer = till.record(
            receipt(line("50.00"), phone=vera.phone, at=local("2026-10-01T00:20"))
        )
        assert answer["pointsEarned"] == 50

        expire_points(now=local("2026-10-01T03:00"))

        assert balance(vera) == 50
        assert Lot.objects.get(remaining__gt=0).points == 50

    def test_is_not_over_for_what_was_bought_offline_before(
        self, till, vera, time_machine
    ):
        """Offline for two weeks: bought on 30 September, in on 13 October."""
        bought = receipt(line("100.00"), line("20.00"), phone=vera.phone, at=BOUGHT_AT)
        till.record(bought)
        expire_points(now=local("2026-10-01T03:00"))
        assert balance(vera) == 0
        time_machine.move_to(local("2026-10-13T12:00"), tick=False)

        late = receipt(line("50.00"), phone=vera.phone, at=local("2026-09-30T18:00"))
        answer = till.record(late)

        assert (answer["pointsEarned"], answer["pointsBalance"]) == (50, 170)
        assert balance(vera) == 170
        assert {each.expires_at for each in Lot.objects.filter(remaining__gt=0)} == {
            local("2027-04-01T00:00")
        }
        # They are there to take again, too.
        back = return_line("20.00", originalLine=2)
        till.record(
            receipt(
                back,
                phone=vera.phone,
                at=local("2026-10-13T11:00"),
                originalReceipt=bought["uniqueReceiptId"],
            )
        )
        assert balance(vera) == 150
        till.record(late)
        assert balance(vera) == 150
        expire_points(now=local("2027-04-01T00:00"))
        assert balance(vera) == 0

    def test_is_over_for_what_lapsed_before_a_late_receipt(
        self, till, vera, time_machine
    ):
        till.record(receipt(line("100.00"), phone=vera.phone, at=BOUGHT_AT))
        expire_points(now=local("2026-10-01T03:00"))
        time_machine.move_to(local("2026-10-13T12:00"), tick=False)

        till.record(
            receipt(line("50.00"), phone=vera.phone, at=local("2026-10-02T18:00"))
        )

        assert balance(vera) == 50

    def test_pays_a_debt_with_what_comes_back(self, till, vera, time_machine):
        bought = receipt(line("100.00"), phone=vera.phone, at=BOUGHT_AT)
        till.record(bought)
        expire_points(now=local("2026-10-01T03:00"))
        time_machine.move_to(local("2026-10-13T12:00"), tick=False)
        at = local("2026-10-12T12:00")
        other = receipt(line("30.00"), phone=vera.phone, at=at)
        till.record(other)
        post(
            member_id=vera.pk,
            kind=Entry.Kind.SPEND,
            points=-30,
            key="used",
            at=at,
            now=at,
        )
        till.record(
            receipt(
                return_line("30.00"),
                phone=vera.phone,
                at=at,
                originalReceipt=other["uniqueReceiptId"],
            )
        )
        assert balance(vera) == -30

        till.record(
            receipt(line("50.00"), phone=vera.phone, at=local("2026-09-30T18:00"))
        )

        assert balance(vera) == 120

    def test_goes_on_for_points_that_a_merge_has_moved(self, till, vera, programme):
        other = MemberFactory(programme=programme)
        till.record(receipt(line("100.00"), phone=other.phone, at=BOUGHT_AT))
        merge_members(kept=vera, merged=other, staff=None, now=BOUGHT_AT)

        till.record(receipt(phone=vera.phone, at=BOUGHT_AT + timedelta(days=80)))

        open_lots = Lot.objects.filter(member=vera, remaining__gt=0)
        assert {lot.expires_at for lot in open_lots} == {local("2027-01-01T00:00")}


class TestOffline:
    def test_receipts_of_two_weeks_count_on_their_own_days(
        self, till, vera, publish, time_machine
    ):
        """F9: a till was cut off; its receipts come in backwards."""
        time_machine.move_to(BOUGHT_AT + timedelta(days=14), tick=False)
        sold = [
            receipt(line("10.00"), phone=vera.phone, at=BOUGHT_AT + timedelta(days=day))
            for day in range(14)
        ]

        for each in reversed(sold):
            till.record(each)

        assert balance(vera) == 140
        days = Activity.objects.filter(member=vera).order_by("on")
        assert [day.points for day in days] == [10] * 14
        assert days[0].on.isoformat() == "2026-03-14"


class TestNights:
    @pytest.mark.parametrize(
        ("at", "day"),
        [
            (datetime(2026, 3, 28, 22, 59, 59, tzinfo=UTC), "2026-03-28"),
            (datetime(2026, 3, 28, 23, 0, tzinfo=UTC), "2026-03-29"),
            (datetime(2026, 3, 29, 22, 0, tzinfo=UTC), "2026-03-30"),
            (datetime(2026, 10, 24, 22, 0, tzinfo=UTC), "2026-10-25"),
            (datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC), "2026-10-25"),
            (datetime(2026, 10, 25, 23, 0, tzinfo=UTC), "2026-10-26"),
        ],
    )
    def test_in_which_clocks_change_have_their_own_day(
        self, till, vera, at, day, time_machine
    ):
        time_machine.move_to(at + timedelta(days=1), tick=False)

        till.record(receipt(line("10.00"), phone=vera.phone, at=at))

        assert Activity.objects.get().on.isoformat() == day
