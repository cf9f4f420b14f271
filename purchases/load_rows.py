"""The rows of a load as COPY takes them: made ahead as far as that goes."""

import json
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from django.db import connection

from common.apart import pickle_quickly
from common.copying import NULL, bytes_of, copy_rows, escaped, unchecked, unescaped
from common.periods import local_day
from points.bulk import Earnings
from points.programme import engine
from points.rules import EarningRule, active_from, expires_at, idle_months
from points.terms import Goods
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
    Shelf,
    TaxIn,
    Verdict,
    decide,
    in_own_currency,
)

_RECEIPT = (
    "id public_id programme_id store_id till_code unique_receipt_id receipt_number "
    "member_id contact_index purchased_at business_on currency total payments taxes "
    "rule_id eligible exact points returned_eligible returned_points tier "
    "no_points_reason balance_after original_unique_id return_eligible reversed_points "
    "source content_hash recorded_at"
).split()
_LINE = (
    "receipt_id member_id points is_eligible rate multipliers voucher_paid"
).split() + LINE
_COUNT = """
SELECT points_count_many(
    %s::bigint[], %s::date[], %s::numeric[], %s::integer[], %s::integer[])
"""
_EVENT = (
    "public_id member_id kind at recorded_at data subject_type subject_id"
).split()


