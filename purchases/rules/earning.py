"""What the lines of a receipt earn: the engine's question and answer."""

from collections.abc import Sequence
from decimal import Decimal

from points import rules as points_rules
from points.programme import engine
from points.rules import EarningRule
from purchases.rules import tender
from purchases.rules.receipts import Club, LineIn, LineKind, ReceiptIn
from purchases.rules.verdicts import Buyer, Count, Earned, NoPoints, Shelf

_NOTHING = Decimal("0.00")
_OERE = Decimal("0.01")
NO_POINTS = Earned(False, _NOTHING, _NOTHING, _NOTHING)


def earned(
    receipt: ReceiptIn,
    kind: LineKind,
    *,
    club: Club,
    buyer: Buyer | None,
    rule: EarningRule | None,
    shelf: Shelf,
) -> list[Earned]:
    """Return what the lines of a kind earn; every other line gives nothing."""
    by_voucher = tender.paid_by_vouchers(receipt)
    if rule is None:
        return [
            _without_rule(line, given) if line.kind is kind else NO_POINTS
            for line, given in zip(receipt.lines, by_voucher, strict=True)
        ]
    if engine.is_plain(rule):
        per_unit = rule.points_per_unit
        if receipt.currency != club.currency:
            other = rule.terms.currencies.get(receipt.currency)
            per_unit = other.points_per_unit if other else _NOTHING
        return [
            _plain(line, given, per_unit, rule) if line.kind is kind else NO_POINTS
            for line, given in zip(receipt.lines, by_voucher, strict=True)
        ]
    purchase = purchase_of(receipt, club=club, buyer=buyer, shelf=shelf)
    chosen = [
        engine.less_voucher(engine_line(line, shelf), given)
        for line, given in zip(receipt.lines, by_voucher, strict=True)
        if line.kind is kind
    ]
    found = iter(engine.evaluate(rule, purchase, chosen).lines)
    return [
        _from_engine(next(found)) if line.kind is kind else NO_POINTS
        for line in receipt.lines
    ]


def purchase_of(
    receipt: ReceiptIn, *, club: Club, buyer: Buyer | None, shelf: Shelf
) -> engine.Purchase:
    """Return a receipt as the engine asks for it."""
    earns = buyer is not None and buyer.earns
    return engine.Purchase(
        at=receipt.purchased_at.astimezone(club.zone),
        currency=receipt.currency,
        is_own_currency=receipt.currency == club.currency,
        store=receipt.store_code,
        channel=shelf.channel,
        tier=buyer.tier if buyer and earns else None,
        is_first=bool(buyer and earns and buyer.is_first),
        born_on=buyer.born_on if buyer and earns else None,
    )


def engine_line(line: LineIn, shelf: Shelf) -> engine.Line:
    """Return a line as the engine asks for it."""
    category, brand = shelf.articles.get(line.sku, ("", ""))
    return engine.Line(
        paid=line.gross_paid,
        tax=line.tax_amount,
        discount=discount_of(line),
        sku=line.sku,
        group=line.article_group,
        category=category,
        brand=brand,
        awards_bonus=line.awards_bonus,
        tax_percent=line.tax_percent,
    )


def discount_of(line: LineIn) -> Decimal:
    """Return what was taken off a line; tills write it with either sign."""
    return sum((abs(each.value) for each in line.discounts), _NOTHING)


def money_of(lines: Sequence[Earned]) -> Decimal:
    """Return the money that counts, in whole öre."""
    money = _NOTHING
    for each in lines:
        money += each.amount
    return money.quantize(_OERE)


def exact_of(lines: Sequence[Earned]) -> Decimal:
    """Return the points of lines before rounding."""
    exact = _NOTHING
    for each in lines:
        exact += each.exact
    return engine.in_millionths(exact)


def why_nothing(
    receipt: ReceiptIn,
    *,
    club: Club,
    buyer: Buyer | None,
    rule: EarningRule | None,
    eligible: Decimal,
) -> NoPoints | None:
    """Return why a receipt gives no points whatever it costs, or None."""
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
    if receipt.currency != club.currency and (
        receipt.currency not in rule.terms.currencies
    ):
        return NoPoints.OTHER_CURRENCY
    return NoPoints.NOTHING_EARNS if eligible <= 0 else None


def counts_of(
    receipt: ReceiptIn,
    *,
    club: Club,
    member_id: int,
    rule: EarningRule | None,
    eligible: Decimal,
    points: int,
) -> tuple[Count, ...]:
    """Return what a purchase counts for the tiers: money, points and a visit."""
    if not any(line.kind is LineKind.PURCHASE for line in receipt.lines):
        return ()
    spend = in_own_currency(eligible, receipt.currency, club=club, rule=rule)
    return (Count(member_id, receipt.purchased_at, spend, 1, points),)


def in_own_currency(
    money: Decimal, currency: str, *, club: Club, rule: EarningRule | None
) -> Decimal:
    """Return money in the programme's currency, as the rule weighs the two.

    What earns 11 times as much is worth 11 times as much; what earns nothing, nothing.
    """
    if currency == club.currency:
        return money
    other = rule.terms.currencies.get(currency) if rule else None
    if other is None or rule is None:
        return _NOTHING
    weighed = money * other.points_per_unit / rule.points_per_unit
    return weighed.quantize(_OERE)


def _without_rule(line: LineIn, by_voucher: Decimal) -> Earned:
    """Return a line that no rule was there for: it may count when it is claimed."""
    if not points_rules.earns(
        awards_bonus=line.awards_bonus, article_group=line.article_group, rule=None
    ):
        return NO_POINTS
    return Earned(True, line.gross_paid - by_voucher, _NOTHING, _NOTHING)


def _plain(
    line: LineIn, by_voucher: Decimal, per_unit: Decimal, rule: EarningRule
) -> Earned:
    if not per_unit or not points_rules.earns(
        awards_bonus=line.awards_bonus, article_group=line.article_group, rule=rule
    ):
        return NO_POINTS
    paid = line.gross_paid - by_voucher
    return Earned(True, paid, per_unit, paid * per_unit)


def _from_engine(found: engine.LineResult) -> Earned:
    if found.why_nothing is not None:
        return NO_POINTS
    return Earned(
        is_eligible=True,
        amount=found.amount,
        rate=found.rate,
        exact=found.exact,
        multipliers=found.applied,
    )
