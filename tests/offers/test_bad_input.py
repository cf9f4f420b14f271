"""Vouchers and stamp cards answer whatever is sent to them."""

import pytest
from django.urls import reverse

from offers.models import StampCard, Voucher
from tests.bad_input import all_bad
from tests.factories.offers import stamp_card
from tests.offers.test_screens_and_api import gift

pytestmark = pytest.mark.django_db

TEXTS = ("names", "bought", "reward_texts")
CARD = {
    "counts": "ITEMS",
    "needed": "9",
    "starts_on": "2026-01-01",
    "groups": "Kaffe",
    "reward": "MONEY",
    "reward_value": "10",
    "reward_valid_days": "30",
    **{f"{name}_{each}": "x" for name in TEXTS for each in ("sv", "da", "en")},
}


@pytest.fixture
def desk(olga, desk_client):
    return desk_client(olga)


class TestCards:
    def test_answer_what_is_written_of_a_new_one(self, desk, programme):
        for what, data in all_bad({*CARD, "ends_on", "skus", "reward_skus"}):
            answer = desk.post(reverse("offers:card-new"), data)
            assert answer.status_code == 422, what
        assert not StampCard.objects.exists()

    @pytest.mark.parametrize("field", ["groups", "skus", "reward_groups", "names_sv"])
    def test_keep_no_name_that_no_database_holds(self, desk, programme, olga, field):
        card = stamp_card(programme, olga, published=False)
        address = reverse("offers:card-edit", args=[card.public_id])

        page = desk.post(address, {**CARD, "needed": "7", field: "Kaffe, \0"})

        assert page.status_code == 422
        assert 'value="7"' in page.content.decode()

    @pytest.mark.parametrize("verb", ["publish", "end", "copy"])
    @pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
    def test_live_through_the_ends_of_the_calendar(self, desk, programme, verb, day):
        desk.post(reverse("offers:card-new"), {**CARD, "starts_on": day})
        card = StampCard.objects.get()

        for name in (verb, "detail"):
            address = reverse(f"offers:card-{name}", args=[card.public_id])
            by = desk.get if name == "detail" else desk.post
            assert by(address).status_code in {200, 302}


class TestVouchers:
    @pytest.mark.parametrize("verb", ["void", "reactivate"])
    def test_answer_any_reason(self, desk, programme, member, verb):
        gift(member)
        voucher = Voucher.objects.get()
        address = reverse(f"offers:voucher-{verb}", args=[voucher.public_id])

        for what, data in all_bad(["reason"]):
            assert desk.post(address, data).status_code in {200, 302, 422}, what
