"""What tills, shops and members are told while worse terms run down.

500 points are 50 kr; from 1 March 700 are. Until 31 March the old terms run down.
"""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from enrolment.views.web import gains_of
from offers.models import Voucher
from points.programme.leaflet import in_short, leaflet_of
from points.reading import dump
from points.selectors import value_of
from points.terms import Terms, VoucherMode, Vouchers, VoucherStep
from purchases.loading.services import load_receipts
from purchases.models import Receipt
from purchases.replay.words import assumptions
from tests.factories.points import EarningRuleFactory
from tests.factories.portal import signed_in
from tests.factories.purchases import TillClient, line, receipt
from tests.factories.stores import ApiKeyFactory
from tests.purchases import books
from tests.purchases.replaying import ask, draft_of

pytestmark = pytest.mark.django_db
STARTS = datetime(2026, 2, 28, 23, 0, tzinfo=UTC)
LAST_DAY = date(2026, 3, 31)
ON_20_MARCH = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
ON_2_APRIL = datetime(2026, 4, 2, 12, 0, tzinfo=UTC)


def terms(mode, *steps):
    steps = tuple(VoucherStep(points, Decimal(value)) for points, value in steps)
    return dump(Terms(vouchers=Vouchers(mode=mode, steps=steps)))


def run_down(programme, mode):
    EarningRuleFactory(
        programme=programme, published=True, terms=terms(mode, (500, 50))
    )
    return EarningRuleFactory(
        programme=programme,
        published=True,
        starts_at=STARTS,
        runs_down_until=LAST_DAY,
        terms=terms(mode, (700, 49)),
        point_value=Decimal("0.07"),
        reward_points=700,
    )


@pytest.fixture
def newer(programme):
    return run_down(programme, VoucherMode.CHOICE)


@pytest.fixture
def at_20_march(time_machine):
    time_machine.move_to(ON_20_MARCH + timedelta(minutes=1), tick=False)


@pytest.fixture
def key(programme, at_20_march):
    return ApiKeyFactory(programme=programme)


class TestTill:
    def test_is_told_what_the_balance_is_worth_on_the_day_of_purchase(
        self, newer, shop, key, vera, time_machine
    ):
        till = TillClient(key)
        body = receipt(line("100.00"), phone=vera.phone, at=ON_20_MARCH)

        first = till.send(body)
        time_machine.move_to(ON_2_APRIL, tick=False)
        repeated = till.send(body, key="another-key")
        later = till.record(receipt(line("100.00"), phone=vera.phone, at=ON_2_APRIL))

        assert first.json()["pointsBalanceWorth"] == "10.00"
        assert repeated.json() == first.json()
        assert later["pointsBalanceWorth"] == "14.00"

    def test_hands_out_the_voucher_at_500(self, programme, shop, key, vera):
        run_down(programme, VoucherMode.AUTOMATIC)

        answer = TillClient(key).record(
            receipt(line("510.00"), phone=vera.phone, at=ON_20_MARCH)
        )

        assert answer["pointsBalance"] == 10
        assert Voucher.objects.get().value == Decimal("50.00")

    def test_looks_up_what_points_are_worth(self, newer, shop, key, vera, time_machine):
        TillClient(key).record(
            receipt(line("100.00"), phone=vera.phone, at=ON_20_MARCH)
        )

        def looked_up():
            return Client().post(
                "/api/v1/members/lookup",
                data=json.dumps({"mobile": vera.phone}),
                content_type="application/json",
                headers={"Authorization": f"Bearer {key.plain}"},
            )

        assert looked_up().json()["pointsWorth"] == "10.00"
        time_machine.move_to(ON_2_APRIL, tick=False)
        assert looked_up().json()["pointsWorth"] == "7.00"


class TestLoad:
    def test_hands_out_the_voucher_at_500(self, programme, shop, at_20_march, vera):
        run_down(programme, VoucherMode.AUTOMATIC)
        contact = books.ContactIn(books.ContactKind.PHONE, vera.phone)
        bought = [
            books.receipt(
                books.item(paid), at=ON_20_MARCH, contact=contact, store_code="101"
            )
            for paid in ("300.00", "210.00")
        ]

        load_receipts(programme=programme, receipts=bought, now=ON_20_MARCH)

        assert Receipt.objects.count() == 2
        assert Voucher.objects.get().value == Decimal("50.00")


