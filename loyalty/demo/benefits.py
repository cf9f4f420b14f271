"""What the demo club gives for purchases: vouchers, three tiers and a stamp card.

The purchases come in by fortnights, each with what the nights between would have done,
so that vouchers and tiers carry the dates they would have had.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from common.periods import local_day, start_of_day
from offers.models import StampCard
from offers.stamps import services as stamps
from offers.vouchers import many
from offers.vouchers import nightly as vouchers
from points import services as points
from points.models import EarningRule
from points.terms import (
    Ladder,
    Measure,
    Terms,
    Tier,
    VoucherMode,
    Vouchers,
    VoucherStep,
    Window,
)
from points.tiers import nightly
from purchases.rules import ReceiptIn
from stores.models import Programme, Staff
from stores.roles import Role

FORTNIGHT = timedelta(days=14)
# Of ten vouchers so many are used, each with the first purchase it fits that follows.
USED_OF_TEN = 6


@dataclass(frozen=True, slots=True)
class Benefits:
    """What sets one demo club's benefits apart from the other's."""

    # What silver and gold need of purchases in twelve months, in kronor.
    silver: Decimal
    gold: Decimal
    # The goods of the stamp card: the catalogue's category, and words by language.
    category: str
    card: dict[str, str]
    bought: dict[str, str]
    reward: dict[str, str]
    # About what one of them costs.
    price: Decimal


OUTDOORS = Benefits(
    silver=Decimal(3000),
    gold=Decimal(8000),
    category="Ljus",
    card={"sv": "Ljuskortet", "da": "Lyskortet", "en": "The candle card"},
    bought={"sv": "ljus", "da": "lys", "en": "candles"},
    reward={"sv": "ett ljus", "da": "et lys", "en": "a candle"},
    price=Decimal(49),
)
GROCERIES = Benefits(
    silver=Decimal(12000),
    gold=Decimal(30000),
    category="Coffee",
    card={"sv": "Kaffekortet", "da": "Kaffekortet", "en": "The coffee card"},
    bought={
        "sv": "paket kaffe",
        "da": "pakker kaffe",
        "en": "packs of coffee",
    },
    reward={"sv": "ett paket kaffe", "da": "en pakke kaffe", "en": "a pack of coffee"},
    price=Decimal(45),
)
BY_SIZE = {"small": OUTDOORS, "journey": GROCERIES}


def terms_of(benefits: Benefits) -> Terms:
    """Return the terms of the club's one version, beside its columns."""
    return Terms(
        vouchers=Vouchers(
            mode=VoucherMode.AUTOMATIC,
            steps=(VoucherStep(500, Decimal(50)),),
            valid_days=90,
            grace_days=14,
        ),
        ladder=Ladder(
            measure=Measure.SPEND,
            window=Window.ROLLING,
            tiers=(
                Tier("brons", _said("Brons", "Bronze", "Bronze"), Decimal(0)),
                Tier(
                    "silver",
                    _said("Silver", "Sølv", "Silver"),
                    benefits.silver,
                    benefits=(
                        _said(
                            "Fri hemleverans en gång i månaden",
                            "Fri levering en gang om måneden",
                            "Free delivery once a month",
                        ),
                    ),
                ),
                Tier(
                    "guld",
                    _said("Guld", "Guld", "Gold"),
                    benefits.gold,
                    benefits=(
                        _said(
                            "Fri hemleverans",
                            "Fri levering",
                            "Free delivery",
                        ),
                        _said(
                            "Öppet köp i 90 dagar",
                            "Fuld returret i 90 dage",
                            "Returns within 90 days",
                        ),
                    ),
                ),
            ),
        ),
    )


def publish_card(*, programme: Programme, benefits: Benefits) -> None:
    """Publish the stamp card as on the club's first day; once."""
    since = EarningRule.objects.get(programme=programme, version=1).starts_at
    owner = Staff.objects.filter(
        programme=programme, roles__role=Role.OWNER, is_demo=True
    ).first()
    if owner is None or StampCard.objects.filter(programme=programme).exists():
        return
    draft = stamps.save_draft(
        programme=programme,
        values={
            "names": benefits.card,
            "bought": benefits.bought,
            "counts": StampCard.Counts.ITEMS,
            "goods": {"categories": [benefits.category]},
            "needed": 9,
            "starts_on": local_day(since, programme.zone),
            "reward_texts": benefits.reward,
            "reward_value": benefits.price,
            "reward_is_one_more": True,
        },
        staff=owner,
        now=since,
    )
    stamps.publish_card(card=draft, staff=owner, now=since)


