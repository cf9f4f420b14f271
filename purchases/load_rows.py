"""The rows of a load as COPY takes them: made ahead as far as that goes."""

import hashlib
import json
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache

from common.copying import NULL, bytes_of, copy_rows, escaped, unchecked
from common.periods import local_day
from points.bulk import Earnings
from points.rules import EarningRule, expires_at
from purchases import kinds, records
from purchases.rules import (
    Buyer,
    Club,
    ContactKind,
    DiscountIn,
    LineIn,
    NoPoints,
    ReceiptIn,
    Verdict,
    decide,
)

_RECEIPT = (
    "id public_id programme_id store_id till_code unique_receipt_id receipt_number "
    "member_id contact_index purchased_at business_on currency total payments taxes "
    "rule_id eligible points returned_eligible returned_points no_points_reason "
    "balance_after original_unique_id return_eligible reversed_points source "
    "content_hash recorded_at"
).split()
_LINE = (
    "receipt_id member_id points is_eligible number kind sku article_number "
    "article_name article_group quantity gross_paid tax_amount tax_percent "
    "awards_bonus discounts original_number"
).split()
_EVENT = (
    "public_id member_id kind at recorded_at data subject_type subject_id"
).split()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A receipt with all that can be worked out without the database.

    The verdict is that for a member who earns, by the rule that was in force when the
    load began; `member_id` in it means nothing.
    """

    receipt: ReceiptIn
    rule: EarningRule | None
    verdict: Verdict
    index: bytes | None
    content_hash: bytes
    payments: str
    taxes: str
    lines: list[str]


@dataclass(frozen=True, slots=True)
class Shop:
    """A store as receipts need it."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class RuleBook:
    """The published rules in the order in which they take over."""

    starts: tuple[datetime, ...]
    rules: tuple[EarningRule | None, ...]

    def at(self, moment: datetime) -> EarningRule | None:
        """Return the rule in force at a moment."""
        place = bisect_right(self.starts, moment)
        return self.rules[place - 1] if place else None


_SOMEBODY = Buyer(0, "ACTIVE")


def prepare(receipt: ReceiptIn, book: RuleBook) -> Prepared:
    """Work out what needs no database."""
    rule = book.at(receipt.purchased_at)
    index = _contact_index(receipt.contact)
    lines = [_line(line) for line in receipt.lines]
    return Prepared(
        receipt=receipt,
        rule=rule,
        verdict=decide(receipt, buyer=_SOMEBODY, rule=rule, original=None),
        index=index,
        content_hash=_content_hash(receipt, index, [text for _row, text in lines]),
        payments=_payments(receipt),
        taxes=_taxes(receipt),
        lines=[row for row, _text in lines],
    )


# The same few thousand people buy again and again.
_contact_index = lru_cache(maxsize=100_000)(records.contact_index)


def _content_hash(receipt: ReceiptIn, index: bytes | None, lines: list[str]) -> bytes:
    """Return records.content_hash, from lines that are JSON already."""
    header = [
        receipt.unique_receipt_id,
        receipt.receipt_number,
        index.hex() if index else "",
        receipt.purchased_at.isoformat(),
        receipt.business_on.isoformat(),
        receipt.store_code,
        receipt.till_code,
        receipt.currency,
        str(receipt.total),
        [(payment.kind, str(payment.value)) for payment in receipt.payments],
        [(str(tax.percent), str(tax.amount)) for tax in receipt.taxes],
        receipt.original_unique_id,
    ]
    content = f"{json.dumps(header)[:-1]}, [{', '.join(lines)}]]"
    return hashlib.sha256(content.encode()).digest()


def _line(line: LineIn) -> tuple[str, str]:
    """Return a line as the end of a row, and as JSON for the content's hash."""
    row, text = _article(
        line.kind.value,
        line.sku,
        line.article_number,
        line.article_name,
        line.article_group,
    )
    quantity, paid = str(line.quantity), str(line.gross_paid)
    tax, percent = str(line.tax_amount), str(line.tax_percent)
    discounts = listed = "[]"
    if line.discounts:
        discounts, listed = _discounts(line.discounts)
    original = line.original_number
    bonus = line.awards_bonus
    return (
        f"{line.number}\t{row}\t{quantity}\t{paid}\t{tax}\t{percent}\t"
        f"{'t' if bonus else 'f'}\t{discounts}\t"
        f"{NULL if original is None else original}\n",
        f'[{text}, "{quantity}", "{paid}", "{tax}", "{percent}", '
        f"{'true' if bonus else 'false'}, {listed}, "
        f"{'null' if original is None else original}]",
    )


@lru_cache(maxsize=200_000)
def _article(*texts: str) -> tuple[str, str]:
    return "\t".join(map(escaped, texts)), json.dumps(texts)[1:-1]


# records.payments_of and taxes_of, put together by hand: a load makes many.
def _payments(receipt: ReceiptIn) -> str:
    parts = [
        f'{{"type": {_quoted(each.kind)}, "value": "{each.value!s}"}}'
        for each in receipt.payments
    ]
    return f"[{', '.join(parts)}]"


def _taxes(receipt: ReceiptIn) -> str:
    parts = [
        f'{{"percent": "{each.percent!s}", "amount": "{each.amount!s}"}}'
        for each in receipt.taxes
    ]
    return f"[{', '.join(parts)}]"


