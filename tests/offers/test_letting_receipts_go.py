"""Receipts that are a member's no more, and what vouchers and stamps still know."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, models, transaction

from consent.erasure import erase_member
from consent.retention.kinds import Due, find
from members.merging import merge_members
from offers.models import MemberCard, Redemption, Stamp, Voucher, VoucherEvent
from offers.vouchers import services
from offers.vouchers.services import Gift
from purchases.models import Receipt
from tests.factories.members import MemberFactory
from tests.factories.offers import BOUGHT_AT, kr, stamp_card
from tests.factories.register import Register, coffees, coffees_back
from tests.factories.stores import StoreFactory

pytestmark = pytest.mark.django_db
PHONE = "+46701740605"
YEARS_AFTER = BOUGHT_AT + timedelta(days=800)
_MODELS = (Voucher, Redemption, VoucherEvent, Stamp)


@pytest.fixture
def vera(programme):
    StoreFactory(programme=programme, code="101")
    return MemberFactory(programme=programme, phone=PHONE)


@pytest.fixture
def card(programme, olga):
    return stamp_card(programme, olga, needed=3)


@pytest.fixture
def receipts(programme, vera, card):
    """Eleven coffees, one brought back, and the voucher of before used and restored."""
    gift = services.give_voucher(
        member=vera,
        gift=Gift(kr(50)),
        reason="",
        key="gift",
        now=BOUGHT_AT - timedelta(days=1),
    )
    register = Register(programme, phone=PHONE)
    first = register.sell(coffees(4), vouchers=[gift.code])
    register.take_back(first, coffees_back(4), at=BOUGHT_AT + timedelta(days=1))
    at = BOUGHT_AT + timedelta(days=2)
    second = register.sell(coffees(7), at=at, vouchers=[gift.code])
    register.take_back(second, coffees_back(1), at=at + timedelta(days=1))
    return set(Receipt.objects.values_list("public_id", flat=True))


def let_go(programme):
    kind = find("receipts")
    before = YEARS_AFTER - timedelta(days=730)
    return kind.prune(Due(programme, before, YEARS_AFTER), 100)


def named():
    """All that vouchers and stamps name by a key of its own."""
    return {
        value
        for model in _MODELS
        for field in model._meta.concrete_fields
        if isinstance(field, models.UUIDField)
        for value in model.objects.values_list(field.attname, flat=True)
    }


def on_the_card(card):
    mine = MemberCard.objects.get(card=card, rewards__gt=0)
    return mine.stamps, mine.rewards


class TestAfterTwoYears:
    def test_nothing_leads_to_a_receipt(self, programme, receipts):
        assert receipts <= named()

        assert let_go(programme) == 4

        assert not receipts & named()
        for use in Redemption.objects.all():
            assert (use.store, use.amount, use.quantity) == (None, 0, 0)
        assert not VoucherEvent.objects.filter(kind="USED", store__isnull=False)
        assert not Voucher.objects.exclude(used_receipt=None, caused_by=None).exists()
        for receipt in Receipt.objects.all():
            left = (receipt.exact, receipt.returned_exact, receipt.tier)
            assert left == (0, 0, "")

    def test_the_stamps_are_worth_what_they_were(
        self, programme, receipts, vera, card, olga
    ):
        assert on_the_card(card) == (6, 2)
        let_go(programme)

        # A merge works all out again.
        twin = MemberFactory(programme=programme)
        merge_members(kept=vera, merged=twin, staff=olga, now=YEARS_AFTER)

        assert on_the_card(card) == (6, 2)

    def test_a_younger_receipt_is_still_named(self, programme, receipts):
        Register(programme, phone=PHONE).sell(
            coffees(1), at=YEARS_AFTER - timedelta(days=1)
        )
        young = Receipt.objects.latest("pk").public_id

        assert let_go(programme) == 4

        assert young in named()


class TestErasure:
    def test_leaves_nothing_that_leads_to_a_receipt(self, receipts, vera):
        erase_member(member=vera, now=YEARS_AFTER)

        assert not receipts & named()


class TestTheLog:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE offers_voucherevent SET value = 9",
            "UPDATE offers_stamp SET number = 9",
            "UPDATE offers_stamp SET at = now()",
        ],
    )
    def test_still_only_lets_receipts_go(self, receipts, statement):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL stamkund.cutting_loose = 'on'")

        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
