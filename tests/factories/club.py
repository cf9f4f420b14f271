"""A club that is open: its rule and texts in force, and people who buy."""

import hashlib
import itertools
from datetime import UTC, datetime
from decimal import Decimal

from points.models import EarningRule
from purchases.models import Receipt
from purchases.rules import (
    Club,
    ContactIn,
    ContactKind,
    DiscountIn,
    LineIn,
    LineKind,
    PaymentIn,
    ReceiptIn,
)
from purchases.services.recording import Request, record_receipt
from tests.factories.consent import publish_texts

_ids = itertools.count(1)


def open_club(programme):
    """Put the texts in force, and a rule: a point a krona, 500 points are 50 kr."""
    publish_texts(programme)
    return EarningRule.objects.create(
        programme=programme,
        version=1,
        status=EarningRule.Status.PUBLISHED,
        starts_at=datetime(2020, 1, 1, tzinfo=UTC),
        points_per_unit=Decimal(1),
        excluded_groups=["Tobak"],
        expires_after_months=24,
        point_value=Decimal("0.1"),
        reward_points=500,
    )


def line(paid, *, name="Vantar Lovikka", **fields):
    """Return a line of a receipt: one piece, 25 % VAT, unless told."""
    amount = Decimal(paid)
    values = {
        "number": 1,
        "kind": LineKind.PURCHASE,
        "sku": "4711",
        "article_number": "4711",
        "article_name": name,
        "article_group": "",
        "quantity": Decimal("1.000"),
        "gross_paid": amount,
        "tax_amount": (amount / 5).quantize(Decimal("0.01")),
        "tax_percent": Decimal("25.00"),
        "awards_bonus": True,
        "discounts": (),
        "original_number": None,
    }
    return LineIn(**(values | fields))


def returned(paid, *, number=1, **fields):
    """Return a line by which goods come back."""
    return line(
        paid,
        kind=LineKind.RETURN,
        quantity=Decimal("-1.000"),
        original_number=number,
        **fields,
    )


def discount(value, description="Rea"):
    return DiscountIn(Decimal(value), "CAMPAIGN", description)


def buy(member, store, *lines, now, original=None, at=None):
    """Record a receipt of a member, as the till would send it; return its row.

    `at` is when they bought, if the till was offline until now.
    """
    programme = member.programme
    at = at or now
    numbered = tuple(
        LineIn(
            **{name: getattr(each, name) for name in LineIn.__slots__}
            | {"number": place}
        )
        for place, each in enumerate(lines, 1)
    )
    total = sum((each.amount for each in numbered), Decimal("0.00"))
    unique_id = f"R-{next(_ids)}"
    record_receipt(
        club=Club(
            programme_id=programme.pk,
            currency=programme.currency,
            country=programme.country,
            zone=programme.zone,
        ),
        receipt=ReceiptIn(
            unique_receipt_id=unique_id,
            receipt_number=unique_id,
            contact=ContactIn(ContactKind.ID, str(member.public_id)),
            purchased_at=at,
            business_on=at.astimezone(programme.zone).date(),
            store_code=store.code,
            till_code="1",
            currency=programme.currency,
            total=total,
            payments=(PaymentIn("CARD", total),),
            taxes=(),
            lines=numbered,
            original_unique_id=original.unique_receipt_id if original else "",
        ),
        request=Request(
            scope="test", key=unique_id, body_hash=hashlib.sha256(b"test").digest()
        ),
        now=now,
    )
    return Receipt.objects.get(programme=programme, unique_receipt_id=unique_id)
