"""What vouchers and stamps add to a receipt, however many its member has had."""

from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection

from offers.models import MemberCard, Stamp, Voucher
from offers.vouchers import services
from offers.vouchers.services import Gift
from points import reading
from points.terms import VoucherMode, Vouchers, VoucherStep
from tests.factories.members import MemberFactory
from tests.factories.offers import goods, stamp_card
from tests.factories.points import EarningRuleFactory
from tests.purchases.books import BOUGHT_AT, back, item
from tests.purchases.test_cost import (
    _ANALYZE,
    _HISTORY,
    CURIOUS,
    FEW,
    Explained,
    send,
    sold,
)

pytestmark = pytest.mark.django_db
MANY = 1_000
# 40 points are 4 kr, and nobody has to ask.
TURNING = replace(
    CURIOUS,
    vouchers=Vouchers(mode=VoucherMode.AUTOMATIC, steps=(VoucherStep(40, Decimal(4)),)),
)
# Of every purchase: a stamp that a reward took, and a voucher that was used.
_OFFERS = """
WITH bought AS (
    SELECT r.id, r.public_id, r.purchased_at FROM purchases_receipt r
    WHERE r.member_id = %(member)s
), vouchers AS (
    INSERT INTO offers_voucher
        (public_id, programme_id, member_id, code, kind, value, worth, currency, goods,
         texts, needs_purchase, origin, points, status, issued_at, valid_from,
         expires_at, grace_days, grace_until, reactivations, reserved_key, used_at,
         used_receipt)
    SELECT gen_random_uuid(), %(programme)s, %(member)s,
        upper(lpad(to_hex(b.id), 12, '0')), 'MONEY', 4, 0, 'SEK', '{}', '{}', true,
        'GOODWILL', 0, 'USED', b.purchased_at, b.purchased_at - interval '1 day',
        b.purchased_at + interval '90 days', 0, b.purchased_at + interval '90 days', 0,
        '', b.purchased_at, b.public_id
    FROM bought b
    RETURNING id, member_id, used_at, used_receipt
), uses AS (
    INSERT INTO offers_redemption
        (public_id, voucher_id, member_id, receipt, key, at, recorded_at, value, amount,
         quantity, returned_amount, returned_quantity, given_back, is_undone, lines)
    SELECT gen_random_uuid(), v.id, v.member_id, v.used_receipt, '', v.used_at,
        v.used_at, 4, 100, 1, 0, 0, 0, false, '[]' FROM vouchers v
), log AS (
    INSERT INTO offers_voucherevent
        (voucher_id, member_id, kind, at, recorded_at, value, receipt, reason)
    SELECT v.id, v.member_id, kind, v.used_at, v.used_at, 4, v.used_receipt, ''
    FROM vouchers v CROSS JOIN unnest('{ISSUED,USED}'::text[]) kind
)
INSERT INTO offers_stamp
    (member_id, card_id, kind, number, quantity, receipt, line_number, purchase, at,
     recorded_at, expires_at, remaining)
SELECT %(member)s, %(card)s, 'STAMP', 1, 1, b.public_id, 1, b.public_id,
    b.purchased_at, b.purchased_at, '2030-01-01', 0
FROM bought b
"""


@pytest.fixture
def club(programme, shop, olga):
    rule = EarningRuleFactory(
        programme=programme, published=True, terms=reading.dump(TURNING)
    )
    card = stamp_card(programme, olga, goods=goods(skus=["B"]), needed=FEW)

    def member_with(number):
        member = MemberFactory(programme=programme)
        values = {
            "programme": programme.pk,
            "store": shop.pk,
            "member": member.pk,
            "rule": rule.pk,
            "card": card.pk,
            "number": number,
            "at": BOUGHT_AT,
        }
        with connection.cursor() as cursor:
            cursor.execute(_HISTORY, values)
            cursor.execute(_OFFERS, values)
        MemberCard.objects.create(
            member=member,
            card=card,
            stamps=number,
            rewards=number // FEW,
            changed_at=BOUGHT_AT,
        )
        return member

    return member_with


def gift(member):
    return services.give_voucher(
        member=member, gift=Gift(Decimal(5)), reason="", key="gift", now=BOUGHT_AT
    )


def test_a_receipt_reads_no_more_of_many_vouchers_and_stamps(club):
    few, many = club(FEW), club(MANY)
    with connection.cursor() as cursor:
        cursor.execute(
            f"{_ANALYZE}, offers_voucher, offers_redemption, offers_voucherevent,"
            " offers_stamp, offers_membercard"
        )
        # See test_cost: in a club of a million one member has hardly anything.
        cursor.execute("SET LOCAL enable_seqscan = off")
        # Plans whose cost is forbidding by that would all be compiled.
        cursor.execute("SET LOCAL jit = off")
    read = {}
    for member in (few, many):
        code = gift(member).code
        # Once before, so that the plans are there.
        send(member, sold(member, item("10.00"), item("50.00", sku="B")))
        bought = sold(member, item("100.00"), item("50.00", sku="B"), vouchers=(code,))
        returned = sold(member, back("100.00"), original=bought)
        explained = Explained()
        with connection.execute_wrapper(explained):
            send(member, bought)
            send(member, returned)
        read[member] = explained.pages

    assert len(read[few]) == len(read[many]) == 4
    for little, much in zip(read[few], read[many], strict=True):
        # An index of ten thousand has a level or two more.
        assert much <= little * 1.3 + 24, read
    # All of it took place: points became vouchers, one was used and came back in part.
    mine = Voucher.objects.filter(member=many).exclude(used_receipt__isnull=False)
    assert mine.filter(origin="POINTS").exists()
    assert Voucher.objects.get(code=code).redemptions.get().given_back > 0
    assert Stamp.objects.filter(member=many).count() == MANY + 2
