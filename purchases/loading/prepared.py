"""A receipt with all that can be worked out of it before the database is asked."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from functools import lru_cache
from operator import attrgetter

from common.apart import pickle_quickly
from common.copying import NULL, escaped, unescaped
from points.rules import EarningRule
from purchases import records
from purchases.content import content_hash, line_text, payments_text, taxes_text
from purchases.loading.book import RuleBook, is_personal
from purchases.rules import (
    Buyer,
    Club,
    ContactIn,
    DiscountIn,
    LineIn,
    LineKind,
    NoPoints,
    PaymentIn,
    ReceiptIn,
    TaxIn,
    Verdict,
    decide,
    is_gift_card,
)


# Neither is frozen, for a load makes millions of them.
@dataclass(slots=True)
class Outcome:
    """What of a verdict is written; `rows` are the lines' rows as COPY takes them.

    One text, for a load has millions of lines: the rows in the order of the lines, with
    a newline between two and without what names the receipt and the member.
    """

    reason: NoPoints | None
    rule: EarningRule | None
    eligible: Decimal
    exact: Decimal
    points: int
    return_eligible: Decimal
    rows: str


@dataclass(slots=True)
class Prepared:
    """A receipt with all that can be worked out without the database.

    The outcome is that for a member who earns, by the rule that was in force when the
    load began. The receipt itself comes without its parts, which nearly always are
    needed as text alone; `whole` is the receipt with them.
    """

    receipt: ReceiptIn
    line_count: int
    has_returns: bool
    buys: bool
    # Whether it sells what points become vouchers with: goods, and so no gift cards.
    sells: bool
    # Whether the points hang on who buys, or on what was bought before.
    is_personal: bool
    # Whether it may stamp a card.
    stamps: bool
    outcome: Outcome
    index: bytes | None
    content_hash: bytes
    payments: str
    taxes: str

    @property
    def whole(self) -> ReceiptIn:
        """Return the receipt as it was given."""
        return replace(
            self.receipt,
            lines=tuple(map(read_line, self.lines)),
            payments=tuple(
                PaymentIn(each["type"], Decimal(each["value"]))
                for each in json.loads(unescaped(self.payments))
            ),
            taxes=tuple(
                TaxIn(Decimal(each["percent"]), Decimal(each["amount"]))
                for each in json.loads(unescaped(self.taxes))
            ),
        )

    @property
    def lines(self) -> list[str]:
        """Return the lines as texts, without what they gave."""
        if not self.line_count:
            return []
        rows = self.outcome.rows.split("\n")
        return [row.split("\t", _GAVE)[_GAVE] + "\n" for row in rows]


# How many fields say what a line gave: points, whether it counts, rate, multipliers,
# and what vouchers paid of it.
_GAVE = 5
_SOMEBODY = Buyer(0, "ACTIVE")
# What goes from the process that prepares to the one that writes.
pickle_quickly(ReceiptIn, ContactIn, Prepared, Outcome, EarningRule)
_FIELDS = tuple(each.name for each in fields(ReceiptIn))
_values = attrgetter(*_FIELDS)
_PARTS = [_FIELDS.index(name) for name in ("lines", "payments", "taxes")]


def prepare(receipt: ReceiptIn, club: Club, book: RuleBook) -> Prepared:
    """Work out what needs no database."""
    rule = book.at(receipt.purchased_at)
    index = _contact_index(receipt.contact)
    lines = [line_text(line) for line in receipt.lines]
    verdict = decide(
        receipt,
        club=club,
        buyer=_SOMEBODY,
        rule=rule,
        shelf=book.shelf(receipt.store_code),
    )
    return Prepared(
        receipt=_without_parts(receipt),
        line_count=len(lines),
        has_returns=any(line.kind is LineKind.RETURN for line in receipt.lines),
        # Somebody's day would count it.
        buys=bool(verdict.counts),
        sells=any(
            line.kind is LineKind.PURCHASE and not is_gift_card(line)
            for line in receipt.lines
        ),
        is_personal=rule is not None and is_personal(rule),
        stamps=book.may_stamp(receipt),
        outcome=outcome_of(verdict, rule, lines),
        index=index,
        content_hash=content_hash(receipt, index, lines),
        payments=payments_text(receipt),
        taxes=taxes_text(receipt),
    )


def _without_parts(receipt: ReceiptIn) -> ReceiptIn:
    # As `replace`, in a tenth of its time.
    values = list(_values(receipt))
    for place in _PARTS:
        values[place] = ()
    return ReceiptIn(*values)


def outcome_of(
    verdict: Verdict, rule: EarningRule | None, lines: Iterable[str]
) -> Outcome:
    """Return what of a verdict is written, beside the texts of the lines."""
    rows = []
    rate, text = None, ""
    for points, gave, by_voucher, line in zip(
        verdict.line_points, verdict.lines, verdict.by_voucher, lines, strict=True
    ):
        # Nearly always the same one as of the line before.
        if gave.rate is not rate:
            rate, text = gave.rate, str(gave.rate)
        keys = array_of(gave.multipliers) if gave.multipliers else "{}"
        counts = "t" if gave.is_eligible else "f"
        rows.append(f"{points}\t{counts}\t{text}\t{keys}\t{by_voucher!s}\t{line}")
    return Outcome(
        verdict.reason,
        rule,
        verdict.eligible,
        verdict.exact,
        verdict.points,
        verdict.return_eligible,
        "".join(rows)[:-1],
    )


@lru_cache(maxsize=10_000)
def array_of(keys: tuple[str, ...]) -> str:
    """Return the keys of multipliers as an array."""
    quoted_keys = (key.replace("\\", "\\\\").replace('"', '\\"') for key in keys)
    return escaped("{" + ",".join(f'"{key}"' for key in quoted_keys) + "}")


def read_line(text: str) -> LineIn:
    """Read back what `content.line_text` wrote."""
    number, kind, *words, quantity, paid, tax, percent, counts, found, original = (
        text.rstrip("\n").split("\t")
    )
    sku, article_number, article_name, article_group = map(unescaped, words)
    return LineIn(
        number=int(number),
        kind=LineKind(kind),
        sku=sku,
        article_number=article_number,
        article_name=article_name,
        article_group=article_group,
        quantity=Decimal(quantity),
        gross_paid=Decimal(paid),
        tax_amount=Decimal(tax),
        tax_percent=Decimal(percent),
        awards_bonus=counts == "t",
        discounts=tuple(
            DiscountIn(Decimal(each["value"]), each["type"], each["description"])
            for each in json.loads(unescaped(found))
        ),
        original_number=None if original == NULL else int(original),
    )


# The same few thousand people buy again and again.
_contact_index = lru_cache(maxsize=100_000)(records.contact_index)
