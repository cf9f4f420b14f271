"""Vouchers and stamp cards for tests, and a till that counts what receipts do here."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from uuid import UUID, uuid4

from django.db import connection

from offers.models import StampCard
from offers.stamps import services as stamps
from points.models import Entry
from points.reading import dump
from points.services import post
from points.terms import Terms, VoucherMode, Vouchers, VoucherStep
from tests.factories.points import EarningRuleFactory

BOUGHT_AT = datetime(2026, 3, 14, 11, 30, tzinfo=UTC)
COFFEE = "kaffe"
_AFTER = "SELECT offers_after_receipt(%s, %s, %s, %s, %s, %s, %s, %s::jsonb, %s)"
_REVERSE = (
    "SELECT taken FROM points_reverse(%s, %s, %s, %s, %s, NULL, '', %s, %s, %s, %s)"
)
_numbers = count(1)


def rule_with(programme, *, mode=VoucherMode.AUTOMATIC, steps=(), **vouchers):
    """A published version; without steps 500 points are a voucher of 50 kr."""
    terms = Terms(
        vouchers=Vouchers(
            mode=mode, steps=tuple(VoucherStep(*step) for step in steps), **vouchers
        )
    )
    return EarningRuleFactory(programme=programme, terms=dump(terms), published=True)


def goods(**names):
    return {"groups": [], "categories": [], "brands": [], "skus": [], **names}


def stamp_card(programme, staff, *, now=BOUGHT_AT, published=True, **changes):
    """Buy 9 coffees, number 10 is on us."""
    values = {
        "names": {"sv": "Kaffekortet", "da": "Kaffekortet", "en": "The coffee card"},
        "bought": {"sv": "kaffe", "da": "kaffe", "en": "coffees"},
        "counts": StampCard.Counts.ITEMS,
        "goods": goods(groups=["Kaffe"]),
        "needed": 9,
        "starts_on": now.date(),
        "reward_kind": StampCard.Reward.GOODS,
        "reward_texts": {"sv": "en kaffe", "da": "en kaffe", "en": "a coffee"},
        "reward_is_one_more": True,
        **changes,
    }
    card = stamps.save_draft(programme=programme, values=values, staff=staff, now=now)
    return stamps.publish_card(card=card, staff=staff, now=now) if published else card


def line(amount="100.00", quantity="1", **changes):
    """A bought line, with names as receipts write them."""
    return {
        "kind": "PURCHASE",
        "sku": "7310865004703",
        "group": "",
        "category": "",
        "brand": "",
        "quantity": str(quantity),
        "amount": str(amount),
        "original_number": None,
        **changes,
    }


def coffee(quantity="1", amount="35.00", **changes):
    return line(amount, quantity, group=COFFEE, **changes)


def back(original_number, amount="100.00", quantity="1", **changes):
    """A line that comes back."""
    return line(
        amount,
        f"-{quantity}",
        kind="RETURN",
        original_number=original_number,
        **changes,
    )


@dataclass
class Bought:
    """A receipt of a member: what later returns name."""

    id: UUID
    points: int
    entry_id: int | None


@dataclass
class Till:
    """Does in one transaction what recording a receipt does to points and offers."""

    programme: object
    store: object = None
    policy: str = "negative"
    at: datetime = BOUGHT_AT
    sold: list = field(default_factory=list)

    def buy(self, member, *lines, points=0, vouchers=(), at=None, now=None, id_=None):
        at = at or self.at
        now = now or at
        public_id = id_ or uuid4()
        entry = None
        if points:
            entry = post(
                member_id=member.pk,
                kind=Entry.Kind.EARN,
                points=points,
                key=f"receipt:{public_id}",
                at=at,
                now=now,
            ).entry_id
        self.after(member, public_id, None, lines or (line(),), vouchers, at, now)
        return Bought(public_id, points, entry)

    def take_back(self, member, bought, *lines, points=0, at=None, now=None, id_=None):
        at = at or self.at
        now = now or at
        public_id = id_ or uuid4()
        if points:
            with connection.cursor() as cursor:
                cursor.execute(
                    _REVERSE,
                    [
                        member.pk,
                        points,
                        at,
                        now,
                        f"return:{public_id}",
                        public_id,
                        uuid4(),
                        bought.entry_id,
                        self.policy,
                    ],
                )
        original = bought.id if bought else None
        self.after(member, public_id, original, lines or (back(1),), (), at, now)
        return public_id

    def after(self, member, public_id, original, lines, vouchers, at, now):
        numbered = [{"number": n, **each} for n, each in enumerate(lines, start=1)]
        with connection.cursor() as cursor:
            cursor.execute(
                _AFTER,
                [
                    self.programme.pk,
                    member.pk if member else None,
                    public_id,
                    original,
                    self.store.pk if self.store else None,
                    at,
                    now,
                    json.dumps(numbered),
                    list(vouchers),
                ],
            )


def kr(amount):
    return Decimal(amount).quantize(Decimal("0.01"))