def by_fortnight(
    receipts: Iterable[ReceiptIn], *, zone: ZoneInfo, now: datetime
) -> Iterator[tuple[datetime, list[ReceiptIn]]]:
    """Divide purchases, oldest first, and say when each fortnight of them is over."""
    for ends_at, found in groupby(receipts, lambda each: _end_of(each, zone)):
        yield min(ends_at, now), list(found)


def _end_of(receipt: ReceiptIn, zone: ZoneInfo) -> datetime:
    day = local_day(receipt.purchased_at, zone)
    # From Monday to the second Sunday, counted from the first Monday there is.
    ends_on = day + FORTNIGHT - timedelta(days=(day.toordinal() - 1) % FORTNIGHT.days)
    return start_of_day(ends_on, zone)


def pass_nights(programme: Programme, benefits: Benefits, now: datetime) -> None:
    """Do what a fortnight's nights do, and let members use some of what they have."""
    _use_vouchers(programme, benefits, now)
    while points.expire_points(now=now).members:
        pass
    vouchers.run_nightly(now=now)
    nightly.run(programme=programme, clock=lambda: now)


# The first purchase of the fortnight that a voucher fits, and each purchase with one
# voucher. What is paid with it is not in the source: the sums of receipts stay as they
# were.
_FITTING = """
WITH fitting AS (
    SELECT v.id, v.kind, v.code, v.member_id, r.* FROM offers_voucher v
    CROSS JOIN LATERAL (
        SELECT r.id AS receipt, r.public_id, r.store_id, r.purchased_at, r.currency
        FROM purchases_receipt r
        WHERE r.member_id = v.member_id AND r.original_id IS NULL
            AND r.purchased_at > GREATEST(v.valid_from, %(since)s)
            AND r.purchased_at < LEAST(v.expires_at, %(now)s)
            AND r.recorded_at = %(now)s AND r.total >= 2 * v.value
            AND (v.kind = 'MONEY' OR EXISTS (
                SELECT FROM purchases_receiptline l
                JOIN purchases_product p ON p.programme_id = v.programme_id
                    AND p.sku = l.sku AND p.category = %(category)s
                WHERE l.receipt_id = r.id AND l.kind = 'PURCHASE'))
        ORDER BY r.purchased_at, r.id LIMIT 1) r
    WHERE v.programme_id = %(programme)s AND v.status = 'ISSUED'
        AND v.issued_at < %(now)s AND v.id %% 10 < %(of_ten)s
)
SELECT DISTINCT ON (f.receipt) f.* FROM fitting f ORDER BY f.receipt, f.id
"""
_FOR_MONEY = f"""
SELECT f.id, f.public_id, f.store_id, f.purchased_at, f.currency, b.amount, b.quantity
FROM ({_FITTING}) f CROSS JOIN LATERAL (
    SELECT COALESCE(sum(abs(l.gross_paid)), 0) AS amount,
        COALESCE(sum(abs(l.quantity)), 0) AS quantity
    FROM purchases_receiptline l
    WHERE l.receipt_id = f.receipt AND l.kind = 'PURCHASE') b
WHERE f.kind = 'MONEY'
"""  # noqa: S608 - our own words
# Few are for goods; those pay certain lines.
_FOR_GOODS = f"""
SELECT count(offers_redeem(%(programme)s, c.code, c.member_id, false, c.public_id,
    c.store_id, '', c.purchased_at, %(now)s, (
        SELECT jsonb_agg(jsonb_build_object('number', l.number, 'kind', l.kind,
            'sku', l.sku, 'quantity', l.quantity, 'amount', l.gross_paid,
            'category', CASE p.category WHEN %(category)s THEN %(compared)s END))
        FROM purchases_receiptline l
        LEFT JOIN purchases_product p ON p.programme_id = %(programme)s
            AND p.sku = l.sku
        WHERE l.receipt_id = c.receipt)))
FROM (
    SELECT * FROM ({_FITTING}) f WHERE f.kind = 'GOODS'
    ORDER BY purchased_at, receipt) c
"""  # noqa: S608 - our own words


def _use_vouchers(programme: Programme, benefits: Benefits, now: datetime) -> None:
    values: dict[str, Any] = {
        "programme": programme.pk,
        "now": now,
        # With a day more, for the hour that summer time takes.
        "since": now - FORTNIGHT - timedelta(days=1),
        "of_ten": USED_OF_TEN,
        "category": benefits.category,
        "compared": benefits.category.casefold(),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FOR_MONEY, values)
        uses = [many.Use(*row) for row in cursor.fetchall()]
        cursor.execute(_FOR_GOODS, values)
        many.use_many(programme_id=programme.pk, uses=uses, now=now)


def _said(swedish: str, danish: str, english: str) -> dict[str, str]:
    return {"sv": swedish, "da": danish, "en": english}
