"""What open vouchers are in the books: owed until they are used or lapse."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.urls import reverse

from offers.models import Voucher
from offers.vouchers import care, services
from offers.vouchers import owed as owed_vouchers
from offers.vouchers.nightly import run_nightly
from offers.vouchers.services import Gift
from points.books import closing, liability
from tests.factories.offers import BOUGHT_AT, back, kr, line, rule_with

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
# The end of March, in Stockholm: summer time has begun.
APRIL_1 = datetime(2026, 3, 31, 22, tzinfo=UTC)
MARCH = date(2026, 3, 1)


def owed(programme, until):
    return liability.books_at(programme=programme, until=until)


class TestAnAutomaticVoucher:
    """Vera has bought for 500 kr: 500 points became a voucher of 50 kr at once."""

    @pytest.fixture
    def voucher(self, programme, member, till):
        rule_with(programme)
        till.buy(member, points=500)
        return Voucher.objects.get()

    def test_is_owed_while_it_is_open(self, programme, voucher):
        books = owed(programme, APRIL_1)

        assert (books.total.outstanding, books.total.used) == (0, 500)
        assert books.liability == books.beside.total == kr(50)
        assert (books.beside.with_purchase, books.beside.number) == (kr(50), 1)

    def test_stands_in_the_closed_month(self, programme, voucher, member, till):
        closed = closing.close_month(
            programme=programme, month=MARCH, staff=None, now=APRIL_1 + DAY
        )
        till.buy(member, vouchers=[voucher.code], at=APRIL_1 + 2 * DAY)

        assert closed.liability == kr(50)
        assert owed(programme, APRIL_1).liability == kr(50)
        assert owed(programme, APRIL_1 + 3 * DAY).liability == 0

    def test_is_owed_as_of_the_day_before_it_was_used(
        self, programme, voucher, member, till
    ):
        bought = till.buy(member, vouchers=[voucher.code], at=BOUGHT_AT + 5 * DAY)

        assert owed(programme, BOUGHT_AT + 4 * DAY).liability == kr(50)
        assert owed(programme, BOUGHT_AT + 6 * DAY).liability == 0
        # Half of the goods come back, and with them half of the voucher.
        till.take_back(member, bought, back(1, amount="50.00"), at=BOUGHT_AT + 7 * DAY)
        assert owed(programme, BOUGHT_AT + 6 * DAY).liability == 0
        assert owed(programme, BOUGHT_AT + 8 * DAY).liability == kr(25)

    def test_is_owed_to_nobody_once_it_has_lapsed(self, programme, voucher):
        over = voucher.grace_until + timedelta(hours=1)
        run_nightly(now=over)

        assert owed(programme, voucher.grace_until - DAY).liability == kr(50)
        assert owed(programme, over).liability == 0

    def test_is_owed_to_nobody_once_it_is_withdrawn(self, programme, voucher, olga):
        care.void_voucher(
            voucher=voucher, reason="By mistake", staff=olga, now=BOUGHT_AT + DAY
        )

        assert owed(programme, BOUGHT_AT + 2 * DAY).liability == 0
        assert owed(programme, BOUGHT_AT + timedelta(hours=1)).liability == kr(50)

    def test_is_apart_where_it_needs_no_purchase(self, programme, voucher, member):
        services.give_voucher(
            member=member,
            gift=Gift(kr(30), needs_purchase=False),
            reason="A late delivery",
            key="gift",
            now=BOUGHT_AT,
        )

        books = owed(programme, APRIL_1)

        assert (books.beside.with_purchase, books.beside.without_purchase) == (
            kr(50),
            kr(30),
        )
        assert books.liability == kr(80)


class TestThePanel:
    def test_obeys_the_date_of_the_page(
        self, desk_client, olga, programme, member, till
    ):
        rule_with(programme)
        till.buy(member, points=500)
        voucher = Voucher.objects.get()
        till.buy(member, line(), vouchers=[voucher.code], at=BOUGHT_AT + 5 * DAY)
        client = desk_client(olga)
        day = (BOUGHT_AT + 2 * DAY).date().isoformat()

        page = client.get(reverse("points:liability"), {"until": day})
        (place,) = page.context["panels"]
        then = client.get(place.url, headers={"HX-Request": "true"})
        now = client.get(
            reverse("offers:liability-panel"), headers={"HX-Request": "true"}
        )

        assert then.context["owed"].total == kr(50)
        assert now.context["owed"].total == 0

    def test_stands_in_the_file(self, desk_client, olga, programme, member, till):
        rule_with(programme)
        till.buy(member, points=500)

        answer = desk_client(olga).get(
            reverse("points:liability"), {"until": "2026-03-31", "format": "csv"}
        )
        lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()

        total = lines[-1].replace(",", ".")
        assert Decimal("50.00") in [
            Decimal(cell)
            for cell in total.replace('"', "").replace("\t", ";").split(";")
            if cell.replace(".", "").isdigit()
        ]


class TestCost:
    def test_reads_the_log_of_vouchers_since_the_day_by_time(
        self, programme, member, till
    ):
        rule_with(programme)
        till.buy(member, points=500)
        with connection.cursor() as cursor:
            # As for a long log: neither read whole nor voucher by voucher.
            for way in ("seqscan", "indexscan", "nestloop"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
            cursor.execute(
                f"EXPLAIN {owed_vouchers._OWED}",
                {"programme": programme.pk, "until": APRIL_1},
            )
            plan = "\n".join(row[0] for row in cursor.fetchall())

        assert "Bitmap Index Scan on voucherevent_by_time" in plan
