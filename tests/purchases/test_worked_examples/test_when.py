"""Every condition of a multiplier at its edges, by the programme's clock."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from points.terms import Birthday, Goods, Multiplier, Terms, When
from purchases.rules import Buyer, Shelf
from tests.factories.members import MemberFactory
from tests.factories.purchases import line
from tests.factories.purchases import receipt as sent
from tests.purchases.books import decide, item, receipt, version

STOCKHOLM = ZoneInfo("Europe/Stockholm")
HELSINKI = ZoneInfo("Europe/Helsinki")


def is_doubled(when, *lines, at=None, buyer=None, shelf=None, **fields):
    """Tell whether a purchase counts twice under a condition."""
    rule = version(Terms(multipliers=(Multiplier("x", Decimal(2), when),)))
    at = at or datetime(2026, 3, 14, 12, tzinfo=STOCKHOLM)
    bought = receipt(*(lines or (item("100.00"),)), at=at.astimezone(UTC), **fields)
    verdict = decide(bought, rule, buyer=buyer or Buyer(1, "ACTIVE"), shelf=shelf)
    return verdict.lines[0].multipliers == ("x",)


def moment(text, zone=STOCKHOLM):
    return datetime.fromisoformat(text).replace(tzinfo=zone)


class TestPeriod:
    WHEN = When(starts_on=date(2026, 5, 1), ends_on=date(2026, 5, 31))

    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            ("2026-04-30T23:59:59", False),
            ("2026-05-01T00:00:00", True),
            ("2026-05-31T00:00:00", True),
            # The last day is whole: F30.
            ("2026-05-31T23:59:59.999999", True),
            ("2026-06-01T00:00:00", False),
        ],
    )
    def test_has_its_last_day_whole(self, at, expected):
        assert is_doubled(self.WHEN, at=moment(at)) is expected

    @pytest.mark.parametrize(
        ("at", "zone", "expected"),
        [
            # 23:30 on 30 April in Stockholm, whatever the till's own zone says: F29.
            ("2026-05-01T00:30:00", HELSINKI, False),
            ("2026-05-01T01:00:00", HELSINKI, True),
            ("2026-04-30T21:59:59", UTC, False),
            ("2026-04-30T22:00:00", UTC, True),
        ],
    )
    def test_is_read_by_the_programmes_calendar(self, at, zone, expected):
        assert is_doubled(self.WHEN, at=moment(at, zone)) is expected

    def test_open_at_either_end_holds_for_ever(self):
        assert is_doubled(When(starts_on=date(2020, 1, 1)))
        assert is_doubled(When(ends_on=date(2030, 1, 1)))


class TestWeekdays:
    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            ("2026-03-13T23:59:59", False),
            ("2026-03-14T00:00:00", True),
            ("2026-03-15T23:59:59", True),
            ("2026-03-16T00:00:00", False),
        ],
    )
    def test_begin_and_end_at_midnight(self, at, expected):
        assert is_doubled(When(weekdays=(6, 7)), at=moment(at)) is expected


class TestHours:
    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            ("15:59:59.999999", False),
            ("16:00:00", True),
            ("17:59:59.999999", True),
            ("18:00:00", False),
        ],
    )
    def test_begin_at_the_first_and_end_before_the_second(self, at, expected):
        when = When(hours=(time(16), time(18)))

        assert is_doubled(when, at=moment(f"2026-03-14T{at}")) is expected

    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            ("21:59:59", False), ("22:00:00", True), ("23:59:59", True),
            ("00:00:00", True), ("01:59:59", True), ("02:00:00", False),
        ],
    )  # fmt: skip
    def test_may_go_over_midnight(self, at, expected):
        when = When(hours=(time(22), time(2)))

        assert is_doubled(when, at=moment(f"2026-03-14T{at}")) is expected

    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            # 29 March 2026: 02:00 to 03:00 does not exist.
            (datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC), False),
            (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), False),
            # 25 October 2026: it is 02:30 twice, and both count.
            (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), True),
            (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), True),
            (datetime(2026, 10, 25, 2, 0, tzinfo=UTC), False),
        ],
    )
    def test_are_those_of_the_clock_on_the_wall_when_clocks_change(self, at, expected):
        assert is_doubled(When(hours=(time(2), time(3))), at=at) is expected


class TestTotal:
    @pytest.mark.parametrize(
        ("paid", "expected"), [("499.99", False), ("500.00", True)]
    )
    def test_counts_all_goods_of_the_receipt(self, paid, expected):
        when = When(least_total=Decimal(500))
        rest = item(str(Decimal(paid) - 100), group="Presentkort")

        assert is_doubled(when, item("100.00"), rest) is expected


class TestPlace:
    def test_is_the_stores_code(self):
        when = When(stores=("101", "102"))

        assert is_doubled(when)
        assert not is_doubled(when, store_code="103")

    def test_is_the_stores_channel(self):
        when = When(channels=("WEB",))

        assert is_doubled(when, shelf=Shelf("WEB"))
        assert not is_doubled(when, shelf=Shelf("SHOP"))

    def test_is_what_the_store_is(self, till, vera, shop, publish):
        terms = Terms(
            multipliers=(Multiplier("web", Decimal(2), When(channels=("WEB",))),)
        )
        publish(terms)

        assert till.record(sent(phone=vera.phone))["pointsEarned"] == 249
        shop.kind = "WEB"
        shop.save()
        assert till.record(sent(phone=vera.phone))["pointsEarned"] == 498


class TestGoods:
    SHELF = Shelf(articles={"A": ("Kaffe", "Zoégas")})

    @pytest.mark.parametrize(
        "goods",
        [
            Goods(groups=("HUSHÅLL",)),
            Goods(categories=("kaffe",)),
            Goods(brands=("zoégas",)),
            Goods(skus=("A",)),
            Goods(groups=("nothing",), skus=("A",)),
            Goods(),
        ],
    )
    def test_fit_by_any_of_their_names(self, goods):
        line_ = item("10.00", sku="A", group="Hushåll")

        assert is_doubled(When(goods=goods), line_, shelf=self.SHELF)

    @pytest.mark.parametrize(
        "goods",
        [
            Goods(groups=("",)),
            Goods(groups=("Hushål",)),
            Goods(categories=("te",)),
            Goods(brands=("Gevalia",)),
            Goods(skus=("a",)),
        ],
    )
    def test_fit_by_no_other(self, goods):
        assert not is_doubled(When(goods=goods), item("10.00", sku="A"))


class TestTier:
    def test_is_the_one_of_the_moment_of_purchase(self):
        when = When(tiers=("gold",))

        assert is_doubled(when, buyer=Buyer(1, "ACTIVE", tier="gold"))
        assert not is_doubled(when, buyer=Buyer(1, "ACTIVE", tier="silver"))
        assert not is_doubled(when, buyer=Buyer(1, "ACTIVE"))


class TestBirthday:
    @pytest.mark.parametrize(
        ("kind", "born", "at", "expected"),
        [
            (Birthday.DAY, "1980-05-17", "2026-05-16T23:59:59", False),
            (Birthday.DAY, "1980-05-17", "2026-05-17T00:00:00", True),
            (Birthday.DAY, "1980-05-17", "2026-05-18T00:00:00", False),
            # Born on 29 February: the 28th where there is none.
            (Birthday.DAY, "1992-02-29", "2026-02-28T12:00:00", True),
            (Birthday.DAY, "1992-02-29", "2026-03-01T12:00:00", False),
            (Birthday.DAY, "1992-02-29", "2028-02-28T12:00:00", False),
            (Birthday.DAY, "1992-02-29", "2028-02-29T12:00:00", True),
            # Monday 29 December to Sunday 4 January.
            (Birthday.WEEK, "1980-01-01", "2025-12-28T23:59:59", False),
            (Birthday.WEEK, "1980-01-01", "2025-12-29T00:00:00", True),
            (Birthday.WEEK, "1980-12-31", "2026-01-04T23:59:59", True),
            (Birthday.WEEK, "1980-12-31", "2026-01-05T00:00:00", False),
            (Birthday.MONTH, "1980-02-10", "2026-01-31T23:59:59", False),
            (Birthday.MONTH, "1980-02-10", "2026-02-28T23:59:59", True),
            (Birthday.MONTH, "1980-02-10", "2026-03-01T00:00:00", False),
        ],
    )
    def test_is_as_near_as_the_version_says(self, kind, born, at, expected):
        buyer = Buyer(1, "ACTIVE", born_on=date.fromisoformat(born))

        assert is_doubled(When(birthday=kind), at=moment(at), buyer=buyer) is expected

    def test_that_nobody_knows_is_none(self):
        assert not is_doubled(When(birthday=Birthday.MONTH))

    def test_is_read_from_the_member(self, till, programme, publish):
        when = When(birthday=Birthday.MONTH)
        publish(Terms(multipliers=(Multiplier("b", Decimal(2), when),)))
        born = MemberFactory(programme=programme, birthday_on=date(1980, 3, 31))
        other = MemberFactory(programme=programme, birthday_on=date(1980, 4, 1))

        assert till.record(sent(phone=born.phone))["pointsEarned"] == 498
        assert till.record(sent(phone=other.phone))["pointsEarned"] == 249


class TestFirstPurchase:
    @pytest.fixture(autouse=True)
    def _version(self, publish):
        when = When(first_purchase=True)
        publish(Terms(multipliers=(Multiplier("first", Decimal(3), when),)))

    def test_counts_once_also_when_it_comes_back(self, till, vera):
        first = sent(line("100.00"), phone=vera.phone)

        assert till.record(first)["pointsEarned"] == 300
        till.record(
            sent(
                line("100.00", type="RETURN", quantity="-1"),
                originalReceipt=first["uniqueReceiptId"],
            )
        )
        assert (
            till.record(sent(line("100.00"), phone=vera.phone))["pointsEarned"] == 100
        )

    def test_is_the_first_that_comes_in(self, till, vera):
        at = datetime(2026, 3, 14, 11, 30, tzinfo=UTC)
        later = till.record(sent(line("100.00"), phone=vera.phone, at=at))
        # Two weeks on its way: what was given first stays first.
        earlier = till.record(
            sent(line("100.00"), phone=vera.phone, at=at - timedelta(days=14))
        )

        assert (later["pointsEarned"], earlier["pointsEarned"]) == (300, 100)

    def test_is_not_one_without_goods_that_earn(self, till, vera):
        till.record(sent(line("500.00", articleGroup="Presentkort"), phone=vera.phone))

        assert (
            till.record(sent(line("100.00"), phone=vera.phone))["pointsEarned"] == 300
        )
