"""Using vouchers in a set does what using them one by one does."""

from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from members.models import Event
from offers.models import Redemption, Voucher, VoucherEvent
from offers.vouchers import services
from offers.vouchers.many import Use, use_many
from offers.vouchers.services import Gift
from offers.vouchers.validity import CannotUse, refusing
from tests.factories.members import MemberFactory
from tests.factories.offers import BOUGHT_AT, kr

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
_ONE = """
SELECT offers_redeem(%s, v.code, v.member_id, false, %s, %s, '', %s, %s,
    jsonb_build_array(jsonb_build_object('kind', 'PURCHASE', 'number', 1, 'sku', '',
        'amount', %s::text, 'quantity', %s::text)))
FROM offers_voucher v WHERE v.id = %s
"""


@pytest.fixture
def vouchers(programme, member, other_store):
    """Some of every fate; the last two are the same member's."""
    held = MemberFactory(programme=programme)
    owners = [*MemberFactory.create_batch(5, programme=programme), held, member, member]
    made = [
        services.give_voucher(
            member=owner,
            gift=Gift(kr(50)),
            reason="Late",
            key=f"gift-{number}",
            now=BOUGHT_AT,
        )
        for number, owner in enumerate(owners)
    ]
    used, withdrawn, lapsed, not_yet, reserved = made[:5]
    for voucher, changes in (
        (used, {"status": "USED", "used_at": BOUGHT_AT, "worth": 0}),
        (withdrawn, {"status": "VOID"}),
        (lapsed, {"grace_until": BOUGHT_AT, "expires_at": BOUGHT_AT}),
        (not_yet, {"valid_from": BOUGHT_AT + 3 * DAY}),
        (
            reserved,
            {
                "status": "RESERVED",
                "reserved_until": BOUGHT_AT + 9 * DAY,
                "reserved_key": "web",
                "reserved_store": other_store,
            },
        ),
    ):
        Voucher.objects.filter(pk=voucher.pk).update(**changes)
    held.held_until = BOUGHT_AT + 9 * DAY
    held.save(update_fields=["held_until"])
    return made


def uses_of(vouchers, store):
    return [
        Use(
            voucher_id=voucher.pk,
            receipt=UUID(int=number + 1),
            store_id=store.pk,
            at=BOUGHT_AT + DAY - timedelta(hours=number),
            currency="SEK",
            amount=Decimal("249.50"),
            quantity=Decimal("1.500"),
        )
        for number, voucher in enumerate(vouchers)
    ]


def use_one_by_one(programme, uses, now):
    done = 0
    for use in sorted(uses, key=lambda each: (each.at, each.voucher_id)):
        values = [
            programme.pk,
            use.receipt,
            use.store_id,
            use.at,
            now,
            str(use.amount),
            str(use.quantity),
            use.voucher_id,
        ]
        with suppress(CannotUse), refusing(), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(_ONE, values)
            done += 1
    return done


@contextmanager
def undone():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def written():
    """Return all rows, in order, without the ids that differ at every run."""
    return [
        [
            {
                field.attname: getattr(row, field.attname)
                for field in model._meta.concrete_fields
                if field.attname not in {"id", "xact"}
                and (field.attname != "public_id" or model is Voucher)
            }
            for row in model.objects.order_by("pk")
        ]
        for model in (Voucher, VoucherEvent, Redemption, Event)
    ]


class TestUseMany:
    def test_does_what_one_by_one_does(self, programme, store, vouchers):
        uses = uses_of(vouchers, store)
        now = BOUGHT_AT + DAY
        with undone():
            expected = use_one_by_one(programme, uses, now), written()
        with undone():
            found = (
                use_many(programme_id=programme.pk, uses=uses, now=now),
                written(),
            )

        assert found == expected
        # Those of the one member; whoever is held, or has none that counts, has none.
        assert found[0] == 2

    def test_gives_a_voucher_to_the_earlier_of_two_purchases(
        self, programme, store, vouchers
    ):
        (first,) = uses_of(vouchers[-1:], store)
        later = Use(
            first.voucher_id,
            uuid4(),
            store.pk,
            first.at + DAY,
            "SEK",
            kr(90),
            Decimal(1),
        )

        used = use_many(
            programme_id=programme.pk, uses=[later, first], now=BOUGHT_AT + 2 * DAY
        )

        assert used == 1
        assert Redemption.objects.get().receipt == first.receipt

    def test_changes_nothing_the_second_time(self, programme, store, vouchers):
        uses, now = uses_of(vouchers, store), BOUGHT_AT + DAY
        use_many(programme_id=programme.pk, uses=uses, now=now)
        before = written()

        assert use_many(programme_id=programme.pk, uses=uses, now=now) == 0
        assert written() == before

    def test_leaves_out_what_is_not_for_this_money(self, programme, store, vouchers):
        uses = [replace(use, currency="DKK") for use in uses_of(vouchers, store)]

        assert use_many(programme_id=programme.pk, uses=uses, now=BOUGHT_AT + DAY) == 0

    def test_leaves_another_clubs_vouchers_alone(self, programme, store, vouchers):
        uses = uses_of(vouchers, store)

        assert use_many(programme_id=programme.pk + 1, uses=uses, now=BOUGHT_AT) == 0
        assert not Redemption.objects.exists()
