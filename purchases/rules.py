"""What a receipt is, and what it means for points: pure decisions, no database.

The same `decide` runs behind the API, in the loader and when a receipt is claimed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from points import rules as points_rules
from points.rules import EarningRule

# How long an anonymous receipt can be claimed. Not for ever: mobile numbers are given
# to other people after some months, and they must not get somebody else's purchases.
CLAIM_WITHIN = timedelta(days=60)

_NOTHING = Decimal("0.00")


class LineKind(StrEnum):
    """What a line does: sells, takes back, or only corrects the sum."""

    PURCHASE = "PURCHASE"
    RETURN = "RETURN"
    ADJUSTMENT = "ADJUSTMENT"


class ContactKind(StrEnum):
    """What a contact's key is, once it has been read."""

    PHONE = "phone"
    EMAIL = "email"
    NUMBER = "number"
    CARD = "card"
    ID = "id"
    EXTERNAL = "external"


def external_value(system: str, value: str) -> str:
    """Return another system's id as one value: neither part can hold a tab."""
    return f"{system}\t{value}"


class NoPoints(StrEnum):
    """Why a receipt gave no points; part of the answer to the till."""

    NO_CONTACT = "no_contact"
    MEMBER_UNKNOWN = "member_unknown"
    MEMBER_LEFT = "member_left"
    MEMBER_BLOCKED = "member_blocked"
    NO_RULE = "no_rule"
    NOTHING_EARNS = "nothing_earns"


@dataclass(frozen=True, slots=True)
class Club:
    """What of a programme a receipt is read by."""

    programme_id: int
    currency: str
    country: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class ContactIn:
    """Whom the till named: what the value is, and the value in its one form."""

    kind: ContactKind
    value: str


@dataclass(frozen=True, slots=True)
class DiscountIn:
    """A discount as the till describes it; kept for show."""

    value: Decimal
    kind: str
    description: str


# Not frozen, for a load makes millions of them, and setting frozen fields takes three
# times as long.
@dataclass(slots=True)
class LineIn:
    """One line as the till reports it."""

    number: int
    kind: LineKind
    sku: str
    article_number: str
    article_name: str
    article_group: str
    quantity: Decimal
    gross_paid: Decimal
    tax_amount: Decimal
    tax_percent: Decimal
    awards_bonus: bool
    discounts: tuple[DiscountIn, ...]
    original_number: int | None

    @property
    def amount(self) -> Decimal:
        """Return what the line adds to the receipt's total."""
        return -self.gross_paid if self.quantity < 0 else self.gross_paid


@dataclass(frozen=True, slots=True)
class PaymentIn:
    """One means of payment and what was paid with it."""

    kind: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class TaxIn:
    """The tax of one rate."""

    percent: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class ReceiptIn:
    """A receipt that was read and found sound."""

    unique_receipt_id: str
    receipt_number: str
    contact: ContactIn | None
    purchased_at: datetime
    business_on: date
    store_code: str
    till_code: str
    currency: str
    total: Decimal
    payments: tuple[PaymentIn, ...]
    taxes: tuple[TaxIn, ...]
    lines: tuple[LineIn, ...]
    original_unique_id: str


@dataclass(frozen=True, slots=True)
class Buyer:
    """The member a receipt belongs to, as far as points are concerned."""

    id: int
    status: str

    @property
    def earns(self) -> bool:
        """Tell whether purchases give this member points; waiting members' do too."""
        return self.status in {"ACTIVE", "PENDING"}


@dataclass(frozen=True, slots=True)
class Original:
    """The purchase that a return undoes, and what has come back of it before."""

    id: int
    member_id: int | None
    member_status: str
    rule: EarningRule | None
    entry_id: int | None
    eligible: Decimal
    points: int
    returned_eligible: Decimal
    returned_points: int
    expired: int
    lines_without_points: frozenset[int]