# Not frozen, for a load makes a million of them.
@dataclass(slots=True)
class Outcome:
    """What of a verdict is written; what each line gave is text, as COPY takes it."""

    reason: NoPoints | None
    rule: EarningRule | None
    eligible: Decimal
    exact: Decimal
    points: int
    return_eligible: Decimal
    lines: list[str]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A receipt with all that can be worked out without the database.

    The outcome is that for a member who earns, by the rule that was in force when the
    load began. The receipt itself comes without its lines, which nearly always are
    needed as text alone; `whole` is the receipt with them.
    """

    receipt: ReceiptIn
    has_returns: bool
    buys: bool
    # Whether the points hang on who buys, or on what was bought before.
    is_personal: bool
    # Whether it may stamp a card.
    stamps: bool
    outcome: Outcome
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
    """The published rules in the order in which they take over.

    With what they ask about: the category and brand of articles, what sort of store
    each is, and the goods that stamp cards count; no goods named means all.
    """

    starts: tuple[datetime, ...]
    rules: tuple[EarningRule | None, ...]
    articles: Mapping[str, tuple[str, str]] = field(default_factory=dict, compare=False)
    channels: Mapping[str, str] = field(default_factory=dict, compare=False)
    stamped: tuple[Goods, ...] = field(default=(), compare=False)

    def at(self, moment: datetime) -> EarningRule | None:
        """Return the rule in force at a moment."""
        place = bisect_right(self.starts, moment)
        return self.rules[place - 1] if place else None

    def shelf(self, store_code: str) -> Shelf:
        """Return what is known of a store and its articles."""
        return Shelf(self.channels.get(store_code, "SHOP"), self.articles)

    def may_stamp(self, receipt: ReceiptIn) -> bool:
        """Tell whether a receipt sells something that a stamp card counts."""
        return bool(self.stamped) and any(
            line.kind is LineKind.PURCHASE
            and _fits(
                self.stamped,
                line.sku,
                line.article_group,
                self.articles.get(line.sku, ("", "")),
            )
            for line in receipt.lines
        )


_SOMEBODY = Buyer(0, "ACTIVE")
# What goes from the process that prepares to the one that writes.
pickle_quickly(
    *(ReceiptIn, ContactIn, PaymentIn, TaxIn, Prepared, Outcome, EarningRule)
)


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
        receipt=replace(receipt, lines=()),
        has_returns=any(line.kind is LineKind.RETURN for line in receipt.lines),
        # Somebody's day would count it.
        buys=bool(verdict.counts),
        is_personal=rule is not None and is_personal(rule),
        stamps=book.may_stamp(receipt),
        outcome=outcome_of(verdict, rule),
        index=index,
        content_hash=content_hash(receipt, index, lines),
        payments=payments_text(receipt),
        taxes=taxes_text(receipt),
        lines=lines,
    )


def is_personal(rule: EarningRule) -> bool:
    """Tell whether receipts of a member must be recorded one after the other."""
    return rule.terms.asks_about_member or idle_months(rule) is not None


@lru_cache(maxsize=50_000)
def _fits(
    stamped: tuple[Goods, ...], sku: str, group: str, article: tuple[str, str]
) -> bool:
    category, brand = article
    line = engine.Line(Decimal(0), sku=sku, group=group, category=category, brand=brand)
    return any(engine.fits(goods, line) for goods in stamped)


def outcome_of(verdict: Verdict, rule: EarningRule | None) -> Outcome:
    """Return what of a verdict is written."""
    lines = []
    rate, text = None, ""
    for points, line, given in zip(
        verdict.line_points, verdict.lines, verdict.by_voucher, strict=True
    ):
        # Nearly always the same one as of the line before.
        if line.rate is not rate:
            rate, text = line.rate, str(line.rate)
        keys = array_of(line.multipliers) if line.multipliers else "{}"
        counts = "t" if line.is_eligible else "f"
        lines.append(f"{points}\t{counts}\t{text}\t{keys}\t{given!s}")
    return Outcome(
        verdict.reason,
        rule,
        verdict.eligible,
        verdict.exact,
        verdict.points,
        verdict.return_eligible,
        lines,
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
    _counts: list[tuple[int, date, Decimal, int, int]] = field(default_factory=list)
    _expiries: dict[tuple[date, int], str] = field(default_factory=dict)
    _posted: str = field(init=False)

    def __post_init__(self) -> None:
        self._posted = self.now.isoformat()

    def add(
        self,
        prepared: Prepared,
        outcome: Outcome,
        *,
        member: int | None,
        is_counted: bool,
        tier: str,
        shop: Shop,
        receipt_id: int,
        public_ids: tuple[str, str, str],
    ) -> None:
        """Add a receipt with its lines, its earning, its event and its day.

        `public_ids` are those of the receipt, the earning and the event.
        """
        public_id, entry_id, event_id = public_ids
        receipt, rule = prepared.receipt, outcome.rule
        at = receipt.purchased_at.isoformat()
        day = local_day(receipt.purchased_at, self.club.zone)
        if outcome.points and rule is not None and member is not None:
            begins = receipt.purchased_at
            if rule.terms.pending_days:
                begins = active_from(begins, rule, self.club.zone)
            self.earnings.add(
                member=member,
                points=outcome.points,
                at=at,
                key=f"receipt:{public_id}",
                rule=rule.id,
                source=("receipt", public_id),
                public_id=entry_id,
                expires_at=self._expiry(receipt.purchased_at, day, rule),
                active_from="" if begins is receipt.purchased_at else str(begins),
                is_pending=begins > self.now,
            )
        if is_counted and member is not None:
            spend = in_own_currency(
                outcome.eligible, receipt.currency, club=self.club, rule=rule
            )
            # As in rules.earning.counts_of.
            self._counts.append((member, day, spend, 1, outcome.points))
        self._receipts.append(
            self._receipt(
                prepared, outcome, member, tier, shop, receipt_id, public_id, at
            )
        )
        owner = _or_null(member)
        self._lines += [
            f"{receipt_id}\t{owner}\t{gave}\t{line}"
            for gave, line in zip(outcome.lines, prepared.lines, strict=True)
        ]
        if member is not None:
            self._events.append(
                f"{event_id}\t{member}\t{kinds.ACCEPTED}\t{at}\t"
                f"{self._posted}\t{self._told(receipt, outcome, shop)}\t"
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
        if self._counts:
            with connection.cursor() as cursor:
                cursor.execute(
                    _COUNT, [list(each) for each in zip(*self._counts, strict=True)]
                )

    def _expiry(self, moment: datetime, day: date, rule: EarningRule) -> str:
        """Return when points of a moment expire: the same for the whole day."""
        if (day, rule.id) not in self._expiries:
            expires = expires_at(moment, rule, self.club.zone)
            self._expiries[day, rule.id] = expires.isoformat() if expires else NULL
        return self._expiries[day, rule.id]

    def _told(self, receipt: ReceiptIn, outcome: Outcome, shop: Shop) -> str:
        """Return what the event says, as in records.events_of."""
        return (
            f'{{"total": "{receipt.total!s}", "currency": {quoted(receipt.currency)}, '
            f'"points": {outcome.points}, "reversed": 0, '
            f'"store_name": {quoted(shop.name)}}}'
        )

    def _receipt(
        self,
        prepared: Prepared,
        outcome: Outcome,
        member: int | None,
        tier: str,
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
            and outcome.reason is NoPoints.MEMBER_UNKNOWN
        )
        index = bytes_of(prepared.index or b"") if is_claimable else NULL
        balance = NULL if member is None else self.earnings.balance(member)
        return (
            f"{receipt_id}\t{public_id}\t{self.club.programme_id}\t{shop.id}\t"
            f"{escaped(receipt.till_code)}\t{escaped(receipt.unique_receipt_id)}\t"
            f"{escaped(receipt.receipt_number)}\t{_or_null(member)}\t{index}\t{at}\t"
            f"{receipt.business_on!s}\t{receipt.currency}\t{receipt.total!s}\t"
            f"{prepared.payments}\t{prepared.taxes}\t"
            f"{outcome.rule.id if outcome.rule else NULL}\t"
            f"{outcome.eligible!s}\t{outcome.exact!s}\t{outcome.points}\t0\t0\t"
            f"{tier}\t"
            f"{outcome.reason.value if outcome.reason else ''}\t{balance}\t\t"
            f"{outcome.return_eligible!s}\t0\t{self.source}\t"
            f"{bytes_of(prepared.content_hash)}\t{self._posted}\n"
        )


def _or_null(value: int | None) -> str:
    return NULL if value is None else str(value)