@lru_cache(maxsize=100_000)
def _discounts(discounts: tuple[DiscountIn, ...]) -> tuple[str, str]:
    stored = [
        {
            "value": str(discount.value),
            "type": discount.kind,
            "description": discount.description,
        }
        for discount in discounts
    ]
    listed = [(str(each.value), each.kind, each.description) for each in discounts]
    return _stored(stored), json.dumps(listed)


@dataclass(slots=True)
class Rows:
    """The rows of one transaction: receipts, lines, earnings and events."""

    club: Club
    source: str
    now: datetime
    earnings: Earnings
    _receipts: list[str] = field(default_factory=list)
    _lines: list[str] = field(default_factory=list)
    _events: list[str] = field(default_factory=list)
    _expiries: dict[tuple[date, int], str] = field(default_factory=dict)
    _posted: str = field(init=False)

    def __post_init__(self) -> None:
        self._posted = self.now.isoformat()

    def add(
        self,
        prepared: Prepared,
        verdict: Verdict,
        *,
        member: int | None,
        shop: Shop,
        rule: EarningRule | None,
        receipt_id: int,
        public_ids: tuple[str, str, str],
    ) -> None:
        """Add a receipt with its lines, its earning and its event.

        `public_ids` are those of the three.
        """
        public_id, entry_id, event_id = public_ids
        receipt = prepared.receipt
        at = receipt.purchased_at.isoformat()
        if verdict.points and rule is not None and member is not None:
            self.earnings.add(
                member=member,
                points=verdict.points,
                at=at,
                key=f"receipt:{public_id}",
                rule=rule.id,
                source=("receipt", public_id),
                public_id=entry_id,
                expires_at=self._expiry(receipt.purchased_at, rule),
            )
        self._receipts.append(
            self._receipt(prepared, verdict, member, shop, receipt_id, public_id, at)
        )
        owner = _or_null(member)
        self._lines += [
            f"{receipt_id}\t{owner}\t{points}\t{'t' if counts else 'f'}\t{line}"
            for points, counts, line in zip(
                verdict.line_points, verdict.is_eligible, prepared.lines, strict=True
            )
        ]
        if member is not None:
            self._events.append(
                f"{event_id}\t{member}\t{kinds.ACCEPTED}\t{at}\t"
                f"{self._posted}\t{self._told(receipt, verdict, shop)}\t"
                f"receipt\t{public_id}\n"
            )

    def write(self) -> None:
        """Write everything that was added.

        The caller has locked the members, stores and rules that the rows name.
        """
        with unchecked():
            copy_rows("purchases_receipt", _RECEIPT, self._receipts)
            copy_rows("purchases_receiptline", _LINE, self._lines)
            self.earnings.write()
            copy_rows("members_event", _EVENT, self._events)

    def _expiry(self, moment: datetime, rule: EarningRule) -> str:
        """Return when points of a moment expire: the same for the whole day."""
        day = local_day(moment, self.club.zone)
        if (day, rule.id) not in self._expiries:
            expires = expires_at(moment, rule, self.club.zone)
            self._expiries[day, rule.id] = expires.isoformat() if expires else NULL
        return self._expiries[day, rule.id]

    def _told(self, receipt: ReceiptIn, verdict: Verdict, shop: Shop) -> str:
        """Return what the event says, as in records.events_of."""
        return (
            f'{{"total": "{receipt.total!s}", "currency": {_quoted(receipt.currency)}, '
            f'"points": {verdict.points}, "reversed": 0, '
            f'"store_name": {_quoted(shop.name)}}}'
        )

    def _receipt(
        self,
        prepared: Prepared,
        verdict: Verdict,
        member: int | None,
        shop: Shop,
        receipt_id: int,
        public_id: str,
        at: str,
    ) -> str:
        receipt = prepared.receipt
        # As in records.receipt_row: what a member may claim later, and nothing more.
        is_claimable = (
            prepared.index is not None
            and receipt.contact is not None
            and receipt.contact.kind is not ContactKind.ID
            and verdict.reason is NoPoints.MEMBER_UNKNOWN
        )
        index = bytes_of(prepared.index or b"") if is_claimable else NULL
        balance = NULL if member is None else self.earnings.balance(member)
        return (
            f"{receipt_id}\t{public_id}\t{self.club.programme_id}\t{shop.id}\t"
            f"{escaped(receipt.till_code)}\t{escaped(receipt.unique_receipt_id)}\t"
            f"{escaped(receipt.receipt_number)}\t{_or_null(member)}\t{index}\t{at}\t"
            f"{receipt.business_on!s}\t{receipt.currency}\t{receipt.total!s}\t"
            f"{prepared.payments}\t{prepared.taxes}\t{_or_null(verdict.rule_id)}\t"
            f"{verdict.eligible!s}\t{verdict.points}\t0\t0\t"
            f"{verdict.reason.value if verdict.reason else ''}\t{balance}\t\t"
            f"{verdict.return_eligible!s}\t0\t{self.source}\t"
            f"{bytes_of(prepared.content_hash)}\t{self._posted}\n"
        )


def _stored(value: object) -> str:
    return escaped(json.dumps(value))


@lru_cache(maxsize=10_000)
def _quoted(text: str) -> str:
    return _stored(text)


def _or_null(value: int | None) -> str:
    return NULL if value is None else str(value)
