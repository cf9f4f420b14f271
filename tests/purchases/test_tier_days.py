"""Days of before anybody counted them: counted at a club's first review."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from points.models import Activity, EarningRule, TierPeriod, TierRun
from points.reading import dump
from points.terms import Ladder, Money, ReturnPolicy, Terms, Tier
from points.tiers import nightly
from purchases import tier_days
from purchases.loading.services import load_receipts
from purchases.rules import Club, ContactIn, ContactKind, LineKind
from tests.factories.members import MemberFactory
from tests.factories.stores import StoreFactory
from tests.purchases import books
from tests.purchases.test_loader import NOW, START, line, receipt, record_all

pytestmark = pytest.mark.django_db
SINCE = date(2024, 9, 1)
DAY = timedelta(days=1)
NAMES = {"sv": "Guld", "da": "Guld", "en": "Gold"}
LADDER = Ladder(
    tiers=(
        Tier("base", NAMES, Decimal(0)),
        Tier("silver", NAMES, Decimal(1000)),
        Tier("gold", NAMES, Decimal(5000)),
    )
)
IN_DANISH_MONEY = Terms(currencies={"DKK": Money(Decimal("1.5"), Decimal("0.07"))})


def publish(programme, terms, *, version=1, starts_at=None):
    return EarningRule.objects.create(
        programme=programme,
        version=version,
        status=EarningRule.Status.PUBLISHED,
        starts_at=starts_at or datetime(2023, 1, 1, tzinfo=UTC),
        points_per_unit=Decimal(1),
        excluded_groups=["Tobak"],
        expires_after_months=24,
        point_value=Decimal("0.1"),
        reward_points=500,
        terms=dump(terms),
    )


def days():
    """Return what was counted; a day on which all came back counts nothing."""
    return list(
        Activity.objects.exclude(spend=0, visits=0, points=0)
        .order_by("member", "on")
        .values_list("member", "on", "spend", "visits", "points", "actions")
    )


@pytest.fixture
def people(programme):
    members = MemberFactory.create_batch(4, programme=programme)
    blocked = MemberFactory(programme=programme, blocked=True)
    return [
        *(ContactIn(ContactKind.PHONE, each.phone) for each in [*members, blocked]),
        None,
    ]


@pytest.fixture
def stores(programme):
    return [StoreFactory(programme=programme, code=code) for code in ("1", "2")]


class TestFill:
    @pytest.mark.parametrize(
        "policy", [ReturnPolicy.NEGATIVE, ReturnPolicy.BALANCE], ids=str
    )
    def test_counts_what_each_receipt_counted(self, programme, stores, people, policy):
        """Bought, brought back in part, whole and without its receipt, in two kinds
        of money, by members, by one who is blocked and by nobody.
        """
        publish(programme, replace(IN_DANISH_MONEY, returns=policy))
        vera, dag, eva, _ulla, blocked, nobody = people
        shoes, hat = line(1, paid="800.00"), line(2, paid="249.50")
        smokes = line(3, paid="90.00", article_group="Tobak")
        back = partial(line, kind=LineKind.RETURN)
        sent = [
            receipt("a", [shoes, hat, smokes], contact=vera),
            receipt("b", [shoes], contact=vera, at=START + DAY),
            receipt("c", [hat], contact=dag),
            receipt("d", [shoes, hat], contact=blocked),
            receipt("e", [shoes], contact=nobody),
            replace(receipt("f", [hat], contact=eva), currency="DKK"),
            receipt("g", [smokes], contact=eva, at=START + DAY),
            receipt(
                "a-back", [back(1, paid="249.50", original_number=2)],
                at=START + 3 * DAY, contact=vera, original="a",
            ),
            receipt(
                "c-back", [back(1, paid="249.50", original_number=1)],
                at=START + 3 * DAY, contact=dag, original="c",
            ),
            receipt(
                "loose", [back(1, paid="100.00"), line(2, paid="50.00")],
                at=START + 4 * DAY, contact=vera,
            ),
        ]  # fmt: skip
        club = Club(programme.pk, "SEK", "SE", programme.zone)
        assert record_all(club, sent) == []
        counted = days()
        Activity.objects.all().delete()

        tier_days.fill(programme.pk, SINCE)

        assert days() == counted
        assert [spend for _member, _on, spend, *_rest in counted] == [
            Decimal("800.00"),
            Decimal("800.00"),
            Decimal("-50.00"),
            Decimal("374.25"),
            Decimal("0.00"),
        ]

    def test_counts_a_day_once(self, programme, stores, people):
        publish(programme, Terms())
        bought = books.receipt(
            books.item("100.00"), at=NOW, contact=people[0], store_code="1"
        )
        load_receipts(programme=programme, receipts=[bought], now=NOW)
        before = days()

        assert tier_days.fill(programme.pk, SINCE) == 0
        assert days() == before

    def test_counts_nothing_of_before_or_of_another_club(
        self, programme, stores, people
    ):
        publish(programme, Terms())
        bought = books.receipt(
            books.item("100.00"), at=NOW, contact=people[0], store_code="1"
        )
        load_receipts(programme=programme, receipts=[bought], now=NOW)
        Activity.objects.all().delete()

        tier_days.fill(programme.pk + 1, SINCE)
        tier_days.fill(programme.pk, NOW.date() + timedelta(days=1))

        assert not Activity.objects.exists()


class TestTheFirstReview:
    def test_gives_tiers_from_the_past_at_once(self, programme, stores, people):
        """The club has sold for two years; today it has a ladder."""
        publish(programme, Terms())
        load_receipts(
            programme=programme,
            receipts=[
                books.receipt(
                    books.item(paid),
                    at=NOW - timedelta(days=ago),
                    contact=contact,
                    store_code="1",
                )
                for paid, ago, contact in (
                    ("3000.00", 300, people[0]),
                    ("2500.00", 20, people[0]),
                    ("1200.00", 100, people[1]),
                    ("9000.00", 600, people[2]),
                )
            ],
            now=NOW,
        )
        # As with receipts of before anybody counted.
        Activity.objects.all().delete()
        publish(
            programme,
            Terms(ladder=LADDER),
            version=2,
            starts_at=NOW - timedelta(hours=1),
        )

        run = nightly.run(programme=programme, clock=lambda: NOW)

        held = TierPeriod.objects.filter(ends_at=None).order_by("member")
        assert [period.key for period in held] == ["gold", "silver"]
        assert (run.reached, TierRun.objects.count()) == (2, 1)
        assert Activity.objects.count() == 4

    def test_is_the_only_one_that_looks_back(self, programme, stores, people):
        publish(programme, Terms(ladder=LADDER))
        nightly.run(programme=programme, clock=lambda: NOW)
        bought = books.receipt(
            books.item("6000.00"), at=NOW, contact=people[0], store_code="1"
        )
        load_receipts(programme=programme, receipts=[bought], now=NOW)
        Activity.objects.all().delete()

        nightly.run(programme=programme, clock=lambda: NOW + timedelta(days=1))

        assert not Activity.objects.exists()
