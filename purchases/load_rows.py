"""The rows of a load as COPY takes them: made ahead as far as that goes."""

import json
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from common.apart import pickle_quickly
from common.copying import NULL, bytes_of, copy_rows, escaped, unchecked, unescaped
from common.periods import local_day
from points.bulk import Earnings
from points.rules import EarningRule, expires_at
from purchases import kinds, records
from purchases.content import (
    LINE,
    content_hash,
    line_text,
    payments_text,
    quoted,
    taxes_text,
)
from purchases.rules import (
    Buyer,
    Club,
    ContactIn,
    ContactKind,
    DiscountIn,
    LineIn,
    LineKind,
    NoPoints,
    PaymentIn,
    ReceiptIn,
    TaxIn,
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
_LINE = ["receipt_id", "member_id", "points", "is_eligible", *LINE]
_EVENT = (
    "public_id member_id kind at recorded_at data subject_type subject_id"
).split()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A receipt with all that can be worked out without the database.

    The verdict is that for a member who earns, by the rule that was in force when the
    load began; `member_id` in it means nothing. The receipt itself comes without its
    lines, which nearly always are needed as text alone; `whole` is the receipt with
    them.
    """

    receipt: ReceiptIn
    has_returns: bool
    rule: EarningRule | None
    verdict: Verdict
    index: bytes | None
    content_hash: bytes
    payments: str
    taxes: str
    lines: list[str]

    @property
    def whole(self) -> ReceiptIn:
        """Return the receipt as it was given."""
        return replace(self.receipt, lines=tuple(map(read_line, self.lines)))


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
# What goes from the process that prepares to the one that writes.
pickle_quickly(
    *(ReceiptIn, ContactIn, PaymentIn, TaxIn, Prepared, Verdict, EarningRule)
)


def prepare(receipt: ReceiptIn, book: RuleBook) -> Prepared:
    """Work out what needs no database."""
    rule = book.at(receipt.purchased_at)
    index = _contact_index(receipt.contact)
    lines = [line_text(line) for line in receipt.lines]
    return Prepared(
        receipt=replace(receipt, lines=()),
        has_returns=any(line.kind is LineKind.RETURN for line in receipt.lines),
        rule=rule,
        verdict=decide(receipt, buyer=_SOMEBODY, rule=rule, original=None),
        index=index,
        content_hash=content_hash(receipt, index, lines),
        payments=payments_text(receipt),
        taxes=taxes_text(receipt),
        lines=lines,
    )


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
            f'{{"total": "{receipt.total!s}", "currency": {quoted(receipt.currency)}, '
            f'"points": {verdict.points}, "reversed": 0, '
            f'"store_name": {quoted(shop.name)}}}'
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


def _or_null(value: int | None) -> str:
    return NULL if value is None else str(value)
