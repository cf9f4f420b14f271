"""Goodwill, tiers and books answer whatever is sent to them."""

import pytest
from django.urls import reverse

from points.models import BreakageAssumption, Entry, GoodwillReason, TierPeriod
from tests.bad_input import all_bad
from tests.factories.members import MemberFactory
from tests.factories.stores import StoreFactory
from tests.factories.tiers import publish_ladder

pytestmark = pytest.mark.django_db

NAMES = {f"name_{language}": "Kö" for language in ("sv", "da", "en")}
AMOUNTS = {
    **{
        f"{who}_{what}": "10"
        for who in ("staff", "manager")
        for what in ("one_grant", "per_day", "per_month")
    },
    "store_per_day": "100",
    "store_per_month": "200",
}


@pytest.fixture
def desk(olga, desk_client):
    return desk_client(olga)


def answers(desk, address, fields):
    """Return what an address answers to garbage, by its status."""
    return {desk.post(address, data).status_code for _what, data in all_bad(fields)}


class TestGoodwill:
    @pytest.mark.parametrize(
        ("name", "fields"),
        [
            ("reason-add", NAMES),
            ("reason-edit", NAMES),
            ("reason-move", ["direction", "to", "up"]),
            ("allowance", AMOUNTS),
            ("store-allowance", AMOUNTS),
        ],
        ids=["reason-add", "reason-edit", "reason-move", "allowance", "of-a-store"],
    )
    def test_answers(self, desk, programme, name, fields):
        of = {
            "reason-edit": GoodwillReason.objects.filter(programme=programme).first(),
            "reason-move": GoodwillReason.objects.filter(programme=programme).first(),
            "store-allowance": StoreFactory(programme=programme),
        }.get(name)
        address = reverse(f"goodwill:{name}", args=[of.public_id] if of else [])

        assert answers(desk, address, fields) <= {200, 302, 422}


class TestTiers:
    def test_answer_and_are_given_to_nobody(self, desk, programme):
        publish_ladder(programme)
        member = MemberFactory(programme=programme)
        address = reverse("tiers:grant", args=[member.public_id])

        assert answers(desk, address, ["tier", "until", "reason"]) <= {200, 422}
        for day in ("9999-12-31", "0001-01-01", "2026-02-30"):
            data = {"tier": "guld", "until": day, "reason": "\0"}
            assert desk.post(address, data).status_code == 422
        assert not TierPeriod.objects.exists()


class TestBooks:
    def test_answer_and_close_nothing(self, desk, programme):
        address = reverse("points:month-close")

        assert answers(desk, address, ["month"]) == {302}

    def test_answer_and_assume_nothing(self, desk, programme):
        fields = ["valid_from", "used_share", "because"]
        address = reverse("points:assumption-add")

        assert answers(desk, address, fields) == {422}
        assert not BreakageAssumption.objects.exists()

    def test_adjust_nothing_by_what_another_system_sends(
        self, client, api_key, programme
    ):
        member = MemberFactory(programme=programme)
        address = reverse("api-points:adjustments", args=[member.public_id])
        bearer = {"Authorization": f"Bearer {api_key.plain}"}

        for what, data in all_bad(["points", "reason", "at"]):
            answer = client.post(
                address,
                data,
                content_type="application/json",
                headers={**bearer, "Idempotency-Key": what},
            )
            assert answer.status_code < 500, what
        assert not Entry.objects.exists()