@dataclass(frozen=True, slots=True)
class Reversal:
    """Points that a return takes, from whom, and by which rule."""

    member_id: int
    points: int
    rule_id: int | None
    entry_id: int | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a receipt gives and takes, and why."""

    member_id: int | None
    reason: NoPoints | None
    rule_id: int | None
    eligible: Decimal
    points: int
    return_eligible: Decimal
    reversal: Reversal | None
    # The original's standing after this return; None when there is no original.
    original_returned: Decimal | None
    is_eligible: tuple[bool, ...]
    line_points: tuple[int, ...]


def decide(
    receipt: ReceiptIn,
    *,
    buyer: Buyer | None,
    rule: EarningRule | None,
    original: Original | None,
) -> Verdict:
    """Decide what a receipt earns and what its return lines take back.

    Purchases earn for the buyer by the rule in force; returns of a known purchase are
    taken from the member who bought, by that purchase's rule; returns of an unknown
    one from the buyer, by the rule in force; returns of a purchase that has not come
    in yet wait for it.
    """
    return_rule = original.rule if original else rule
    waits = bool(receipt.original_unique_id) and original is None
    eligibility = tuple(
        _line_counts(line, rule, None if waits else return_rule, original)
        for line in receipt.lines
    )
    bought = _weights(receipt.lines, eligibility, LineKind.PURCHASE)
    returned = _weights(receipt.lines, eligibility, LineKind.RETURN)
    eligible, return_eligible = sum(bought, _NOTHING), sum(returned, _NOTHING)

    # Who has left is not followed any more: the receipt stays without a member.
    stays = buyer is not None and buyer.status != "LEFT"
    reason = _why_nothing(receipt, buyer, rule, eligible)
    points = 0
    if reason is None and rule is not None:
        points = points_rules.points_for(eligible, rule)
        if points == 0:
            reason = NoPoints.NOTHING_EARNS
    blocked = reason in {NoPoints.MEMBER_BLOCKED, NoPoints.MEMBER_LEFT}

    reversal, original_returned = None, None
    if return_eligible > 0:
        if original is not None:
            reversal, original_returned = _linked(original, return_eligible)
        elif not waits and buyer is not None and stays and rule is not None:
            taken = points_rules.points_for(return_eligible, rule)
            if taken:
                reversal = Reversal(buyer.id, taken, rule.id, None)
    line_points = points_rules.shares(points, bought)
    if reversal is not None:
        taken_shares = points_rules.shares(-reversal.points, returned)
        line_points = list(map(sum, zip(line_points, taken_shares, strict=True)))
    return Verdict(
        member_id=buyer.id if buyer is not None and stays else None,
        reason=reason,
        rule_id=rule.id if rule else None,
        # Nothing can be claimed later for one who was known and may not earn.
        eligible=_NOTHING if blocked else eligible,
        points=points,
        return_eligible=return_eligible,
        reversal=reversal,
        original_returned=original_returned,
        is_eligible=eligibility,
        line_points=tuple(line_points),
    )


def settle(
    original: Original, *, lines: Sequence[LineIn]
) -> tuple[Reversal | None, Decimal | None]:
    """Decide what a return that came in before its purchase takes, now that it is here.

    Returns the reversal and how much of the purchase has come back in all.
    """
    eligibility = [_line_counts(line, None, original.rule, original) for line in lines]
    amount = sum(_weights(lines, eligibility, LineKind.RETURN), _NOTHING)
    return _linked(original, amount) if amount > 0 else (None, None)


def claimed_points(
    *, eligible: Decimal, returned: Decimal, rule: EarningRule | None
) -> int:
    """Return what a claimed receipt gives: as if bought without what came back."""
    return points_rules.points_for(eligible - returned, rule) if rule else 0


def content_sums_to(lines: Sequence[LineIn]) -> Decimal:
    """Return the total that the lines make."""
    return sum((line.amount for line in lines), _NOTHING)


def _why_nothing(
    receipt: ReceiptIn,
    buyer: Buyer | None,
    rule: EarningRule | None,
    eligible: Decimal,
) -> NoPoints | None:
    if receipt.contact is None:
        return NoPoints.NO_CONTACT
    if buyer is None:
        return NoPoints.MEMBER_UNKNOWN
    if buyer.status == "LEFT":
        return NoPoints.MEMBER_LEFT
    if not buyer.earns:
        return NoPoints.MEMBER_BLOCKED
    if rule is None:
        return NoPoints.NO_RULE
    return NoPoints.NOTHING_EARNS if eligible <= 0 else None


def _line_counts(
    line: LineIn,
    rule: EarningRule | None,
    return_rule: EarningRule | None,
    original: Original | None,
) -> bool:
    """Tell whether a line belongs to the sum that earns, or that is taken back."""
    if line.kind is LineKind.ADJUSTMENT:
        return False
    if line.kind is LineKind.PURCHASE:
        return points_rules.earns(
            awards_bonus=line.awards_bonus,
            article_group=line.article_group,
            rule=rule,
        )
    if (
        original is not None
        and line.original_number is not None
        and line.original_number in original.lines_without_points
    ):
        return False
    return points_rules.earns(
        awards_bonus=line.awards_bonus,
        article_group=line.article_group,
        rule=return_rule,
    )


def _weights(
    lines: Sequence[LineIn], eligibility: Sequence[bool], kind: LineKind
) -> list[Decimal]:
    return [
        line.gross_paid if counts and line.kind is kind else _NOTHING
        for line, counts in zip(lines, eligibility, strict=True)
    ]


def _linked(original: Original, amount: Decimal) -> tuple[Reversal | None, Decimal]:
    """Work out a return against its purchase; more than was bought counts as all."""
    returned = min(original.returned_eligible + amount, original.eligible)
    if original.rule is None or original.member_id is None:
        return None, returned
    taken = points_rules.points_to_take_back(
        kept=original.points - original.returned_points - original.expired,
        eligible=original.eligible,
        returned=returned,
        rule=original.rule,
    )
    if taken == 0:
        return None, returned
    return (
        Reversal(original.member_id, taken, original.rule.id, original.entry_id),
        returned,
    )
