"""What the return lines of a receipt take back."""

from collections.abc import Sequence
from decimal import Decimal

from points import rules as points_rules
from points.programme import engine
from points.rules import EarningRule
from purchases.rules import earning, returns
from purchases.rules.receipts import Club, LineIn, LineKind, ReceiptIn
from purchases.rules.returns import Back
from purchases.rules.verdicts import (
    Buyer,
    Count,
    Earned,
    GivenBack,
    Original,
    Reversal,
    Shelf,
)

_NOTHING = Decimal("0.00")
_MILLIONTH = Decimal("0.000001")


def linked(
    original: Original, lines: Sequence[LineIn], *, currency: str, club: Club
) -> GivenBack:
    """Return what comes back of a purchase that is known.

    What is asked is what the member still has of the purchase's points (earned, less
    asked before, less expired) over what the goods that are kept would have earned.
    """
    before = returns.kept(original.lines, original.came_back)
    earned: list[Earned] = []
    back = list(original.came_back)
    now = before
    for line in lines:
        if line.kind is not LineKind.RETURN:
            earned.append(earning.NO_POINTS)
            continue
        back.append(back_of(line, is_same=currency == original.currency))
        after = returns.kept(original.lines, back)
        earned.append(_difference(line, now, after))
        now = after
    points = _asked(original, now)
    gone = before.eligible - now.eligible
    return GivenBack(
        lines=earned,
        eligible=gone,
        reversal=_reversal(original, points),
        returned_eligible=original.eligible - now.eligible,
        returned_exact=original.exact - now.exact,
        counts=_count(original, gone, points, before, now, club),
    )


def unlinked(
    receipt: ReceiptIn,
    *,
    club: Club,
    buyer: Buyer | None,
    rule: EarningRule | None,
    shelf: Shelf,
) -> GivenBack:
    """Return what comes back of nobody knows which purchase: what it earns today."""
    lines = earning.earned(
        receipt, LineKind.RETURN, club=club, buyer=buyer, rule=rule, shelf=shelf
    )
    eligible = earning.money_of(lines)
    if buyer is None or rule is None:
        return GivenBack(lines, eligible)
    points = engine.whole(earning.exact_of(lines), rule.terms.rounding)
    if not points:
        return GivenBack(lines, eligible)
    spend = earning.in_own_currency(eligible, receipt.currency, club=club, rule=rule)
    return GivenBack(
        lines=lines,
        eligible=eligible,
        reversal=Reversal(buyer.id, points, rule.id, None, rule.terms.returns),
        counts=(Count(buyer.id, receipt.purchased_at, -spend, 0, -points),),
    )


def waiting(lines: Sequence[LineIn]) -> GivenBack:
    """Return the returns of a purchase that is on its way: they take nothing yet."""
    found = [
        Earned(True, line.gross_paid, _NOTHING, _NOTHING)
        if line.kind is LineKind.RETURN
        and points_rules.earns(
            awards_bonus=line.awards_bonus, article_group=line.article_group, rule=None
        )
        else earning.NO_POINTS
        for line in lines
    ]
    return GivenBack(found, earning.money_of(found))


def back_of(line: LineIn, *, is_same: bool) -> Back:
    """Return a line as what came back; `is_same` is of the purchase's currency."""
    return Back(
        original_number=line.original_number,
        sku=line.sku,
        quantity=abs(line.quantity),
        paid=line.gross_paid if is_same else None,
    )


def _difference(line: LineIn, before: returns.Kept, after: returns.Kept) -> Earned:
    exact = before.exact - after.exact
    rate = exact / line.gross_paid if line.gross_paid else _NOTHING
    return Earned(
        is_eligible=before.eligible != after.eligible,
        amount=before.eligible - after.eligible,
        rate=rate.quantize(_MILLIONTH),
        exact=exact,
    )


def _asked(original: Original, now: returns.Kept) -> int:
    if original.rule is None or original.member_id is None:
        return 0
    had = original.points - original.returned_points - original.expired
    return max(had - engine.whole(now.exact, original.rule.terms.rounding), 0)


def _reversal(original: Original, points: int) -> Reversal | None:
    if not points or original.member_id is None or original.rule is None:
        return None
    return Reversal(
        original.member_id,
        points,
        original.rule.id,
        original.entry_id,
        original.rule.terms.returns,
    )


def _count(
    original: Original,
    gone: Decimal,
    points: int,
    before: returns.Kept,
    now: returns.Kept,
    club: Club,
) -> tuple[Count, ...]:
    """Return what the day of the purchase loses; the visit, when nothing is kept."""
    if original.member_id is None or not original.is_counted:
        return ()
    visits = 1 if now.is_nothing and not before.is_nothing else 0
    spend = earning.in_own_currency(
        gone, original.currency, club=club, rule=original.rule
    )
    if not (spend or visits or points):
        return ()
    return (Count(original.member_id, original.purchased_at, -spend, -visits, -points),)
