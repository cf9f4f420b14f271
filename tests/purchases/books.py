"""A shop's books without a database: receipts decided one by one, balances in a dict.

What `record_receipt` does with a verdict, in twenty lines: a test sends the same
receipts to both and finds the same balances, so that what holds here for ten thousand
orders of receipts holds there.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from zoneinfo import ZoneInfo

from points.rules import EarningRule
from points.terms import Terms
from purchases import rules
from purchases.rules import (
    Buyer,
    Club,
    ContactIn,
    ContactKind,
    DiscountIn,
    LineIn,
    LineKind,
    Original,
    PaymentIn,
    ReceiptIn,
    Shelf,
)

BOUGHT_AT = datetime(2026, 3, 14, 11, 30, tzinfo=UTC)
CLUB = Club(
    programme_id=1, currency="SEK", country="SE", zone=ZoneInfo("Europe/Stockholm")
)
NOTHING = Decimal("0.00")

_ids = count(1)


def version(terms=None, *, id=1, **changes):
    """A version of the programme: a point a krona unless told."""
    values = {
        "version": id,
        "points_per_unit": Decimal(1),
        "excluded_groups": frozenset(),
        "expires_after_months": 24,
        "point_value": Decimal("0.10"),
        "reward_points": 500,
        "terms": terms or Terms(),
    }
    return EarningRule(id=id, **(values | changes))


def item(paid, *, sku="4711", group="", discount=None, **fields):
    """A line that sells one piece at 25 % VAT."""
    amount = Decimal(paid).quantize(Decimal("0.01"))
    values = {
        "number": 1,
        "kind": LineKind.PURCHASE,
        "sku": sku,
        "article_number": sku,
        "article_name": "Vantar Lovikka",
        "article_group": group,
        "quantity": Decimal("1.000"),
        "gross_paid": amount,
        "tax_amount": (amount / 5).quantize(Decimal("0.01")),
        "tax_percent": Decimal("25.00"),
        "awards_bonus": True,
        "discounts": (DiscountIn(Decimal(discount), "CAMPAIGN", "Rea"),)
        if discount
        else (),
        "original_number": None,
    }
    return LineIn(**(values | fields))


def back(paid, **fields):
    """A line by which goods come back."""
    return item(paid, kind=LineKind.RETURN, quantity=Decimal("-1.000"), **fields)


def receipt(*lines, at=BOUGHT_AT, currency="SEK", original=None, **fields):
    """A receipt of these lines, numbered, paid by card."""
    unique_id = fields.pop("id", f"R-{next(_ids)}")
    numbered = tuple(
        replace(line, number=place) for place, line in enumerate(lines, start=1)
    )
    total = sum((line.amount for line in numbered), NOTHING)
    values = {
        "unique_receipt_id": unique_id,
        "receipt_number": unique_id,
        "contact": ContactIn(ContactKind.PHONE, "+46701740605"),
        "purchased_at": at,
        "business_on": date(2026, 3, 14),
        "store_code": "101",
        "till_code": "1",
        "currency": currency,
        "total": total,
        "payments": (PaymentIn("CARD", total),),
        "taxes": (),
        "lines": numbered,
        "original_unique_id": original.unique_receipt_id if original else "",
    }
    return ReceiptIn(**(values | fields))


VERA = Buyer(1, "ACTIVE")


def decide(bought, rule, *, buyer=VERA, shelf=None):
    """Decide a receipt that returns nothing known."""
    return rules.decide(
        bought, club=CLUB, buyer=buyer, rule=rule, shelf=shelf or Shelf()
    )


@dataclass
class Kept:
    """A receipt in the books."""

    receipt: ReceiptIn
    verdict: rules.Verdict
    came_back: list
    returns: int = 0
    returned_points: int = 0
    returned_eligible: Decimal = NOTHING
    returned_exact: Decimal = NOTHING


class Books:
    """What a shop has recorded, and what its members have."""

    def __init__(self, *versions, buyer=VERA, shelf=None):
        """Take versions with the moments they start at, the oldest first."""
        self.versions = versions
        self.buyer = buyer
        self.shelf = shelf or Shelf()
        self.receipts = {}
        self.waiting = []
        self.balances = Counter()
        self.days = Counter()

    def send(self, sent):
        """Record a receipt; a repeat changes nothing."""
        if sent.unique_receipt_id in self.receipts:
            return
        known = self.receipts.get(sent.original_unique_id)
        verdict = rules.decide(
            sent,
            club=CLUB,
            buyer=self.buyer,
            rule=self._rule(sent.purchased_at),
            original=self._original(known) if known else None,
            shelf=self.shelf,
        )
        self.receipts[sent.unique_receipt_id] = Kept(sent, verdict, [])
        self.balances[verdict.member_id] += verdict.points
        self._take(known, sent, verdict)
        self._count(verdict.counts)
        if sent.original_unique_id and known is None:
            self.waiting.append(sent)
        self._settle(sent.unique_receipt_id)

    def _settle(self, unique_id):
        bought = self.receipts[unique_id]
        for early in [r for r in self.waiting if r.original_unique_id == unique_id]:
            self.waiting.remove(early)
            settled = rules.settle(
                self._original(bought),
                lines=early.lines,
                currency=early.currency,
                club=CLUB,
            )
            self._take(bought, early, settled)
            self._count(settled.counts)

    def _take(self, bought, sent, found):
        asked = found.reversal.points if found.reversal else 0
        if asked:
            self.balances[found.reversal.member_id] -= asked
        if bought is not None:
            is_same = sent.currency == bought.receipt.currency
            bought.came_back += [
                rules.back_of(line, is_same=is_same)
                for line in sent.lines
                if line.kind is LineKind.RETURN
            ]
            bought.returns += 1
            bought.returned_points += asked
            bought.returned_eligible = found.returned_eligible
            bought.returned_exact = found.returned_exact

    def _count(self, counts):
        for each in counts:
            day = each.at.astimezone(CLUB.zone).date()
            self.days[each.member_id, day, "spend"] += each.spend
            self.days[each.member_id, day, "visits"] += each.visits
            self.days[each.member_id, day, "points"] += each.points

    def _rule(self, at):
        found = None
        for starts_at, each in self.versions:
            if starts_at <= at:
                found = each
        return found

    def _original(self, kept):
        verdict = kept.verdict
        return Original(
            id=1,
            public_id="",
            member_id=verdict.member_id,
            member_status="ACTIVE",
            rule=self._rule(kept.receipt.purchased_at),
            entry_id=None,
            currency=kept.receipt.currency,
            purchased_at=kept.receipt.purchased_at,
            eligible=verdict.eligible,
            exact=verdict.exact,
            points=verdict.points,
            returned_eligible=kept.returned_eligible,
            returned_exact=kept.returned_exact,
            returned_points=kept.returned_points,
            expired=0,
            lines=tuple(rules.bought_of(kept.receipt.lines, verdict.lines)),
            came_back=tuple(kept.came_back),
            returns=kept.returns,
            is_counted=True,
        )
