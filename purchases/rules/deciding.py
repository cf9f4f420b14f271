"""What a receipt means for points: pure decisions, no database.

The same `decide` runs behind the API, in the loader and when a receipt is claimed.
"""

from collections.abc import Sequence
from decimal import Decimal

from points import rules as points_rules
from points.programme import engine
from points.rules import EarningRule
from purchases.rules import earning, giving_back, returns, tender
from purchases.rules.receipts import Club, LineIn, LineKind, ReceiptIn
from purchases.rules.returns import Back, Bought
from purchases.rules.verdicts import (
    Buyer,
    Claim,
    Count,
    Earned,
    GivenBack,
    NoPoints,
    Original,
    Shelf,
    Verdict,
)

_NOTHING = Decimal("0.00")
NO_SHELF = Shelf()


def decide(
    receipt: ReceiptIn,
    *,
    club: Club,
    buyer: Buyer | None,
    rule: EarningRule | None,
    original: Original | None = None,
    shelf: Shelf = NO_SHELF,
) -> Verdict:
    """Decide what a receipt earns and what its return lines take back.

    Purchases earn for the buyer by the rule in force; returns of a known purchase are
    taken from the member who bought, at the rates that its lines have kept; returns of
    an unknown one from the buyer, by the rule in force; returns of a purchase that has
    not come in yet wait for it.
    """
    # Who has left is not followed any more: the receipt stays without a member.
    member = buyer if buyer is not None and buyer.status != "LEFT" else None
    lines = earning.earned(
        receipt, LineKind.PURCHASE, club=club, buyer=buyer, rule=rule, shelf=shelf
    )
    eligible, exact = earning.money_of(lines), earning.exact_of(lines)
    reason = earning.why_nothing(
        receipt, club=club, buyer=buyer, rule=rule, eligible=eligible
    )
    points = 0
    if reason is None and rule is not None:
        points = engine.whole(exact, rule.terms.rounding)
        if points == 0:
            reason = NoPoints.NOTHING_EARNS
    if reason in {NoPoints.MEMBER_BLOCKED, NoPoints.MEMBER_LEFT}:
        # Nothing can be claimed later for one who was known and may not earn.
        eligible, exact = _NOTHING, _NOTHING
        lines = [_earning_nothing(each) for each in lines]
    line_points = points_rules.shares(points, [each.exact for each in lines])
    counts: tuple[Count, ...] = ()
    if member is not None and member.earns:
        counts = earning.counts_of(
            receipt,
            club=club,
            member_id=member.id,
            rule=rule,
            eligible=eligible,
            points=points,
        )
    back = _given_back(
        receipt, club=club, member=member, rule=rule, original=original, shelf=shelf
    )
    if back is not None:
        lines = [
            theirs if line.kind is LineKind.RETURN else ours
            for line, ours, theirs in zip(receipt.lines, lines, back.lines, strict=True)
        ]
        if back.reversal is not None:
            taken = points_rules.shares(
                -back.reversal.points, [each.exact for each in back.lines]
            )
            line_points = list(map(sum, zip(line_points, taken, strict=True)))
    return Verdict(
        member_id=member.id if member else None,
        reason=reason,
        rule_id=rule.id if rule else None,
        eligible=eligible,
        exact=exact,
        points=points,
        return_eligible=back.eligible if back else _NOTHING,
        reversal=back.reversal if back else None,
        returned_eligible=back.returned_eligible if back else None,
        returned_exact=back.returned_exact if back else None,
        counts=counts + (back.counts if back else ()),
        lines=tuple(lines),
        line_points=tuple(line_points),
        by_voucher=tender.paid_by_vouchers(receipt),
    )


def settle(
    original: Original, *, lines: Sequence[LineIn], currency: str, club: Club
) -> GivenBack:
    """Decide what a return takes whose purchase has come in after it."""
    return giving_back.linked(original, lines, currency=currency, club=club)


def claim(
    receipt: ReceiptIn,
    *,
    club: Club,
    buyer: Buyer,
    rule: EarningRule | None,
    came_back: Sequence[Back],
    shelf: Shelf,
) -> Claim:
    """Decide what a claimed receipt gives: as if bought without what came back."""
    lines = earning.earned(
        receipt, LineKind.PURCHASE, club=club, buyer=buyer, rule=rule, shelf=shelf
    )
    eligible, exact = earning.money_of(lines), earning.exact_of(lines)
    kept = returns.kept(bought_of(receipt.lines, lines), came_back)
    points = engine.whole(kept.exact, rule.terms.rounding) if rule else 0
    spend = earning.in_own_currency(
        kept.eligible, receipt.currency, club=club, rule=rule
    )
    return Claim(
        eligible=eligible,
        exact=exact,
        returned_eligible=eligible - kept.eligible,
        returned_exact=exact - kept.exact,
        points=points,
        spend=spend,
        visits=0 if kept.is_nothing else 1,
        lines=tuple(lines),
        line_points=tuple(points_rules.shares(points, [each.exact for each in lines])),
        by_voucher=tender.paid_by_vouchers(receipt),
    )


def bought_of(lines: Sequence[LineIn], earned: Sequence[Earned]) -> list[Bought]:
    """Return the purchase lines as returns look for them."""
    return [
        Bought(
            number=line.number,
            sku=line.sku,
            paid=line.gross_paid,
            quantity=line.quantity,
            amount=each.amount,
            rate=each.rate,
        )
        for line, each in zip(lines, earned, strict=True)
        if line.kind is LineKind.PURCHASE
    ]


def _given_back(
    receipt: ReceiptIn,
    *,
    club: Club,
    member: Buyer | None,
    rule: EarningRule | None,
    original: Original | None,
    shelf: Shelf,
) -> GivenBack | None:
    if not any(line.kind is LineKind.RETURN for line in receipt.lines):
        return None
    if original is not None:
        return giving_back.linked(
            original, receipt.lines, currency=receipt.currency, club=club
        )
    if receipt.original_unique_id:
        return giving_back.waiting(receipt.lines)
    return giving_back.unlinked(
        receipt, club=club, buyer=member, rule=rule, shelf=shelf
    )


def _earning_nothing(line: Earned) -> Earned:
    return Earned(line.is_eligible, line.amount, _NOTHING, _NOTHING)
