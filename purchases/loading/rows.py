"""The rows of a load as COPY takes them: receipts, lines, earnings and events."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.db import connection

from common.copying import NULL, bytes_of, copy_rows, escaped, unchecked
from common.periods import local_day
from offers.vouchers.bulk import Bought, Steps, Turning
from points.bulk import Earnings
from points.rules import EarningRule, active_from, expires_at
from purchases import kinds
from purchases.content import LINE, quoted
from purchases.loading.prepared import Outcome, Prepared
from purchases.rules import Club, ContactKind, NoPoints, ReceiptIn, in_own_currency

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


@dataclass(frozen=True, slots=True)
class Shop:
    """A store as receipts need it."""

    id: int
    name: str


@dataclass(slots=True)
class Rows:
    """The rows of one transaction: receipts, lines, earnings and events."""

    club: Club
    source: str
    now: datetime
    earnings: Earnings
    steps: Steps
    turning: Turning = field(init=False)
    _receipts: list[str] = field(default_factory=list)
    _lines: list[str] = field(default_factory=list)
    _events: list[str] = field(default_factory=list)
    _counts: list[tuple[int, date, Decimal, int, int]] = field(default_factory=list)
    _expiries: dict[tuple[date, int], tuple[datetime | None, str]] = field(
        default_factory=dict
    )
    _posted: str = field(init=False)

    def __post_init__(self) -> None:
        self._posted = self.now.isoformat()
        self.turning = Turning(self.steps, self.earnings, self._events.append)

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
        bought: Bought | None,
    ) -> None:
        """Add a receipt with its lines, its earning, its event and its day.

        `public_ids` are those of the receipt, the earning and the event; `bought` is
        the purchase whose points are turned into vouchers here.
        """
        public_id, entry_id, event_id = public_ids
        receipt, rule = prepared.receipt, outcome.rule
        at = receipt.purchased_at.isoformat()
        day = local_day(receipt.purchased_at, self.club.zone)
        if outcome.points and rule is not None and member is not None:
            begins = receipt.purchased_at
            if rule.terms.pending_days:
                begins = active_from(begins, rule, self.club.zone)
            lapses_at, lapses_text = self.expiry(receipt.purchased_at, day, rule)
            self.earnings.add(
                member=member,
                points=outcome.points,
                at=at,
                key=f"receipt:{public_id}",
                rule=rule.id,
                source=("receipt", public_id),
                public_id=entry_id,
                expires_at=lapses_at,
                expires_text=lapses_text,
                active_from="" if begins is receipt.purchased_at else str(begins),
                is_pending=begins > self.now,
            )
        if is_counted and member is not None:
            spend = in_own_currency(
                outcome.eligible, receipt.currency, club=self.club, rule=rule
            )
            # As in rules.earning.counts_of.
            self._counts.append((member, day, spend, 1, outcome.points))
        if member is not None:
            self._events.append(
                f"{event_id}\t{member}\t{kinds.ACCEPTED}\t{at}\t"
                f"{self._posted}\t{self._told(receipt, outcome, shop)}\t"
                f"receipt\t{public_id}\n"
            )
        if bought is not None:
            self.turning.turn(bought)
        self._receipts.append(
            self._receipt(
                prepared, outcome, member, tier, shop, receipt_id, public_id, at
            )
        )
        if prepared.line_count:
            start = f"{receipt_id}\t{_or_null(member)}\t"
            rows = outcome.rows.replace("\n", f"\n{start}")
            self._lines.append(f"{start}{rows}\n")

    def write(self) -> None:
        """Write everything that was added.

        The caller has locked the members, stores and rules that the rows name.
        """
        with unchecked():
            copy_rows("purchases_receipt", _RECEIPT, self._receipts)
            copy_rows("purchases_receiptline", _LINE, self._lines)
            self.earnings.write()
            self.turning.write()
            copy_rows("members_event", _EVENT, self._events)
        if self._counts:
            with connection.cursor() as cursor:
                cursor.execute(
                    _COUNT, [list(each) for each in zip(*self._counts, strict=True)]
                )

    def expiry(
        self, moment: datetime, day: date, rule: EarningRule
    ) -> tuple[datetime | None, str]:
        """Return when points of a moment expire, also as COPY takes it.

        The same for the whole day.
        """
        if (day, rule.id) not in self._expiries:
            expires = expires_at(moment, rule, self.club.zone)
            text = expires.isoformat() if expires else NULL
            self._expiries[day, rule.id] = expires, text
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