class TestApi:
    def test_says_what_holds_and_until_when(self, newer, key):
        answer = (
            Client()
            .get(
                "/api/v1/programme",
                {"language": "en"},
                headers={"Authorization": f"Bearer {key.plain}"},
            )
            .json()
        )

        assert answer["version"] == newer.version
        assert answer["betterTermsUntil"] == "2026-03-31"
        assert answer["worthOfAPoint"]["least"] == "0.1000"
        assert [each["points"] for each in answer["voucherSteps"]] == [500]


class TestMembers:
    def said(self, programme, now):
        with translation.override("en"):
            return [each.replace("\xa0", " ") for each in in_short(programme, now=now)]

    def test_read_what_holds_until_when_and_what_comes_then(self, programme, newer):
        assert self.said(programme, ON_20_MARCH) == [
            "You get 1 point per krona.",
            "Up to and including 31 March 2026: 1 point is worth 10 öre.",
            "From 1 April 2026: 1 point is worth 7 öre.",
            "Up to and including 31 March 2026: 500 points become a 50 kr voucher.",
            "From 1 April 2026: 700 points become a 49 kr voucher.",
        ]
        assert self.said(programme, ON_2_APRIL) == [
            "You get 1 point per krona.",
            "1 point is worth 7 öre.",
            "700 points become a 49 kr voucher.",
        ]

    def test_read_it_on_the_page_that_explains_the_programme(self, programme, newer):
        with translation.override("en"):
            found = leaflet_of(programme, now=ON_20_MARCH)

        by_key = {each.key: each.sentences for each in found.sections}
        assert found.version == newer.version
        assert len(by_key["vouchers"]) == 5
        assert by_key["vouchers"][0].startswith(
            "Up to and including 31 March 2026: 500"
        )

    def test_who_join_are_promised_what_lasts(self, programme, newer, at_20_march):
        with translation.override("en"):
            said = [each.replace("\xa0", " ") for each in gains_of(programme)]

        assert said == ["1 point per krona", "700 points become a 49 kr voucher"]

    def test_see_what_a_purchase_was_worth_on_its_day(
        self, newer, shop, key, vera, time_machine
    ):
        TillClient(key).record(
            receipt(line("100.00"), phone=vera.phone, at=ON_20_MARCH)
        )
        time_machine.move_to(ON_2_APRIL)
        phone = signed_in(vera, now=ON_2_APRIL)
        phone.cookies["language"] = "en"
        public_id = Receipt.objects.get().public_id

        page = phone.get(f"/me/receipts/{public_id}/").content.decode()

        assert "worth 10\xa0kr" in page

    def test_choose_by_the_better_terms(self, newer, shop, key, vera):
        TillClient(key).record(
            receipt(line("600.00"), phone=vera.phone, at=ON_20_MARCH)
        )
        phone = signed_in(vera, now=ON_20_MARCH)
        phone.cookies["language"] = "en"
        url = reverse("portal:voucher-choose", args=[500])

        listed = phone.get(reverse("portal:vouchers")).content.decode()
        asked = phone.get(url)
        form = {
            "version": asked.context["version"],
            "until": asked.context["until"].isoformat(),
            "key": str(asked.context["key"]),
        }
        assert f'name="until" value="{form["until"]}"' in asked.content.decode()
        phone.post(url, {**form, "until": ""})
        assert not Voucher.objects.exists()
        phone.post(url, form)

        assert "holds up to and including" in listed
        assert Voucher.objects.get().value == Decimal("50.00")


class TestDesk:
    def test_shows_what_holds_and_what_comes(
        self, programme, newer, mia, desk_client, at_20_march
    ):
        desk = desk_client(mia)
        desk.cookies["language"] = "en"

        overview = desk.get(reverse("points:programme")).content.decode()
        version = desk.get(
            reverse("points:version-detail", args=[newer.public_id])
        ).content.decode()

        assert "Up to and including 31 March 2026: 1 point" in overview
        assert "From 1 April 2026: 700 points" in overview
        assert "500 points become a 50" in version


class TestReplay:
    NOTE = "The days on which points keep their old worth are left out"

    def said(self, draft):
        replay = ask(draft)
        with translation.override("en"):
            return " ".join(assumptions(replay, value_of(draft)))

    def test_says_that_it_leaves_those_days_out(self, rule):
        assert self.NOTE in self.said(draft_of(rule, reward_points=700))

    def test_says_nothing_of_it_where_points_lose_nothing(self, rule):
        assert self.NOTE not in self.said(
            draft_of(rule, points_per_unit=Decimal("0.5"))
        )
